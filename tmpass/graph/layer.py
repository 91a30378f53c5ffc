"""How the elements of an operator's result depend on those of its inputs: what a split of the operator has to keep."""

from enum import StrEnum

from tmpass.base.record import record


class Role(StrEnum):
    """What an operator does along the rows, the columns and the channels of a tensor.

    WINDOW     an element reads a window of rows and columns
    PAD        puts constant rows and columns around its input
    POINTWISE  an element reads the elements at the same place
    DENSE      an element reads a whole row of the last axis: fully connected
    REDUCE     an element reads all rows and columns of its channel
    """

    WINDOW = "window"
    PAD = "pad"
    POINTWISE = "pointwise"
    DENSE = "dense"
    REDUCE = "reduce"


class Padding(StrEnum):
    """What a window reads outside its input.

    SAME      nothing is read there; the result has one element for each step of the stride
    VALID     windows do not reach outside
    EXPLICIT  as many elements are missing on each side as the operator says
    """

    SAME = "same"
    VALID = "valid"
    EXPLICIT = "explicit"


@record
class Window:
    """The window along one axis.

    Fields:
        size: its elements.
        stride: from one window to the next.
        dilation: from one element of it to the next.
    """

    size: int = 1
    stride: int = 1
    dilation: int = 1

    @property
    def reach(self) -> int:
        """The elements from its first to one past its last."""
        return (self.size - 1) * self.dilation + 1

    def same(self, length: int) -> tuple[int, int]:
        """The number of windows over `length` elements with SAME padding, and the elements missing before the first."""
        count = -(-length // self.stride)
        return count, max((count - 1) * self.stride + self.reach - length, 0) // 2

    def missing(self, length: int) -> tuple[int, int]:
        """The elements missing before and after `length` elements with SAME padding."""
        count, before = self.same(length)
        return before, max((count - 1) * self.stride + self.reach - length - before, 0)


@record
class Layer:
    """One operator as far as splits are concerned. Pairs are for rows and columns.

    Fields:
        role: of the operator.
        windows: of a WINDOW.
        padding: of a WINDOW.
        pads: of a PAD or of EXPLICIT padding, the elements before and after, for rows and columns.
        data: positions of inputs with rows, columns and channels of their own: they are cut as the result is.
        shared: positions of inputs that have channels, but one row and one column, which all of the result's read.
        channelwise: whether a channel of the result depends on the same channel of `data` only.
        filters: (position, axis) of constants that are cut where the channels of the result are.
        multiplied: one channel of the input makes all of the result: cut as with `filters`, and the option changes.
        zero_padded: whether explicit zeros around the input give what padding gives: not for pooling.
    """

    role: Role
    windows: tuple[Window, Window] = (Window(), Window())
    padding: Padding = Padding.VALID
    pads: tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0))
    data: tuple[int, ...] = (0,)
    shared: tuple[int, ...] = ()
    channelwise: bool = True
    filters: tuple[tuple[int, int], ...] = ()
    multiplied: bool = False
    zero_padded: bool = True
