"""An operator with what is known of the tensors that go into it: all that a rule sees."""

from collections.abc import Callable, Sequence
from struct import unpack

from tmpass.graph.model import ABSENT

from .. import schema
from ..flatbuffer import Field, Scalar, Table
from ..tensors import Declared

Dim = int | str | None
"""A number, the name of an open dimension, or None where nobody can tell."""

Shape = tuple[Dim, ...]
"""Of a tensor whose rank is known."""

MOST_VALUES = 64
"""Of a tensor that says a shape, an axis or where to cut: one number for each axis."""


class Unknown(Exception):
    """What comes out of an operator cannot be told."""


class Impossible(Exception):
    """No kernel runs the operator on such shapes; the text says why."""


class OpContext:
    """Operator `kind` with `inputs` and `outputs` by tensor index, over tensors that have `shapes` by now."""

    __slots__ = ("_numbers", "_shapes", "_table", "inputs", "kind", "outputs", "tensors")

    def __init__(
        self,
        kind: str,
        table: Table,
        ends: tuple[Sequence[int], Sequence[int]],
        tensors: Sequence[Declared],
        shapes: Sequence[Shape | None],
        numbers: Callable[[int], Shape | None],
    ) -> None:
        self.kind, self._table = kind, table
        self.inputs, self.outputs = ends
        self.tensors, self._shapes, self._numbers = tensors, shapes, numbers

    def has(self, position: int) -> bool:
        """Whether there is an input at `position`."""
        return position < len(self.inputs) and self.inputs[position] != ABSENT

    def shape(self, position: int) -> Shape:
        """The shape of an input.

        Raises:
            Unknown: it is not there, or its rank is not known.
        """
        shape = self._shapes[self.inputs[position]] if self.has(position) else None
        if shape is None:
            raise Unknown
        return shape

    def dtype(self, position: int) -> str:
        """The name of the type of an input, which is there."""
        return self.tensors[self.inputs[position]].dtype.name

    def numbers(self, position: int) -> Shape:
        """The elements of an input of whole numbers, None for each that is not known.

        Raises:
            Unknown: not even how many there are is known.
        """
        if not self.has(position):
            raise Unknown
        known = self._numbers(self.inputs[position])
        if known is not None:
            return known
        shape = self.shape(position)
        count = 1
        for dim in shape:
            if not isinstance(dim, int):
                raise Unknown
            count *= dim
        if count > MOST_VALUES:
            raise Unknown
        return (None,) * count

    def whole(self, position: int) -> tuple[int, ...]:
        """The elements of an input of whole numbers.

        Raises:
            Unknown: one of them is not known.
        """
        known = self.numbers(position)
        numbers = tuple(number for number in known if isinstance(number, int))
        if len(numbers) < len(known):
            raise Unknown
        return numbers

    def number(self, position: int) -> int:
        """The only element of an input of whole numbers.

        Raises:
            Unknown: it is not known.
        """
        numbers = self.whole(position)
        if len(numbers) != 1:
            raise Unknown
        return numbers[0]

    def options(self, number: int) -> "Table | _NoOptions":
        """The options table with this `number`; where the operator has none, every field is 0, as for the runtimes.

        Raises:
            Unknown: it has one of another kind.
        """
        found = self._table.scalar(schema.Operator.BUILTIN_OPTIONS_TYPE)
        if found not in (0, number):
            raise Unknown
        return self._table.table(schema.Operator.BUILTIN_OPTIONS, "options") or _NO_OPTIONS if found else _NO_OPTIONS

    def second_options(self, number: int) -> "Table | _NoOptions":
        """As `options`, for the union BuiltinOptions2."""
        found = self._table.scalar(schema.Operator.BUILTIN_OPTIONS_2_TYPE)
        if found not in (0, number):
            raise Unknown
        return self._table.table(schema.Operator.BUILTIN_OPTIONS_2, "options") or _NO_OPTIONS if found else _NO_OPTIONS

    def longs(self, number: int, field: Field) -> tuple[int, ...]:
        """A vector of 64-bit integers in `second_options`; empty where it is left out."""
        data = self.second_options(number).vector(field, 8)
        if len(data) > 8 * MOST_VALUES:
            raise Unknown
        return unpack(f"<{len(data) // 8}q", data)

    def custom_options(self) -> bytes:
        """The bytes that a custom operator is configured with."""
        return self._table.vector(schema.Operator.CUSTOM_OPTIONS, 1)


class _NoOptions:
    """Stands for options that are left out."""

    def scalar(self, field: Scalar) -> int:
        """What a field that is left out is."""
        del field
        return 0

    def integers(self, field: Field) -> None:
        """What a vector that is left out is."""
        del field

    def vector(self, field: Field, width: int) -> bytes:
        """The bytes of a vector that is left out."""
        del field, width
        return b""


_NO_OPTIONS = _NoOptions()


def axis_of(axis: int, rank: int) -> int:
    """`axis`, which may count from the end, counted from the front.

    Raises:
        Impossible: the tensor does not have this axis.
    """
    if not -rank <= axis < rank:
        raise Impossible(f"there is no axis {axis} in a tensor of rank {rank}")
    return axis % rank
