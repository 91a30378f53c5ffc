"""Short spans of time whose buffers do not fit, found by asking.

steps    ------------------------------>
asked    [  ][  ][  ][  ][  ][  ][  ][  ]     where nothing is known: short spans first, then longer ones
         [      ][      ][      ][      ]
cut          |--------no--------|             where one does not fit: the last end and the last beginning
                  |-----no------|             with which that is still so
"""

from collections.abc import Callable, Iterator

from tmpass.packing.conflict.oracle import FIRST_NODES, Questions
from tmpass.packing.problem import Problem


class Spans:
    """The buffers of `problem` by spans of time, counted in starts of buffers."""

    def __init__(self, problem: Problem) -> None:
        self._buffers = problem.buffers
        self._times = sorted({b.lower for b in problem.buffers})
        self.count = len(self._times)

    def alive(self, first: int, last: int) -> list[int]:
        """The places of those alive at some time from start `first` to start `last`."""
        begin, end = self._times[first], self._times[last]
        return [at for at, b in enumerate(self._buffers) if b.lower <= end and begin < b.upper]


def shortened(spans: Spans, first: int, last: int, questions: Questions) -> list[int]:
    """The buffers of a span inside the given one, which does not fit: it is cut at both ends while that can be seen."""

    def refuted(begin: int, end: int) -> bool:
        places = spans.alive(begin, end)
        return questions.fits(places, 8 * FIRST_NODES * len(places)) is False

    last -= _most(lambda cut: refuted(first, last - cut), last - first)
    first += _most(lambda cut: refuted(first + cut, last), last - first)
    return spans.alive(first, last)


def unfit_span(spans: Spans, questions: Questions) -> tuple[int, int] | None:
    """A span that does not fit, where it is not known that there is one.

    Spans of two starts are asked first, then of four and so on, all with few nodes before any with more: a proof for
    a few buffers is within reach also where it is not for all. Half of the nodes are left for what comes after.
    """
    keep = questions.left // 2
    nodes = FIRST_NODES  # for each buffer of a question
    while nodes <= questions.left - keep:
        for first, last in _ladder(spans.count):
            places = spans.alive(first, last)
            left = questions.left - keep
            if left <= 0:
                return None
            if questions.fits(places, min(nodes * len(places), left)) is False:
                return first, last
        nodes *= 8
    return None


def _ladder(count: int) -> Iterator[tuple[int, int]]:
    """Spans of two of `count` starts, each half over the next, then of four, and so on up to all."""
    width = 2
    while True:
        for first in range(0, max(1, count - width // 2), width // 2):
            yield first, min(first + width, count) - 1
        if width >= count:
            return
        width *= 2


def _most(holds: Callable[[int], bool], limit: int) -> int:
    """The largest number up to `limit` for which `holds`, which is so for 0 and up to some number."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low
