"""What several owners hold together, as rectangles that do not overlap each other.

bytes        a a a
^        b b x x a          a and b hold the union of what each holds: what both hold counts once
+----------------> steps
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence

from tmpass.packing.collisions import Rectangle


def held_together(rectangles: Iterable[Rectangle], classes: Sequence[int]) -> list[Rectangle]:
    """Disjoint rectangles that cover what the owners of each class hold; the class is their owner."""
    members: dict[int, list[Rectangle]] = {}
    for r in rectangles:
        if r.lower < r.upper and r.low < r.high:
            members.setdefault(classes[r.owner], []).append(r)
    return [r for owner, inside in members.items() for r in (_union(inside, owner) if len(inside) > 1 else inside)]


def _union(rectangles: list[Rectangle], owner: int) -> Iterator[Rectangle]:
    """The union of `rectangles`, cut at each step at which it changes."""
    begins: dict[tuple[int, int], int] = {}  # of what is open: from which step on
    time = min(r.lower for r in rectangles)
    for until, pieces in _pieces(rectangles):
        for piece in [open_ for open_ in begins if open_ not in pieces]:
            yield Rectangle(begins.pop(piece), time, *piece, owner)
        for piece in pieces:
            begins.setdefault(piece, time)
        time = until
    for piece, begin in begins.items():
        yield Rectangle(begin, time, *piece, owner)


def _pieces(rectangles: list[Rectangle]) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Spans of steps, each by its end, with the stretches of bytes that are held in it, from the lowest."""
    changes = sorted(
        [(r.lower, 1, r.low, r.high) for r in rectangles] + [(r.upper, -1, r.low, r.high) for r in rectangles]
    )
    counts: dict[tuple[int, int], int] = {}
    alive: list[tuple[int, int]] = []
    time = changes[0][0]
    for step, change, low, high in changes:
        if step > time:
            yield step, _stretches(alive)
            time = step
        counts[low, high] = counts.get((low, high), 0) + change
        if change > 0 and counts[low, high] == 1:
            insort(alive, (low, high))
        elif counts[low, high] == 0:
            del alive[bisect_left(alive, (low, high))]


def _stretches(alive: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The union of what is `alive`, which is in order."""
    if alive and alive[-1][0] == alive[0][0]:  # all begin together, and the last is the longest
        return [(alive[0][0], alive[-1][1])]
    found: list[tuple[int, int]] = []
    for low, high in alive:
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found
