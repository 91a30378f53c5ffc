"""What a run knows of values besides their bytes: whether they follow from what was drawn, and are as large as planned.

x (drawn) ── NonZero ──> i (drawn, odd: 5 columns, 8 planned) ── Transpose ──> t (drawn, odd)
  └───────── Shape ────> s ── ConstantOfShape ──> z           a size that follows from sizes is judged
"""

from collections.abc import Iterable

from tmpass.execution.places import Key

DRAWN = 1
"""The mark of a value that follows from values that were drawn: on other inputs it may be different."""
RANDOM = 2
"""The mark of one that follows from what an operator drew from a generator: in another run it is different."""
ODD = 4
"""The mark of one whose size is not the one that the graph says."""

Mark = int
"""The sum of marks of a value. Not a Flag of enum, which takes a third of the time of a loop's round."""


class Marks:
    """The marks of the tensors of one run, by the tensor that holds the value."""

    def __init__(self) -> None:
        self._of: dict[Key, Mark] = {}

    def of(self, keys: Iterable[Key]) -> Mark:
        """All marks that one of `keys` has."""
        found = 0
        for key in keys:
            found |= self._of.get(key, 0)
        return found

    def set(self, key: Key, marks: Mark) -> None:
        """Give `key` these marks and no others."""
        self._of[key] = marks
