"""Which rectangles of time and bytes overlap."""

from bisect import bisect_left
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import NamedTuple

_MANY_PAIRS = 2_000_000
"""Up to this many pairs that share a step all of them are compared, which takes about a second."""

_FEW_PAIRS = 32
"""For each rectangle: comparing so many is quicker than keeping what is alive sorted."""


class Rectangle(NamedTuple):
    """`owner` holds the bytes `[low, high)` during the steps `[lower, upper)`."""

    lower: int
    upper: int
    low: int
    high: int
    owner: int


class Collision(NamedTuple):
    """Two owners, the first step that they share, and the bytes `[low, high)` that both hold there."""

    first: int
    second: int
    step: int
    low: int
    high: int


def find_collisions(rectangles: Iterable[Rectangle], *, all_pairs: bool = False) -> list[Collision]:
    """Every pair of rectangles with different owners that overlap; above 2 million pairs that share a step at
    least one if any, unless `all_pairs` are asked for.

    The order is that of `lower`; empty rectangles overlap nothing.
    """
    ordered = sorted(r for r in rectangles if r.lower < r.upper and r.low < r.high)
    pairs = _pairs_sharing_a_step(ordered)
    if not all_pairs and pairs > _FEW_PAIRS * len(ordered):
        found = _sweep(ordered)  # which sees whether there is any
        if not found or pairs > _MANY_PAIRS:
            return found
    return _compare_all(ordered)


def _pairs_sharing_a_step(ordered: list[Rectangle]) -> int:
    ends: list[int] = []
    pairs = 0
    for r in ordered:
        while ends and ends[0] <= r.lower:
            heappop(ends)
        pairs += len(ends)
        heappush(ends, r.upper)
    return pairs


def _compare_all(ordered: list[Rectangle]) -> list[Collision]:
    found = []
    alive: list[Rectangle] = []
    for r in ordered:
        lower, _, low, high, owner = r
        alive = [other for other in alive if other[1] > lower]
        found += [_collision(other, r) for other in alive if other[2] < high and low < other[3] and other[4] != owner]
        alive.append(r)
    return found


def _sweep(ordered: list[Rectangle]) -> list[Collision]:
    """Keep what is alive sorted by address: while nothing there overlaps, a new one can only hit its neighbours."""
    found = []
    alive: list[tuple[int, Rectangle]] = []
    ends: list[tuple[int, int, Rectangle]] = []
    for serial, r in enumerate(ordered):
        while ends and ends[0][0] <= r.lower:
            _, _, dead = heappop(ends)
            del alive[bisect_left(alive, (dead.low, dead))]
        at = bisect_left(alive, (r.low, r))
        near = [other for _, other in alive[max(at - 1, 0) : at + 1] if other.low < r.high and r.low < other.high]
        if near:
            found += [_collision(other, r) for other in near if other.owner != r.owner]
        else:
            alive.insert(at, (r.low, r))
            heappush(ends, (r.upper, serial, r))
    return found


def _collision(first: Rectangle, second: Rectangle) -> Collision:
    return Collision(
        first.owner,
        second.owner,
        max(first.lower, second.lower),
        max(first.low, second.low),
        min(first.high, second.high),
    )
