"""How a format writes the operators that a draft adds, and where its tensors have rows, columns and channels."""

from collections.abc import Mapping
from enum import StrEnum

from tmpass.base.dtypes import DType
from tmpass.base.record import record


@record
class Axes:
    """Where the tensors of a format have rows, columns and channels.

    Fields:
        rows, columns: axes of a tensor that has both; with one axis less it has rows only.
        channels: the axis of the channels, counted from the end where it is negative.
        ranks: how many axes a tensor has that can be cut along rows.
    """

    rows: int
    columns: int
    channels: int
    ranks: tuple[int, ...]

    @property
    def spatial(self) -> tuple[int, int]:
        """The axes of rows and columns."""
        return self.rows, self.columns

    def of_channels(self, rank: int) -> int:
        """The axis of the channels of a tensor with `rank` axes."""
        return self.channels % max(rank, 1)


class New(StrEnum):
    """An operator that no original has."""

    SLICE = "slice"
    PAD = "pad"
    CONCAT = "concat"


class Operands(StrEnum):
    """How an operator that a draft adds says where it cuts, or how much it pads.

    SIZES  constants with the first indices and the lengths along all axes; pads in pairs
    ENDS   constants with the first index, the one past the last, and the axis; pads before all axes, then after
    """

    SIZES = "sizes"
    ENDS = "ends"


@record
class Dialect:
    """How a format writes what a draft adds.

    Fields:
        kinds: the names of new operators.
        axes: of rows, columns and channels.
        slices, pads: the operands of SLICE and PAD; None where the operators have the numbers themselves.
        numbers: the element type of new constants.
        fewest_filters: the fewest that a group should have of a convolution or dense layer. With a single one, a
            product of matrices is one of a matrix and a vector, which kernels sum up in another order.
    """

    kinds: Mapping[New, str]
    axes: Axes
    slices: Operands | None
    pads: Operands | None
    numbers: DType
    fewest_filters: int = 1
