"""Solvers of other people, which know nothing of Ctrl-C in Python, stopped by it so that what they found is kept."""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_LOOK = 0.05
"""Seconds between two looks whether the solver has ended."""


def run(solve: Callable[[], T], stop: Callable[[], object]) -> tuple[T, bool]:
    """What `solve` returns, and whether Ctrl-C ended it early, through `stop`.

    Only the main thread sees Ctrl-C: there `solve` runs in a thread of its own and must release the GIL. `stop` is
    called until it has ended, since it may come before there is anything to stop.
    """
    if threading.current_thread() is not threading.main_thread():
        return solve(), False
    answers: list[T] = []
    faults: list[BaseException] = []
    ended = threading.Event()  # Thread.join() may forget that the thread still runs when Ctrl-C comes

    def work() -> None:
        try:
            answers.append(solve())
        except BaseException as fault:  # raised again where it can be seen
            faults.append(fault)
        finally:
            ended.set()

    threading.Thread(target=work, daemon=True).start()
    interrupted = False
    while not ended.is_set():
        try:
            ended.wait(_LOOK)
            if interrupted:
                stop()
        except KeyboardInterrupt:
            interrupted = True
            stop()
    if faults:
        raise faults[0]
    return answers[0], interrupted
