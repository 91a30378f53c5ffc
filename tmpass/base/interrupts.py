"""Ctrl-C on the command line. It ends the process at once, except in a search that keeps its best answer.

    outside of these           the process ends with 130; its children and unfinished files are removed
    with interrupts.caught()   the first Ctrl-C raises KeyboardInterrupt, which the search catches
    with interrupts.held()     Ctrl-C waits: files are put in their places, all or none

A library must not decide about signals. So nothing here has an effect until the command line calls `install`.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

EXIT_CODE = 130
"""128 + SIGINT, as in shells."""

children: set[int] = set()
"""Process ids of children that must not outlive this process."""

unfinished: set[str] = set()
"""Temporary files that are being written; each is renamed when it is complete."""

farewell: list[bytes] = []
"""Escape sequences for the terminal before the process ends, such as the one that shows the cursor."""


_WAITS, _WAIT_SECONDS = 25, 0.002
"""How many times a killed child is waited for, and the seconds between two of them."""


class _State:
    """What Ctrl-C does now.

    `answered` and `hold` inform a watcher outside this thread, which can act while a C function blocks Python.
    """

    installed = watched = False
    caught = held = 0
    seen = waiting = False
    answered: Callable[[], object] = staticmethod(lambda: None)
    hold: Callable[[bool], object] = staticmethod(lambda _on: None)


def install() -> None:
    """Let Ctrl-C end this process as the module says.

    Where the signal is ignored, as under nohup, it stays ignored.
    """
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
    """Register a watcher of Ctrl-C.

    Args:
        answered: is called for each Ctrl-C that Python has seen.
        hold: is called with True before a block that must not be cut, and with False after it.
    """
    _State.watched = True
    _State.answered, _State.hold = staticmethod(answered), staticmethod(hold)


@contextmanager
def caught() -> Iterator[None]:
    """While the block runs, the first Ctrl-C raises KeyboardInterrupt, which the block or its caller expects."""
    _State.caught += 1
    try:
        yield
    finally:
        _State.caught -= 1


@contextmanager
def held() -> Iterator[None]:
    """While the block runs, Ctrl-C waits for its end. The block must be short."""
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
    """End the process as Ctrl-C does: kill children, remove unfinished files, exit with EXIT_CODE."""
    ended = tuple(children)  # other threads may add to the set
    for child in ended:
        with suppress(OSError):
            os.kill(child, getattr(signal, "SIGKILL", signal.SIGTERM))
    for child in ended:
        with suppress(OSError):
            for _ in range(_WAITS):
                if os.waitpid(child, os.WNOHANG)[0]:
                    break
                time.sleep(_WAIT_SECONDS)
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
