"""Classes of tensors in one piece of storage, each tensor at a position in it.

bytes  0         64        128
       |------- whole ------|      the root, as large as the class: what is set aside for it
       |  part   |                 position 0
                 |  part  |        position 64
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache

from tmpass.graph import Graph

Key = tuple[int, int]
"""A tensor: (subgraph, index)."""

Mark = tuple[str, object]


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

    def pin(self, part: Key, whole: Key, position: int, *, view: bool = False) -> bool:
        """Put `part` at byte `position` of `whole`, whose bytes there are the same; whether that is allowed. A `view`
        is all of it.

        The one that moves must be as large as its class: what else is in there lies inside it then, and holds the same
        bytes as `whole` does there. So no two tensors of a class ever differ in a byte that both have.
        """
        (inner, low), (outer, at) = self.find(part), self.find(whole)
        position += at
        if inner == outer:
            return low == position
        if low or self.size(part) != self.size(inner):
            # Of a view, either side may be the one that moves.
            if self.size(part) != self.size(whole) or at or self.size(whole) != self.size(outer):
                return False
            inner, outer, position = outer, inner, low
        if not self._may_join(inner, outer, view=view):
            return False
        self.attach(inner, outer, position)
        return True

    def _may_join(self, one: Key, two: Key, *, view: bool) -> bool:
        marks = self.marks.get(one, frozenset()) | self.marks.get(two, frozenset())
        if not marks:
            return True
        looped = any(("loop output", s) in marks for kind, s in marks if kind == "loop input")
        fixed = not marks.isdisjoint({("variable", None), ("written", None), ("end", None)})
        outside = sum(kind == "external" for kind, _ in marks)
        # Memory that a caller brings for one tensor has no room for more than that.
        alone = view and self.size(one) == self.size(two)
        return not looped and not fixed and (outside == 0 or (outside == 1 and alone))


def marks_of(pairs: Iterable[tuple[Key, Mark]]) -> dict[Key, frozenset[Mark]]:
    """Tensor -> its marks."""
    marks: dict[Key, frozenset[Mark]] = {}
    for key, mark in pairs:
        marks[key] = marks.get(key, frozenset()) | {mark}
    return marks


def sizes_of(graph: Graph) -> Callable[[Key], int]:
    """The bytes of a tensor of `graph`, 0 where they are not known; each is worked out once."""
    return cache(lambda key: graph.tensor(key).bytes or 0)
