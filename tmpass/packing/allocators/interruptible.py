"""Ctrl-C for external solvers, which do not handle it. They are stopped so that what they found is kept."""

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_POLL_SECONDS = 0.05
"""The time between two checks whether the solver has ended."""


def run(solve: Callable[[], T], stop: Callable[[], object]) -> tuple[T, bool]:
    """The result of `solve`, and whether Ctrl-C ended it early, by a call of `stop`.

    Only the main thread sees Ctrl-C. So `solve` runs in a thread of its own there, and must release the GIL. `stop` is
    called until `solve` has ended, since the first call may come before the solver has started.
    """
    if threading.current_thread() is not threading.main_thread():
        return solve(), False
    answers: list[T] = []
    faults: list[BaseException] = []
    ended = threading.Event()  # after Ctrl-C, Thread.join() may return while the thread still runs

    def work() -> None:
        try:
            answers.append(solve())
        except BaseException as fault:  # raised again in the main thread
            faults.append(fault)
        finally:
            ended.set()

    threading.Thread(target=work, daemon=True).start()
    interrupted = False
    while not ended.is_set():
        try:
            ended.wait(_POLL_SECONDS)
            if interrupted:
                stop()
        except KeyboardInterrupt:
            interrupted = True
            stop()
    if faults:
        raise faults[0]
    return answers[0], interrupted
