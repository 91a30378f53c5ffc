"""Speculation: threads work on questions that will probably come next, while one answer is waited for.

    asked         |-- question 1 --|-- question 2 --|       The answer to 1 decides what is asked next. Meanwhile, the
    speculated         |-- question 2 --|-- 3 --|           questions that follow if it stays undecided are begun.

Which questions are asked, and the order in which answers count, do not depend on speculation. A wrong guess is
cancelled.
"""

from collections.abc import Callable, Sequence
from enum import IntEnum
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

import tmpass._core as _core

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor


class Question(NamedTuple):
    """Whether there is a packing within `capacity` bytes.

    The kernel may take `limit` nodes; `seed` varies its choices.
    """

    capacity: int
    limit: int
    seed: int


class Verdict(IntEnum):
    """The answer to a question, with the numbers of the kernels. ENDED: the limit was spent first."""

    FOUND = 0
    IMPOSSIBLE = 1
    ENDED = 2


class Answer(NamedTuple):
    """A verdict, the offsets if it is FOUND, and the nodes that it took."""

    verdict: int
    offsets: list[int]
    nodes: int


Kernel = Callable[[Question, _core.Cancel | None], tuple[int, list[int], int]]
"""Works out the three parts of the Answer to a question."""


class Speculation:
    """A kernel that runs in a pool of `threads` threads, or in the caller's where there is one."""

    def __init__(self, kernel: Kernel, threads: int) -> None:
        self._kernel = kernel
        self._threads = threads
        self._pool = _pool_of(threads) if threads > 1 else None
        self._running: dict[Question, tuple[Future[tuple[int, list[int], int]], _core.Cancel]] = {}

    def ask(self, question: Question, upcoming: Sequence[Question]) -> Answer:
        """The answer to `question`. Work on the `upcoming` ones is begun.

        Raises:
            Exception: what the kernel raises.
        """
        if self._pool is None:
            return Answer(*self._kernel(question, None))
        wanted = (question, *upcoming)[: self._threads]
        for other in [other for other in self._running if other not in wanted]:
            self._running.pop(other)[1].cancel()
        for each in wanted:
            if each not in self._running:
                cancel = _core.Cancel()
                self._running[each] = self._pool.submit(self._kernel, each, cancel), cancel
        answer = Answer(*self._running[question][0].result())
        del self._running[question]
        return answer

    def __enter__(self) -> "Speculation":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for _, cancel in self._running.values():
            cancel.cancel()
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _pool_of(threads: int) -> "ThreadPoolExecutor":
    from concurrent.futures import ThreadPoolExecutor  # imports logging: 6 ms of each start

    return ThreadPoolExecutor(threads)
