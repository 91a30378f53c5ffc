"""What a buffer of several tensors needs over time: the window from its lowest to its highest byte in use.

bytes        steps  0  1  2  3  4  5
64..95  b                 #######         at 0 and 1 the window is 0..31, at 2 and 3 all of the buffer, which is
0..31   a           ##########            no gap, at 4 it is 64..95; the bytes between two tensors count as well
"""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from itertools import pairwise
from typing import NamedTuple

from tmpass.packing.problem import Gap


class Span(NamedTuple):
    """The bytes `[low, high)` of a buffer are needed in the steps `[lower, upper)`."""

    lower: int
    upper: int
    low: int
    high: int


def find_gaps(spans: Iterable[Span], size: int) -> Iterator[Gap]:
    """The steps at which `spans` need less than all `size` bytes, from the first step that one needs to the last; as
    few gaps as will do, in O(n log n).
    """
    ordered = sorted(spans)
    if all(span.high - span.low == size for span in ordered) and not _pauses(ordered):
        return
    times = sorted({time for span in ordered for time in span[:2]})
    lows: list[tuple[int, int]] = []  # heap of (low, upper), with the dead removed when they come up
    highs: list[tuple[int, int]] = []  # the same of (-high, upper)
    begun = 0
    last: Gap | None = None
    for lower, upper in pairwise(times):
        while begun < len(ordered) and ordered[begun].lower == lower:
            span = ordered[begun]
            begun += 1
            if span.low < span.high:
                heappush(lows, (span.low, span.upper))
                heappush(highs, (-span.high, span.upper))
        for heap in (lows, highs):
            while heap and heap[0][1] <= lower:
                heappop(heap)
        window = (lows[0][0], -highs[0][0]) if lows else (0, 0)
        if last is not None and (last.window_lower, last.window_upper) == window:
            last = Gap(last.lower, upper, *window)
            continue
        if last is not None:
            yield last
        last = None if window == (0, size) else Gap(lower, upper, *window)
    if last is not None:
        yield last


def _pauses(ordered: list[Span]) -> bool:
    """Whether there is a step between the first and the last at which none of them is alive."""
    end = ordered[0].upper if ordered else 0
    for span in ordered:
        if span.lower > end:
            return True
        end = max(end, span.upper)
    return False
