"""Alias classes: tensors in one piece of storage, each at a position in it.

bytes  0         64        128
       |------- whole ------|      the root, as large as the class
       |  part   |                 position 0
                 |  part  |        position 64
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import cache

from tmpass.graph.model import Graph, TensorKey

Restriction = tuple[str, object]

LiesIn = Callable[[TensorKey, TensorKey, int], bool]
"""Whether all bytes of a tensor are those of another one from a byte on, and nowhere else in it."""

FIXED: frozenset[Restriction] = frozenset({("variable", None), ("written", None), ("end", None), ("fixed", None)})
"""A class with one of these restrictions joins no other."""

PIECES: Restriction = ("pieces", None)
"""The restriction of a class in which a tensor is a piece of another one."""


@dataclass(slots=True, eq=False, repr=False)
class Classes:
    """Union-find over tensors. Each has a position: the bytes from the start of its parent.

    Every class lies inside its root. So a class after a join is never larger than the larger of the two before it.

    Fields:
        size: the bytes of a tensor.
        restrictions: root -> restrictions of its class, some of which forbid it to join others.
        parent: tensor -> its parent, and its position in the parent.
    """

    size: Callable[[TensorKey], int]
    restrictions: dict[TensorKey, frozenset[Restriction]] = field(default_factory=dict)
    parent: dict[TensorKey, tuple[TensorKey, int]] = field(default_factory=dict)

    def copy(self) -> "Classes":
        """The same classes, which may grow apart."""
        return Classes(self.size, dict(self.restrictions), dict(self.parent))

    def find(self, key: TensorKey) -> tuple[TensorKey, int]:
        """The root of the class of `key`, and the position of `key` in it."""
        known = self.parent.get(key, (key, 0))
        if self.parent.get(known[0], known)[0] == known[0]:
            return known  # the root itself, or right below it
        path = []
        here = key
        while (above := self.parent.get(here, (here, 0)))[0] != here:
            path.append((here, above[1]))
            here = above[0]
        position = 0
        for below, step in reversed(path):
            position += step
            self.parent[below] = here, position
        return here, position

    def attach(self, inner: TensorKey, outer: TensorKey, position: int) -> None:
        """Put the class of root `inner` at `position` into the class of root `outer`."""
        self.parent.setdefault(outer, (outer, 0))
        self.parent[inner] = outer, position
        if inner in self.restrictions:
            self.restrictions[outer] = self.restrictions.get(outer, frozenset()) | self.restrictions[inner]

    def capture(self, source: TensorKey, name: TensorKey) -> None:
        """Join `name` with `source`, which it is another name for, whatever restrictions they have."""
        (one, at), (two, there) = self.find(source), self.find(name)
        if one != two:
            self.attach(two, one, at - there)

    def pin(self, part: TensorKey, whole: TensorKey, position: int, lies_in: LiesIn, *, view: bool = False) -> bool:
        """Join `part` at byte `position` of `whole`, whose bytes there are the same. Returns whether that is allowed.

        One class moves into the other as a whole, if its root holds the same bytes as the other root does there. That
        is certain where `part` is as large as its class; else `lies_in` decides. So no two tensors of a class ever
        differ in a byte that both have. A `view` is all of the whole.
        """
        (inner, low), (outer, at) = self.find(part), self.find(whole)
        shift = position + at - low
        if inner == outer:
            return shift == 0
        sure = not low and self.size(part) == self.size(inner)
        if not sure and not at and self.size(part) == self.size(whole) == self.size(outer):
            inner, outer, shift, sure = outer, inner, -shift, True  # of a view, either side may be the one that moves
        if self.size(outer) < self.size(inner):
            inner, outer, shift = outer, inner, -shift
        if shift < 0 or shift + self.size(inner) > self.size(outer) or not self._may_join(inner, outer, view=view):
            return False
        if not sure and not lies_in(inner, outer, shift):
            return False
        self.attach(inner, outer, shift)
        if not view:
            self.restrictions[outer] = self.restrictions.get(outer, frozenset()) | {PIECES}
        return True

    def is_fixed(self, key: TensorKey) -> bool:
        """Whether `key` may share only with its captures, whatever else is joined."""
        return not self.restrictions.get(self.find(key)[0], frozenset()).isdisjoint(FIXED)

    def _may_join(self, one: TensorKey, two: TensorKey, *, view: bool) -> bool:
        restrictions = self.restrictions.get(one, frozenset()) | self.restrictions.get(two, frozenset())
        if not restrictions:
            return True
        looped = any(("loop output", s) in restrictions for kind, s in restrictions if kind == "loop input")
        outside = sum(kind == "external" for kind, _ in restrictions)
        # Memory that a caller brings for a tensor has no room for more, and a plan assigns no offsets in it.
        alone = view and self.size(one) == self.size(two) and PIECES not in restrictions
        return not looped and restrictions.isdisjoint(FIXED) and (outside == 0 or (outside == 1 and alone))


def restrictions_of(
    groups: Iterable[tuple[Collection[TensorKey], Restriction]],
) -> dict[TensorKey, frozenset[Restriction]]:
    """Tensor -> its restrictions, from groups of tensors with one that they all have."""
    restrictions: dict[TensorKey, frozenset[Restriction]] = {}
    for keys, restriction in groups:
        own = frozenset((restriction,))
        more = {key: restrictions[key] | own for key in keys if key in restrictions}
        restrictions |= dict.fromkeys(keys, own) | more
    return restrictions


def sizes_of(graph: Graph) -> Callable[[TensorKey], int]:
    """A function for the bytes of a tensor of `graph`, 0 where they are not known. It computes each once."""
    sizes = [subgraph.sizes for subgraph in graph.subgraphs]
    return cache(lambda key: sizes[key[0]][key[1]] or 0)
