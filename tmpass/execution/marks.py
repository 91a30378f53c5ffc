"""Marks of values in a run: whether they depend on drawn values, and whether their size is not the planned one.

x (drawn) ── NonZero ──> i (drawn, other size: 5 columns, 8 planned) ── Transpose ──> t (drawn, other size)
  └───────── Shape ────> s ── ConstantOfShape ──> z     a size that depends only on sizes is compared with the plan
"""

from collections.abc import Iterable

from tmpass.graph.model import TensorKey

DRAWN = 1
"""The mark of a value that depends on drawn inputs: on other inputs it may be different."""

RANDOM = 2
"""The mark of a value that depends on a random generator of an operator: in another run it may be different."""

OTHER_SIZE = 4
"""The mark of a value whose size is not the one in the graph."""

Mark = int
"""The union of a value's marks, as bits. An enum.Flag would take a third of the time of a loop iteration."""


class Marks:
    """The marks of all values of one run, by the tensor that holds the value."""

    def __init__(self) -> None:
        self._of: dict[TensorKey, Mark] = {}

    def of(self, keys: Iterable[TensorKey]) -> Mark:
        """The union of the marks of `keys`."""
        found = 0
        for key in keys:
            found |= self._of.get(key, 0)
        return found

    def set(self, key: TensorKey, marks: Mark) -> None:
        """Replace the marks of `key`."""
        self._of[key] = marks
