"""Classes of tensors in one piece of storage, each tensor at a position in it.

bytes  0         64        128
       |------- whole ------|      the root, as large as the class: what is set aside for it
       |  part   |                 position 0
                 |  part  |        position 64
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache

from tmpass.graph.model import Graph

Key = tuple[int, int]
"""A tensor: (subgraph, index)."""

Mark = tuple[str, object]

LiesIn = Callable[[Key, Key, int], bool]
"""Whether all of a tensor is what another one holds from a byte on, and nowhere else."""

FIXED: frozenset[Mark] = frozenset({("variable", None), ("written", None), ("end", None), ("fixed", None)})
"""With one of these a class joins no other."""

PIECES: Mark = ("pieces", None)
"""A tensor of the class is a piece of another one."""


@dataclass(slots=True)
class Classes:
    """Union-find over tensors with positions, in bytes from where their parent begins.

    A class lies inside its root, so that joining never makes one larger than the larger of two. `size` gives the bytes
    of a tensor, `marks`, per root, what forbids a class to join others.
    """

    size: Callable[[Key], int]
    marks: dict[Key, frozenset[Mark]] = field(default_factory=dict)
    parent: dict[Key, tuple[Key, int]] = field(default_factory=dict)

    def find(self, key: Key) -> tuple[Key, int]:
        """The root of the class of `key`, and the position of `key` in it."""
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

    def attach(self, inner: Key, outer: Key, position: int) -> None:
        """Put the class of root `inner` at `position` into the class of root `outer`."""
        self.parent.setdefault(outer, (outer, 0))
        self.parent[inner] = outer, position
        if inner in self.marks:
            self.marks[outer] = self.marks.get(outer, frozenset()) | self.marks[inner]

    def capture(self, source: Key, name: Key) -> None:
        """Let `name` stand for `source`, whatever marks they have."""
        (one, at), (two, there) = self.find(source), self.find(name)
        if one != two:
            self.attach(two, one, at - there)

    def pin(self, part: Key, whole: Key, position: int, lies_in: LiesIn, *, view: bool = False) -> bool:
        """Put `part` at byte `position` of `whole`, whose bytes there are the same; whether that is allowed. A `view`
        is all of it.

        A class moves into the other one, as a whole, if its root holds what that one's root does there: it surely does
        where `part` is as large as the class; else `lies_in` tells. So no two tensors of a class ever differ in a byte
        that both have.
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
            self.marks[outer] = self.marks.get(outer, frozenset()) | {PIECES}
        return True

    def is_fixed(self, key: Key) -> bool:
        """Whether `key` can share with nothing but its captures, whatever else is joined."""
        return not self.marks.get(self.find(key)[0], frozenset()).isdisjoint(FIXED)

    def _may_join(self, one: Key, two: Key, *, view: bool) -> bool:
        marks = self.marks.get(one, frozenset()) | self.marks.get(two, frozenset())
        if not marks:
            return True
        looped = any(("loop output", s) in marks for kind, s in marks if kind == "loop input")
        outside = sum(kind == "external" for kind, _ in marks)
        # Memory that a caller brings for one tensor has no room for more than that, and a plan has no place in it.
        alone = view and self.size(one) == self.size(two) and PIECES not in marks
        return not looped and marks.isdisjoint(FIXED) and (outside == 0 or (outside == 1 and alone))


def marks_of(pairs: Iterable[tuple[Key, Mark]]) -> dict[Key, frozenset[Mark]]:
    """Tensor -> its marks."""
    marks: dict[Key, frozenset[Mark]] = {}
    for key, mark in pairs:
        marks[key] = marks.get(key, frozenset()) | {mark}
    return marks


def sizes_of(graph: Graph) -> Callable[[Key], int]:
    """The bytes of a tensor of `graph`, 0 where they are not known; each is worked out once."""
    return cache(lambda key: graph.tensor(key).bytes or 0)
