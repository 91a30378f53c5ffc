"""Classes of tensors with their live ranges: whether two may be one, so that nothing is lost that is still needed."""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tmpass.graph.model import Graph
from tmpass.planning.sharing.aliases import Aliases, Key
from tmpass.planning.sharing.classes import Classes, sizes_of

_MOST_PAIRS = 4096
"""So many pairs of tensors that may be alive at once are looked at before two classes may be one; classes that need
more stay apart.
"""

_FEW_PAIRS = 16
"""Up to so many pairs are compared without asking which have bytes in common: finding these takes as long."""

Ranges = Mapping[Key, tuple[int, int]]
"""Tensor -> `[lower, upper)` in steps."""


@dataclass(frozen=True, slots=True)
class InPlace:
    """Operator `op` of `subgraph` may write `result` over `source`, if nobody needs `source` afterwards."""

    subgraph: int
    op: int
    source: Key
    result: Key


@dataclass(slots=True)
class _Room:
    """The tensors of a class by the ends of their live ranges; and by size, in powers of two, and by address in each of
    these, in bytes from `base` on, which is a position in the class.
    """

    base: int = 0
    by_lower: list[tuple[int, Key]] = field(default_factory=list)
    by_upper: list[tuple[int, Key]] = field(default_factory=list)
    shelves: dict[int, list[tuple[int, Key]]] = field(default_factory=dict)

    def add(self, key: Key, span: tuple[int, int], position: int, size: int) -> None:
        insort(self.by_lower, (span[0], key))
        insort(self.by_upper, (span[1], key))
        insort(self.shelves.setdefault(size.bit_length(), []), (position - self.base, key))

    def from_step(self, step: int) -> int:
        """How many end before `step` or at its begin: those behind them in `by_upper` are alive at it or later."""
        return bisect_right(self.by_upper, (step, _LAST))

    def before(self, step: int) -> int:
        """How many are alive before `step`: the first in `by_lower`."""
        return bisect_left(self.by_lower, (step,))

    def near(self, low: int, high: int) -> Iterator[tuple[list[tuple[int, Key]], int, int]]:
        """Slices (shelf, begin, end) with all tensors that have one of the bytes `[low, high)` of the class."""
        low, high = low - self.base, high - self.base
        for bits, shelf in self.shelves.items():
            begin, end = bisect_left(shelf, (low - (1 << bits),)), bisect_left(shelf, (high,))
            if begin < end:
                yield shelf, begin, end


_LAST: Key = (2**62, 0)


class Rooms:
    """Classes that grow as operators are found to write in place.

    `source_of` has, for each result, the one tensor that may have its bytes at its first step.
    """

    def __init__(self, graph: Graph, aliases: Aliases, ranges: Ranges) -> None:
        self.size: Callable[[Key], int] = sizes_of(graph)
        self.ranges = ranges
        parents = {key: (root, aliases.position.get(key, 0)) for key, root in aliases.root.items()}
        self.classes = Classes(self.size, parent=parents)
        self.source_of: dict[Key, Key] = {}
        self._rooms: dict[Key, _Room] = {}
        for key in sorted(aliases.root):
            if key in ranges and self.size(key):
                room = self._room(aliases.root[key], empty=True)
                room.add(key, ranges[key], aliases.position.get(key, 0), self.size(key))

    def _room(self, root: Key, *, empty: bool = False) -> _Room:
        if root not in self._rooms:
            self._rooms[root] = _Room()
            if not empty:
                self._rooms[root].add(root, self.ranges[root], 0, self.size(root))
        return self._rooms[root]

    def join(self, one: Key, two: Key, pair: InPlace | None = None) -> bool:
        """Make two tensors, source and result of `pair` if there is one, begin at one place; whether that is safe."""
        if pair is not None:
            self.source_of[pair.result] = pair.source
        (one, low), (two, at) = self.classes.find(one), self.classes.find(two)
        if one == two:
            return low == at
        # The larger class stays where it is, and the smaller one must lie inside it.
        shift = low - at
        outer, inner = one, two
        if self.size(two) > self.size(one):
            outer, inner, shift = two, one, -shift
        if shift < 0 or shift + self.size(inner) > self.size(outer) or self._clash(one, two, low - at):
            return False
        self.classes.attach(inner, outer, shift)
        self._merge(inner, outer, shift)
        return True

    def _clash(self, one: Key, two: Key, shift: int) -> bool:
        """Whether tensors of two classes, the second one `shift` bytes further, would overwrite each other."""
        room, other = self._room(one), self._room(two)
        done, early = room.from_step(other.by_lower[0][0]), other.before(room.by_upper[-1][0])
        late = len(room.by_upper) - done
        if late * early > _MOST_PAIRS:
            return True
        if late * early > _FEW_PAIRS:
            if late < early:
                few, many, apart, turned = (key for _, key in room.by_upper[done:]), other, -shift, False
            else:
                few, many, apart, turned = (key for _, key in other.by_lower[:early]), room, shift, True
            near = self._near(few, many, apart, late * early)
            if near is not None:
                return any(self._overlap(*((b, a) if turned else (a, b)), shift) for a, b in near)
        return any(self._overlap(a, b, shift) for _, a in room.by_upper[done:] for _, b in other.by_lower[:early])

    def _near(self, few: Iterator[Key], many: _Room, shift: int, most: int) -> list[tuple[Key, Key]] | None:
        """Pairs of one of `few`, `shift` bytes further, and one of `many`, with all that have bytes in common; None if
        there are more than `most`.
        """
        found: list[tuple[Key, Key]] = []
        for key in few:
            low = self.classes.find(key)[1] + shift
            for shelf, begin, end in many.near(low, low + self.size(key)):
                if len(found) + end - begin > most:
                    return None
                found += [(key, other) for _, other in shelf[begin:end]]
        return found

    def _overlap(self, a: Key, b: Key, shift: int) -> bool:
        lower = max(self.ranges[a][0], self.ranges[b][0])
        upper = min(self.ranges[a][1], self.ranges[b][1])
        low, there = self.classes.find(a)[1], self.classes.find(b)[1] + shift
        if lower >= upper or low >= there + self.size(b) or there >= low + self.size(a):
            return False
        source, result = (a, b) if self.source_of.get(b) == a else (b, a)
        first = self.ranges[result][0]
        return not (low == there and self.source_of.get(result) == source and first == lower == upper - 1)

    def _merge(self, inner: Key, outer: Key, shift: int) -> None:
        """Give all tensors of two classes to one, the fewer to the more; the inner one has moved by `shift` bytes."""
        inside, outside = self._rooms.pop(inner), self._rooms.pop(outer)
        inside.base += shift
        few, many = sorted((inside, outside), key=lambda room: len(room.by_lower))
        for shelf in few.shelves.values():
            for low, key in shelf:
                many.add(key, self.ranges[key], few.base + low, self.size(key))
        self._rooms[outer] = many
