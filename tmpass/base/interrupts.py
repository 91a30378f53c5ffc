"""Ctrl-C on the command line: it ends the process at once, except in a search that keeps its best answer.

    outside of these           the process ends with 130, its children and unfinished files go with it
    with interrupts.caught()   KeyboardInterrupt, as everywhere in Python: who searches catches it, once
    with interrupts.held()     Ctrl-C waits: files are put in their places, all or none

A library must not decide about signals: nothing here has an effect until the command line calls `install`.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

EXIT_CODE = 130
"""128 + SIGINT, as shells have it."""

children: set[int] = set()
"""Processes that must not outlive this one."""

unfinished: set[str] = set()
"""Files that are being written under a name of their own."""

farewell: list[bytes] = []
"""What a terminal still has to be told, such as to show its cursor."""


_LOOKS, _LOOK = 25, 0.002
"""How often it is looked whether a killed child has gone, and seconds between."""


class _State:
    """What Ctrl-C does now. `answered` and `hold` tell who watches from outside, which a C function cannot block."""

    installed = watched = False
    caught = held = 0
    seen = waiting = False
    answered: Callable[[], object] = staticmethod(lambda: None)
    hold: Callable[[bool], object] = staticmethod(lambda _on: None)


def install() -> None:
    """Let Ctrl-C end this process as the module says; where it is ignored, as behind nohup, it stays so."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _on_interrupt)
        _State.installed = True


def installed() -> bool:
    """Whether `install` has changed what Ctrl-C does."""
    return _State.installed


def watched() -> bool:
    """Whether `watched_by` was called."""
    return _State.watched


def watched_by(answered: Callable[[], object], hold: Callable[[bool], object]) -> None:
    """Call `answered` for each Ctrl-C that Python has seen, and `hold` around what must not be cut."""
    _State.watched = True
    _State.answered, _State.hold = staticmethod(answered), staticmethod(hold)


@contextmanager
def caught() -> Iterator[None]:
    """While the block runs, the first Ctrl-C raises KeyboardInterrupt: the block, or who called it, expects it."""
    _State.caught += 1
    try:
        yield
    finally:
        _State.caught -= 1


@contextmanager
def held() -> Iterator[None]:
    """While the block runs, which must be short, Ctrl-C waits for its end."""
    _State.hold(True)
    _State.held += 1
    try:
        yield
    finally:
        _State.held -= 1
        _State.hold(False)
        if _State.waiting and not _State.held:
            leave()


def leave() -> None:
    """End the process as after Ctrl-C."""
    for child in children:
        with suppress(OSError):
            os.kill(child, getattr(signal, "SIGKILL", signal.SIGTERM))
    for child in children:
        with suppress(OSError):
            for _ in range(_LOOKS):
                if os.waitpid(child, os.WNOHANG)[0]:
                    break
                time.sleep(_LOOK)
    for path in unfinished:
        with suppress(OSError):
            os.unlink(path)
    with suppress(OSError):
        os.write(2, b"".join(farewell) + b"tmpass: interrupted\n")
    os._exit(EXIT_CODE)


def _on_interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    _State.answered()
    if _State.held:
        _State.waiting = True
    elif _State.caught and not _State.seen:
        _State.seen = True
        raise KeyboardInterrupt
    else:
        leave()
