"""Which tensors of a buffer have bytes in common at one step: each such pair, without comparing all with all.

What is held at a step is kept by size, in powers of two, and by address in each of these. A tensor that has a byte of
`[low, high)` and less than 2^k bytes begins above low - 2^k.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import NamedTuple

from tmpass.verification.replay import Key


class Held(NamedTuple):
    """Tensor `key` has the bytes `[low, high)` from step `first` to step `last`, both included."""

    first: int
    last: int
    low: int
    high: int
    key: Key


class Meeting(NamedTuple):
    """Two that have bytes in common, the one that comes first in front."""

    first: Held
    second: Held


def meetings(held: Iterable[Held]) -> Iterator[Meeting]:
    """Each pair of `held` with bytes in common at one step; what has no bytes meets none."""
    shelves: dict[int, list[tuple[int, Held]]] = {}
    ends: list[tuple[int, Held]] = []
    for one in sorted(h for h in held if h.low < h.high):
        while ends and ends[0][0] < one.first:
            _, gone = heappop(ends)
            shelf = shelves[(gone.high - gone.low).bit_length()]
            del shelf[bisect_left(shelf, (gone.low, gone))]
        for bits, shelf in shelves.items():
            for at in range(bisect_left(shelf, (one.low - (1 << bits),)), bisect_left(shelf, (one.high,))):
                if shelf[at][1].high > one.low:
                    yield Meeting(shelf[at][1], one)
        insort(shelves.setdefault((one.high - one.low).bit_length(), []), (one.low, one))
        heappush(ends, (one.last, one))
