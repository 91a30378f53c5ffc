"""Arithmetic of rows: which rows of the input a window reads, and which rows of a part are right.

All indices are of the whole tensor. Along one axis, element g of a window operator's result reads the elements

    g * stride - before + dilation * j     for j in 0 .. size - 1

of its input, where `before` is the number of elements missing before the first. Columns are rows along another axis.
"""

from tmpass.base.record import record
from tmpass.graph.layer import Padding, Window


@record
class Span:
    """The rows [start, stop)."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def covers(self, other: "Span") -> bool:
        """Whether all rows of `other` are in it."""
        return self.start <= other.start and other.stop <= self.stop

    def hull(self, other: "Span | None") -> "Span":
        """The smallest span with the rows of both."""
        if other is None:
            return self
        return Span(min(self.start, other.start), max(self.stop, other.stop))


@record
class Reading:
    """A window over `length` rows of a whole tensor; it makes `count` rows, and `before` are missing at the start."""

    window: Window
    length: int
    count: int
    before: int

    def needed(self, rows: Span) -> Span:
        """The rows of the input that rows of the result read, without those outside the tensor."""
        stride = self.window.stride
        start = rows.start * stride - self.before
        stop = (rows.stop - 1) * stride - self.before + self.window.reach
        return Span(max(start, 0), min(stop, self.length))

    def missing(self, rows: Span) -> tuple[int, int]:
        """The rows that rows of the result read before the first and behind the last one of the tensor."""
        stride = self.window.stride
        above = self.before - rows.start * stride
        below = (rows.stop - 1) * stride - self.before + self.window.reach - self.length
        return max(above, 0), max(below, 0)

    def right(self, first: int, rows: int, valid: Span) -> Span:
        """Of `rows` rows of the result from `first` on, those that read no row of the tensor outside `valid`.

        A window that reaches over an end of `valid` counts as wrong, unless that is an end of the tensor.
        """
        stride, reach = self.window.stride, self.window.reach
        start, stop = first, min(first + rows, self.count)
        if valid.start > 0:
            start = max(start, -(-(valid.start + self.before) // stride))
        if valid.stop < self.length:
            stop = min(stop, (valid.stop - reach + self.before) // stride + 1)
        return Span(start, max(start, stop))

    def same(self, stored: Span, valid: Span) -> tuple[Span, Span] | None:
        """The result's rows with SAME padding on the rows `stored`, and those of them that are right.

        None where the windows of the part are at other rows than those of the whole.
        """
        rows, before = self.window.same(len(stored))
        first, rest = divmod(stored.start - before + self.before, self.window.stride)
        if rest or first < 0 or first + rows > self.count:
            return None
        return Span(first, first + rows), self.right(first, rows, valid)

    def unpadded(self, stored: Span, valid: Span) -> tuple[Span, Span] | None:
        """The same with VALID padding, where that of the whole is VALID."""
        first, rest = divmod(stored.start, self.window.stride)
        rows = (len(stored) - self.window.reach) // self.window.stride + 1
        if rest or rows < 1:
            return None
        return Span(first, first + rows), self.right(first, rows, valid)

    def same_input(self, rows: Span) -> Span | None:
        """The fewest rows of the input on which SAME padding makes all `rows` right, or None."""
        needed = self.needed(rows)
        for more in range(2 * self.window.stride + self.window.reach):
            for above in range(more + 1):
                stored = Span(needed.start - above, needed.stop + more - above)
                if stored.start < 0 or stored.stop > self.length:
                    continue
                found = self.same(stored, stored)
                if found is not None and found[1].covers(rows):
                    return stored
        return None


def reading(window: Window, padding: Padding, length: int, pads: tuple[int, int] = (0, 0)) -> Reading:
    """How an operator with this padding reads `length` rows; `pads` are those of EXPLICIT padding."""
    if padding is Padding.EXPLICIT:
        count = (length + sum(pads) - window.reach) // window.stride + 1
        return Reading(window, length, count, pads[0])
    if padding is Padding.SAME:
        return Reading(window, length, *window.same(length))
    return Reading(window, length, (length - window.reach) // window.stride + 1, 0)
