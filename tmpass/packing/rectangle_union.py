"""The union of the rectangles of several owners, as rectangles that do not overlap each other.

    bytes        a a a
    ^        b b x x a
    +----------------> steps

Here x is what both a and b hold. In the union it counts once.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence

from tmpass.packing.collisions import Rectangle


def union_by_class(rectangles: Iterable[Rectangle], classes: Sequence[int]) -> list[Rectangle]:
    """Disjoint rectangles that cover what the owners of each class hold.

    Args:
        rectangles: with owners 0, 1, ...
        classes: the class of each owner, which becomes the owner in the result.
    """
    members: dict[int, list[Rectangle]] = {}
    for r in rectangles:
        if r.lower < r.upper and r.low < r.high:
            members.setdefault(classes[r.owner], []).append(r)
    return [r for owner, inside in members.items() for r in (_union(inside, owner) if len(inside) > 1 else inside)]


def _union(rectangles: list[Rectangle], owner: int) -> Iterator[Rectangle]:
    """The union of `rectangles`, cut at each step at which it changes."""
    begins: dict[tuple[int, int], int] = {}  # of each interval that is held now: its first step
    time = min(r.lower for r in rectangles)
    for until, intervals in _held(rectangles):
        for interval in [old for old in begins if old not in intervals]:
            yield Rectangle(begins.pop(interval), time, *interval, owner)
        for interval in intervals:
            begins.setdefault(interval, time)
        time = until
    for interval, begin in begins.items():
        yield Rectangle(begin, time, *interval, owner)


def _held(rectangles: list[Rectangle]) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Spans of steps, each by its end, with the disjoint intervals of bytes that are held in it, rising."""
    changes = sorted(
        [(r.lower, 1, r.low, r.high) for r in rectangles] + [(r.upper, -1, r.low, r.high) for r in rectangles]
    )
    counts: dict[tuple[int, int], int] = {}
    alive: list[tuple[int, int]] = []
    time = changes[0][0]
    for step, change, low, high in changes:
        if step > time:
            yield step, _merged(alive)
            time = step
        counts[low, high] = counts.get((low, high), 0) + change
        if change > 0 and counts[low, high] == 1:
            insort(alive, (low, high))
        elif counts[low, high] == 0:
            del alive[bisect_left(alive, (low, high))]


def _merged(alive: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The union of the intervals `alive`, which are sorted, as disjoint intervals."""
    if alive and alive[-1][0] == alive[0][0]:  # all begin together, and the last is the longest
        return [(alive[0][0], alive[-1][1])]
    found: list[tuple[int, int]] = []
    for low, high in alive:
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found
