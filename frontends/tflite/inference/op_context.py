"""The input of a shape rule: an operator with the known facts about its inputs."""

from collections.abc import Callable, Sequence
from struct import unpack

from tmpass.graph.model import ABSENT

from .. import schema
from ..flatbuffer import Field, Scalar, Table
from ..tensors import Declared

Dim = int | str | None
"""A number, the name of an open dimension, or None for an unknown one."""

Shape = tuple[Dim, ...]
"""The shape of a tensor whose rank is known."""

MOST_VALUES = 64
"""The most elements of a tensor that holds a shape, an axis or where to cut: one for each axis."""


class Unknown(Exception):
    """The output shapes of an operator are not known before a run."""


class Impossible(Exception):
    """No kernel can run the operator on these shapes; the text says why."""


class OpContext:
    """An operator and the known facts about its inputs.

    Args:
        kind: of the operator.
        table: its table in the file.
        ends: the tensor indices of its inputs and of its outputs.
        tensors: of the subgraph, as the file declares them.
        shapes: of the tensors, as far as they are settled.
        numbers: returns the known elements of a tensor of whole numbers.
    """

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
            Unknown: it is absent, or its rank is not known.
        """
        shape = self._shapes[self.inputs[position]] if self.has(position) else None
        if shape is None:
            raise Unknown
        return shape

    def dtype(self, position: int) -> str:
        """The name of the element type of an input, which must be present."""
        return self.tensors[self.inputs[position]].dtype.name

    def numbers(self, position: int) -> Shape:
        """The elements of an input of whole numbers, None for each that is not known.

        Raises:
            Unknown: not even their number is known.
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
            Unknown: an element is not known.
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
        """The options table with this `number`; if the operator has none, all fields are 0, as in the runtimes.

        Raises:
            Unknown: the operator has options of another kind.
        """
        found = self._table.scalar(schema.Operator.BUILTIN_OPTIONS_TYPE)
        if found not in (0, number):
            raise Unknown
        return self._table.table(schema.Operator.BUILTIN_OPTIONS, "options") or _NO_OPTIONS if found else _NO_OPTIONS

    def second_options(self, number: int) -> "Table | _NoOptions":
        """The same as `options`, for the union BuiltinOptions2."""
        found = self._table.scalar(schema.Operator.BUILTIN_OPTIONS_2_TYPE)
        if found not in (0, number):
            raise Unknown
        return self._table.table(schema.Operator.BUILTIN_OPTIONS_2, "options") or _NO_OPTIONS if found else _NO_OPTIONS

    def longs(self, number: int, field: Field) -> tuple[int, ...]:
        """A vector of 64-bit integers in `second_options`; empty where it is absent."""
        data = self.second_options(number).vector(field, 8)
        if len(data) > 8 * MOST_VALUES:
            raise Unknown
        return unpack(f"<{len(data) // 8}q", data)

    def custom_options(self) -> bytes:
        """The bytes of the options of a custom operator."""
        return self._table.vector(schema.Operator.CUSTOM_OPTIONS, 1)


class _NoOptions:
    """Stands for absent options."""

    def scalar(self, field: Scalar) -> int:
        """The value of an absent field."""
        del field
        return 0

    def integers(self, field: Field) -> None:
        """The value of an absent vector of integers."""
        del field

    def vector(self, field: Field, width: int) -> bytes:
        """The bytes of an absent vector."""
        del field, width
        return b""


_NO_OPTIONS = _NoOptions()


def axis_of(axis: int, rank: int) -> int:
    """Return `axis` counted from the front; a negative one counts from the end.

    Raises:
        Impossible: the tensor does not have this axis.
    """
    if not -rank <= axis < rank:
        raise Impossible(f"there is no axis {axis} in a tensor of rank {rank}")
    return axis % rank
