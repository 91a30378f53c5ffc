"""Short spans of steps whose buffers do not fit.

    steps    ------------------------------>
    asked    [  ][  ][  ][  ][  ][  ][  ][  ]     where nothing is known: short spans first, then longer ones
             [      ][      ][      ][      ]
    cut          |--------no--------|             where one does not fit: the earliest end and then the latest
                      |-----no------|             beginning with which it still does not

Each question goes to the oracle.
"""

from collections.abc import Callable, Iterator

from tmpass.packing.conflict.oracle import FIRST_NODES, FitOracle
from tmpass.packing.problem import Problem


class Spans:
    """The buffers of `problem` by span: a range of the distinct first steps of buffers, counted from 0."""

    def __init__(self, problem: Problem) -> None:
        self._buffers = problem.buffers
        self._times = sorted({b.lower for b in problem.buffers})
        self.count = len(self._times)

    def alive(self, first: int, last: int) -> list[int]:
        """The indices of the buffers that are alive at some step from start `first` to start `last`."""
        begin, end = self._times[first], self._times[last]
        return [at for at, b in enumerate(self._buffers) if b.lower <= end and begin < b.upper]


def shorten_span(spans: Spans, first: int, last: int, oracle: FitOracle) -> list[int]:
    """The buffers of a shorter span that is proved not to fit either, or those of the given one."""

    def refuted(begin: int, end: int) -> bool:
        places = spans.alive(begin, end)
        return oracle.fits(places, 8 * FIRST_NODES * len(places)) is False

    last -= _largest(lambda cut: refuted(first, last - cut), last - first)
    first += _largest(lambda cut: refuted(first + cut, last), last - first)
    return spans.alive(first, last)


def find_unfit_span(spans: Spans, oracle: FitOracle) -> tuple[int, int] | None:
    """A span that is proved not to fit, or None where none is found.

    Short spans come first, since few buffers may have a proof where all together have none: spans of two starts, then
    of four, and so on. All are asked with few nodes before any is asked with more. Half of the nodes are kept for the
    steps after this one.
    """
    keep = oracle.left // 2
    nodes = FIRST_NODES  # for each buffer of a question
    while nodes <= oracle.left - keep:
        for first, last in _growing_spans(spans.count):
            places = spans.alive(first, last)
            left = oracle.left - keep
            if left <= 0:
                return None
            if oracle.fits(places, min(nodes * len(places), left)) is False:
                return first, last
        nodes *= 8
    return None


def _growing_spans(count: int) -> Iterator[tuple[int, int]]:
    """Spans of two of `count` starts, each overlapping the next by half, then of four, and so on up to all."""
    width = 2
    while True:
        for first in range(0, max(1, count - width // 2), width // 2):
            yield first, min(first + width, count) - 1
        if width >= count:
            return
        width *= 2


def _largest(holds: Callable[[int], bool], limit: int) -> int:
    """The largest number up to `limit` for which `holds`, which is true from 0 up to some number and false above."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low
