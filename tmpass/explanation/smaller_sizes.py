"""Points of the curve at sizes of the scratchpad that are too small without transfers: a plan is made for each."""

from collections.abc import Callable, Mapping
from itertools import pairwise

from tmpass.explanation.curve_point import CurvePoint

MAX_PLANS, LARGE = 8, 700
"""How many plans with transfers are made; half as many for more than `LARGE` operators, where each may take seconds."""

_STRAIGHT = 32
"""A half way point that is off the straight line by one part in this of the fall, or less, needs none beside it."""

_PROBES = 3
"""How many of them may look for the least size that fits, where that of the largest operator does not."""


def smaller_sizes(
    point: Callable[[int], CurvePoint],
    low: int,
    high: CurvePoint,
    grain: int,
    known: Mapping[int, CurvePoint],
    most: int = MAX_PLANS,
) -> dict[int, CurvePoint]:
    """Size -> its point, with transfers, of at most `most` sizes between `low` and `high`, and of those in `known`.

    First `low`, and where that does not fit, the middle between what fits and what does not. Then half way between two
    neighbours, where the fall of the cost times the bytes between them is the largest, and the line is not straight.

    Args:
        point: makes the plan of a size.
        low: no smaller size fits.
        high: the point of the least size that fits without transfers, which is above `low`.
        grain: in bytes. All sizes but `low` are multiples of it.
        known: points with transfers that have been made, which count.
        most: how many plans are made.
    """
    found = dict(known)

    def at(size: int) -> CurvePoint:
        if size not in found:
            found[size] = point(size)
        return found[size]

    below = low
    for _ in range(_PROBES if not at(low).fits else 0):
        least = min((size for size, one in found.items() if one.fits and size > below), default=high.size)
        middle = (below + least) // 2 // grain * grain
        if not below < middle < least:
            break
        if not at(middle).fits:
            below = middle
    straight = set[tuple[int, int]]()
    for _ in range(most - len(found)):
        fitting = [*(one for _, one in sorted(found.items()) if one.fits), high]
        bent = [(a, b) for a, b in pairwise(fitting) if a.cost > b.cost and (a.size, b.size) not in straight]
        bent.sort(key=lambda pair: ((pair[1].cost - pair[0].cost) * (pair[1].size - pair[0].size), pair[0].size))
        middles = ((a, b, (a.size + b.size) // 2 // grain * grain) for a, b in bent)
        a, b, size = next(((a, b, size) for a, b, size in middles if a.size < size < b.size), (high, high, 0))
        if not size:
            break
        half = (a.cost + b.cost) / 2
        if not at(size).fits or abs(at(size).cost - half) <= (a.cost - b.cost) / _STRAIGHT:
            straight |= {(a.size, size), (size, b.size)}
    return found
