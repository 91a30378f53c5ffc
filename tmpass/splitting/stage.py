"""A stage: consecutive operators that run in parts, and how they are cut."""

from tmpass.base.record import record
from tmpass.splitting.along import Along


@record
class Stage:
    """Operators that run in parts.

    Fields:
        first, last: positions in the order of the net, both inclusive.
        along: the axis.
        bounds: indices of the result along the axis: part n is [bounds[n], bounds[n + 1]).
        carry: wrong rows at the edges of a part are computed on, and removed at the end only.
        padded: windows with SAME padding get explicit zeros instead, so no row is wrong. Not with `carry`.
    """

    first: int
    last: int
    along: Along
    bounds: tuple[int, ...]
    carry: bool = False
    padded: bool = False

    @property
    def parts(self) -> int:
        """How many parts there are."""
        return len(self.bounds) - 1


def equal_bounds(length: int, parts: int, step: int) -> tuple[int, ...] | None:
    """Bounds of at most `parts` parts of `length` elements at multiples of `step`; None for a single part."""
    size = -(-length // parts)
    size = -(-size // step) * step
    bounds = (*range(0, length, size), length)
    return bounds if len(bounds) > 2 else None
