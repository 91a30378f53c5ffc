"""Collisions: rectangles of steps and bytes that overlap."""

from bisect import bisect_left
from collections.abc import Iterable
from heapq import heappop, heappush
from typing import NamedTuple

import tmpass._core as _core

_MANY_PAIRS = 2_000_000
"""Up to this number of pairs that share a step, all are compared, which takes about a second."""

_FEW_PAIRS = 32
"""Up to this number of pairs per rectangle, comparing all is quicker than keeping the live ones sorted."""


class Rectangle(NamedTuple):
    """The bytes `[low, high)`, which `owner` holds during the steps `[lower, upper)`."""

    lower: int
    upper: int
    low: int
    high: int
    owner: int


class Collision(NamedTuple):
    """Two owners, the first step that they share, and the bytes `[low, high)` that both hold then."""

    first: int
    second: int
    step: int
    low: int
    high: int


def find_collisions(
    rectangles: Iterable[tuple[int, int, int, int, int]], *, all_pairs: bool = False
) -> list[Collision]:
    """The pairs of rectangles of different owners that overlap, in the order of `lower`.

    `rectangles` have the fields of Rectangle. They may be plain tuples, which are made in a third of the time.

    Above 2 million pairs that share a step, at least one collision is found if there is any, not all, unless
    `all_pairs` are asked for. Empty rectangles overlap nothing.

    Complexity: O(n log n) for n rectangles of which none overlap, as the core sees; else O(n log n + p): p pairs that
    share a step are compared if they are few, if there is a collision, or if `all_pairs` are asked for.
    """
    every = tuple(rectangles)
    if _core.rectangles_apart(every):
        return []
    ordered = sorted(r for r in map(Rectangle._make, every) if r.lower < r.upper and r.low < r.high)
    pairs = _pairs_sharing_a_step(ordered)
    if not all_pairs and pairs > _FEW_PAIRS * len(ordered):
        found = _sweep(ordered)  # finds at least one if there is any
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
    """At least one collision if there is any.

    The rectangles that are alive are kept sorted by address. None of them overlap, so a new one can only hit its
    neighbours.
    """
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
