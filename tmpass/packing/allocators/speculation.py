"""Answers of a kernel, of which the next ones are worked out while one is waited for.

    asked       |-- question 1 --|-- question 2 --|          the answer to 1 decides what comes next; while it is
    foreseen         |-- question 2 --|-- 3 --|              worked out, what comes if it remains open is tried

What is asked, and in which order its answers count, is the same whatever is foreseen. A wrong guess is cancelled.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import NamedTuple

import tmpass._core as _core


class Question(NamedTuple):
    """Is there a packing within `capacity` bytes? At most `limit` nodes may tell, with choices shaken by `seed`."""

    capacity: int
    limit: int
    seed: int


class Answer(NamedTuple):
    """0 found, 1 impossible or 2 budget ended; the offsets where found; and the nodes spent."""

    verdict: int
    offsets: list[int]
    nodes: int


FOUND, IMPOSSIBLE, ENDED = 0, 1, 2

Kernel = Callable[[Question, _core.Cancel | None], tuple[int, list[int], int]]


class Foresight:
    """A kernel in as many threads as are given; with one, it runs where it is asked."""

    def __init__(self, kernel: Kernel, threads: int) -> None:
        self._kernel = kernel
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads) if threads > 1 else None
        self._running: dict[Question, tuple[Future[tuple[int, list[int], int]], _core.Cancel]] = {}

    def ask(self, question: Question, coming: Sequence[Question]) -> Answer:
        """The answer to `question`; those `coming` are begun. Raises what the kernel raises."""
        if self._pool is None:
            return Answer(*self._kernel(question, None))
        wanted = (question, *coming)[: self._threads]
        for other in [other for other in self._running if other not in wanted]:
            self._running.pop(other)[1].cancel()
        for each in wanted:
            if each not in self._running:
                cancel = _core.Cancel()
                self._running[each] = self._pool.submit(self._kernel, each, cancel), cancel
        answer = Answer(*self._running[question][0].result())
        del self._running[question]
        return answer

    def __enter__(self) -> "Foresight":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _, cancel in self._running.values():
            cancel.cancel()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
