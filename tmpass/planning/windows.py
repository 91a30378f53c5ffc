"""The windows of a buffer of several tensors over time: from the lowest to the highest byte in use at a step.

bytes        steps  0  1  2  3  4  5
64..95  b                 #######         At steps 0 and 1 the window is 0..31. At steps 2 and 3 it is the whole buffer,
0..31   a           ##########            which is not a gap. At step 4 it is 64..95.

The bytes between two live tensors belong to the window.
"""

from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from itertools import pairwise
from typing import NamedTuple

from tmpass.packing.problem import Gap


class Span(NamedTuple):
    """The bytes `[low, high)` of a buffer, needed during the steps `[lower, upper)`."""

    lower: int
    upper: int
    low: int
    high: int


def find_gaps(spans: Iterable[Span], size: int) -> Iterator[Gap]:
    """The live-range gaps of a buffer: steps at which `spans` need less than all of its `size` bytes.

    They lie between the first and the last step of any span, in order, and are as few as possible.

    Complexity: O(n log n) in the number of spans.
    """
    ordered = sorted(spans)
    if all(span.high - span.low == size for span in ordered) and not _pauses(ordered):
        return
    times = sorted({time for span in ordered for time in span[:2]})
    lows: list[tuple[int, int]] = []  # heap of (low, upper); ended spans are removed when they reach the top
    highs: list[tuple[int, int]] = []  # heap of (-high, upper), likewise
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
    """Whether none of the spans is alive at some step between the first and the last."""
    end = ordered[0].upper if ordered else 0
    for span in ordered:
        if span.lower > end:
            return True
        end = max(end, span.upper)
    return False
