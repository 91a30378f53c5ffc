"""Pairs of tensors of a buffer that have bytes in common at one step, found without comparing all with all.

The tensors alive at a step are kept in classes of size, by powers of two, and by address within each class. A tensor of
less than 2^k bytes that has a byte of `[low, high)` begins above low - 2^k.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from heapq import heappop, heappush
from typing import NamedTuple

from tmpass.graph.model import TensorKey


class Held(NamedTuple):
    """The bytes `[low, high)` of tensor `key` from step `first` to step `last`, both inclusive."""

    first: int
    last: int
    low: int
    high: int
    key: TensorKey


class Overlap(NamedTuple):
    """Two tensors with bytes in common; `first` begins no later than `second`."""

    first: Held
    second: Held


def find_overlaps(held: Iterable[Held]) -> Iterator[Overlap]:
    """Each pair of `held` with bytes in common at one step. A tensor of no bytes is in no pair.

    Complexity: O(n log n) and, for each size class, the tensors that begin close below another one.
    """
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
                    yield Overlap(shelf[at][1], one)
        insort(shelves.setdefault((one.high - one.low).bit_length(), []), (one.low, one))
        heappush(ends, (one.last, one))
