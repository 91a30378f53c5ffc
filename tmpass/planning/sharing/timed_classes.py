"""Alias classes for one order of the operators.

Two classes are merged only if no tensor of one overwrites bytes of the other that are still needed.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tmpass.base.record import record
from tmpass.graph.model import Graph, TensorKey
from tmpass.planning.sharing.aliases import Aliases
from tmpass.planning.sharing.classes import Classes, sizes_of

_MOST_PAIRS = 4096
"""The limit of pairs of tensors that are compared before two classes join. Classes that need more stay apart."""

_FEW_PAIRS = 16
"""Up to this many pairs, all are compared; narrowing them down first would cost as much."""

Ranges = Mapping[TensorKey, tuple[int, int]]
"""Tensor -> `[lower, upper)` in steps."""


@record
class InPlace:
    """An in-place pair: operator `op` of `subgraph` may write `result` over `source`, if `source` ends there."""

    subgraph: int
    op: int
    source: TensorKey
    result: TensorKey


@dataclass(slots=True, eq=False, repr=False)
class _Members:
    """The tensors of one class, sorted in several ways.

    Fields:
        base: position in the class from which the addresses of `shelves` count, in bytes.
        by_lower, by_upper: by the lower and by the upper end of the live range.
        shelves: by size, in powers of two, and by address within each of these.
    """

    base: int = 0
    by_lower: list[tuple[int, TensorKey]] = field(default_factory=list)
    by_upper: list[tuple[int, TensorKey]] = field(default_factory=list)
    shelves: dict[int, list[tuple[int, TensorKey]]] = field(default_factory=dict)

    def add(self, key: TensorKey, span: tuple[int, int], position: int, size: int) -> None:
        """Add a tensor with its live range, and its bytes in the class."""
        insort(self.by_lower, (span[0], key))
        insort(self.by_upper, (span[1], key))
        insort(self.shelves.setdefault(size.bit_length(), []), (position - self.base, key))

    def from_step(self, step: int) -> int:
        """How many tensors end before `step`. Those behind them in `by_upper` are alive at it or later."""
        return bisect_right(self.by_upper, (step, _LAST))

    def before(self, step: int) -> int:
        """How many tensors begin before `step`: the first in `by_lower`."""
        return bisect_left(self.by_lower, (step,))

    def near(self, low: int, high: int) -> Iterator[tuple[list[tuple[int, TensorKey]], int, int]]:
        """Slices (shelf, begin, end) that have all tensors with one of the bytes `[low, high)` of the class."""
        low, high = low - self.base, high - self.base
        for bits, shelf in self.shelves.items():
            begin, end = bisect_left(shelf, (low - (1 << bits),)), bisect_left(shelf, (high,))
            if begin < end:
                yield shelf, begin, end


_LAST: TensorKey = (2**62, 0)


class TimedClasses:
    """Alias classes on a timeline, which grow by in-place pairs.

    `source_of` has for each result the one tensor that may have the same bytes at the result's first step.
    """

    def __init__(self, graph: Graph, aliases: Aliases, ranges: Ranges) -> None:
        self.size: Callable[[TensorKey], int] = sizes_of(graph)
        self.ranges = ranges
        parents = {key: (root, aliases.position.get(key, 0)) for key, root in aliases.root.items()}
        self.classes = Classes(self.size, parent=parents)
        self.source_of: dict[TensorKey, TensorKey] = {}
        self._members: dict[TensorKey, _Members] = {}
        for key in sorted(aliases.root):
            if key in ranges and self.size(key):
                members = self._members_of(aliases.root[key], empty=True)
                members.add(key, ranges[key], aliases.position.get(key, 0), self.size(key))

    def _members_of(self, root: TensorKey, *, empty: bool = False) -> _Members:
        if root not in self._members:
            self._members[root] = _Members() if empty else self._alone(root)
        return self._members[root]

    def _alone(self, root: TensorKey) -> _Members:
        """The members of a class of one tensor, as most are."""
        lower, upper = self.ranges[root]
        return _Members(0, [(lower, root)], [(upper, root)], {self.size(root).bit_length(): [(0, root)]})

    def join(self, one: TensorKey, two: TensorKey, pair: InPlace | None = None) -> bool:
        """Let two tensors begin at one byte, such as source and result of `pair`. Returns whether that is safe."""
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

    def _clash(self, one: TensorKey, two: TensorKey, shift: int) -> bool:
        """Whether tensors of two classes would overwrite each other, with the second class `shift` bytes further."""
        members, other = self._members_of(one), self._members_of(two)
        done, early = members.from_step(other.by_lower[0][0]), other.before(members.by_upper[-1][0])
        late = len(members.by_upper) - done
        if late * early > _MOST_PAIRS:
            return True
        if late * early > _FEW_PAIRS:
            if late < early:
                few, many, apart, turned = (key for _, key in members.by_upper[done:]), other, -shift, False
            else:
                few, many, apart, turned = (key for _, key in other.by_lower[:early]), members, shift, True
            near = self._near(few, many, apart, late * early)
            if near is not None:
                return any(self._overlap(*((b, a) if turned else (a, b)), shift) for a, b in near)
        firsts = other.by_lower[:early]
        for _, a in members.by_upper[done:]:
            for _, b in firsts:
                if self._overlap(a, b, shift):
                    return True
        return False

    def _near(
        self, few: Iterator[TensorKey], many: _Members, shift: int, most: int
    ) -> list[tuple[TensorKey, TensorKey]] | None:
        """Pairs of a tensor of `few`, `shift` bytes further, and one of `many`; None if there are more than `most`.

        All pairs with bytes in common are among them.
        """
        found: list[tuple[TensorKey, TensorKey]] = []
        for key in few:
            low = self.classes.find(key)[1] + shift
            for shelf, begin, end in many.near(low, low + self.size(key)):
                if len(found) + end - begin > most:
                    return None
                found += [(key, other) for _, other in shelf[begin:end]]
        return found

    def _overlap(self, a: TensorKey, b: TensorKey, shift: int) -> bool:
        (begin, end), (start, stop) = self.ranges[a], self.ranges[b]
        if end <= start or stop <= begin:
            return False
        low, there = self.classes.find(a)[1], self.classes.find(b)[1] + shift
        if low >= there + self.size(b) or there >= low + self.size(a):
            return False
        if low != there:
            return True
        source, result = (a, b) if self.source_of.get(b) == a else (b, a)
        first = self.ranges[result][0]
        return not (self.source_of.get(result) == source and first == max(begin, start) == min(end, stop) - 1)

    def _merge(self, inner: TensorKey, outer: TensorKey, shift: int) -> None:
        """Merge the tensors of two classes, the fewer into the more. The inner class has moved by `shift` bytes."""
        inside, outside = self._members.pop(inner), self._members.pop(outer)
        inside.base += shift
        few, many = (inside, outside) if len(inside.by_lower) <= len(outside.by_lower) else (outside, inside)
        for shelf in few.shelves.values():
            for low, key in shelf:
                many.add(key, self.ranges[key], few.base + low, self.size(key))
        self._members[outer] = many
