"""Operators that only pass bytes on: view, concat, split, slice."""

from collections.abc import Sequence

from tmpass.base.dtypes import DType
from tmpass.graph.model import ABSENT, Dim, Move, Moves

from . import option_schema, schema
from .buffers import Buffers
from .flatbuffer import Table
from .tensors import Declared, read_numbers

VIEWS = frozenset(("RESHAPE", "SQUEEZE", "EXPAND_DIMS", "STABLEHLO_RESHAPE"))
"""Operators whose first output has the elements of their first input, in the same order."""

MOVING = VIEWS | {"CONCATENATION", "PACK", "SPLIT", "SPLIT_V", "UNPACK", "SLICE", "STRIDED_SLICE"}
Shape = tuple[Dim, ...]


def read_moves(
    operator: Table,
    name: str,
    inputs: Sequence[int],
    outputs: Sequence[int],
    tensors: Sequence[Declared],
    shapes: Sequence[Shape | None],
    buffers: Buffers,
) -> Moves | None:
    """Return the bytes that a built-in operator passes on unchanged; None where it computes, or this is not certain.

    Args:
        operator: its table.
        name: its kind.
        inputs: the indices of its inputs.
        outputs: the indices of its outputs.
        tensors: as the file declares them.
        shapes: of the graph; bindings may have changed the declared ones.
        buffers: of the model.
    """
    if name not in MOVING or not inputs or not outputs:
        return None
    if name in VIEWS:
        if ABSENT in (inputs[0], outputs[0]) or tensors[inputs[0]].dtype != tensors[outputs[0]].dtype:
            return None
        return Moves(Move.VIEW)
    if ABSENT in (*inputs, *outputs):
        return None
    ends = [_End(tensors[t], shapes[t]) for t in inputs], [_End(tensors[t], shapes[t]) for t in outputs]
    reader = _Reader(operator, *ends, buffers)
    return getattr(reader, name.lower())()  # type: ignore[no-any-return]


class _End:
    """An input or output of the operator: a tensor, and its shape in the graph."""

    __slots__ = ("shape", "tensor")

    def __init__(self, tensor: Declared, shape: Shape | None) -> None:
        self.tensor, self.shape = tensor, shape

    @property
    def dtype(self) -> DType:
        """The type of its elements."""
        return self.tensor.dtype

    @property
    def numbers(self) -> tuple[int, ...] | None:
        """Its shape, None where a dimension is open."""
        if self.shape is None or any(isinstance(dim, str) for dim in self.shape):
            return None
        return tuple(map(int, self.shape))


class _Reader:
    """One operator without absent inputs or outputs. It has a method for each kind."""

    def __init__(self, operator: Table, inputs: Sequence[_End], outputs: Sequence[_End], buffers: Buffers) -> None:
        self.operator, self.inputs, self.outputs, self.buffers = operator, inputs, outputs, buffers

    def concatenation(self) -> Moves | None:
        """Join the inputs along an axis, if none is requantized."""
        options = self._options(option_schema.ConcatenationOptions.NUMBER)
        if options is None or options.scalar(option_schema.ConcatenationOptions.FUSED_ACTIVATION):
            return None
        if any(t.tensor.quantization() != self.outputs[0].tensor.quantization() for t in self.inputs):
            return None
        return self._join(options.scalar(option_schema.ConcatenationOptions.AXIS))

    def pack(self) -> Moves | None:
        """Join the inputs along a new axis."""
        options = self._options(option_schema.PackOptions.NUMBER)
        return None if options is None else self._join(options.scalar(option_schema.PackOptions.AXIS))

    def unpack(self) -> Moves | None:
        """Cut the input along an axis that the outputs do not have."""
        options = self._options(option_schema.UnpackOptions.NUMBER)
        return None if options is None else self._cut(0, options.scalar(option_schema.UnpackOptions.AXIS))

    def split(self) -> Moves | None:
        """Cut the second input along the axis that the first one names."""
        axis = self._constant(0)
        return self._cut(1, axis[0]) if len(self.inputs) > 1 and axis is not None and len(axis) == 1 else None

    def split_v(self) -> Moves | None:
        """Cut the first input along the axis that the third one names."""
        axis = self._constant(2)
        return self._cut(0, axis[0]) if axis is not None and len(axis) == 1 else None

    def slice(self) -> Moves | None:
        """Take a slice with the begin and the size in the second and third input."""
        shape, begin, length = self.inputs[0].numbers, self._constant(1), self._constant(2)
        if not shape or begin is None or length is None or not len(shape) == len(begin) == len(length):
            return None
        spans = [(b, dim if n == -1 else b + n) for dim, b, n in zip(shape, begin, length, strict=True)]
        return self._piece(shape, spans, ())

    def strided_slice(self) -> Moves | None:
        """Take a slice with the begin and the end in the second and third input, if all steps are 1."""
        options = self._options(option_schema.StridedSliceOptions.NUMBER)
        shape = self.inputs[0].numbers
        begin, end, strides = (self._constant(n) for n in (1, 2, 3))
        if not shape or options is None or begin is None or end is None or strides is None:
            return None
        field = option_schema.StridedSliceOptions
        if any(options.scalar(f) for f in (field.ELLIPSIS_MASK, field.NEW_AXIS_MASK, field.OFFSET)):
            return None
        if not len(shape) == len(begin) == len(end) == len(strides) or set(strides) != {1}:
            return None
        begin_mask, end_mask = options.scalar(field.BEGIN_MASK), options.scalar(field.END_MASK)
        shrink = [axis for axis in range(len(shape)) if options.scalar(field.SHRINK_AXIS_MASK) >> axis & 1]
        spans = []
        for axis, dim in enumerate(shape):
            low = begin[axis] + dim * (begin[axis] < 0)
            high = end[axis] + dim * (end[axis] < 0)
            if begin_mask >> axis & 1:
                low = 0  # also where the axis is left out of the result
            if axis in shrink:
                spans.append((low, low + 1))
                continue
            low = max(low, 0)
            spans.append((low, dim if end_mask >> axis & 1 else min(high, dim)))
        return self._piece(shape, spans, shrink)

    def _piece(self, shape: Sequence[int], spans: Sequence[tuple[int, int]], without: Sequence[int]) -> Moves | None:
        """The moves for the piece `spans` of `shape`, if it is cut along one axis only, and has the output's shape."""
        if any(not 0 <= low <= high <= dim for dim, (low, high) in zip(shape, spans, strict=True)):
            return None
        left = tuple(high - low for axis, (low, high) in enumerate(spans) if axis not in without)
        cut = [axis for axis, dim in enumerate(shape) if spans[axis] != (0, dim)]
        if left != (self.outputs[0].shape or ()) or len(cut) > 1 or not self._one_type(self.inputs[0], self.outputs):
            return None
        axis = cut[0] if cut else 0
        return Moves(Move.SLICE, axis=axis, start=spans[axis][0])

    def _join(self, axis: int) -> Moves | None:
        known = self._axis(self.outputs[0], axis)
        if known is None or not self._one_type(self.outputs[0], self.inputs):
            return None
        return Moves(Move.CONCAT, parts=tuple(range(len(self.inputs))), axis=known)

    def _cut(self, whole: int, axis: int) -> Moves | None:
        known = self._axis(self.inputs[whole], axis)
        if known is None or not self._one_type(self.inputs[whole], self.outputs):
            return None
        return Moves(Move.SPLIT, whole=whole, parts=tuple(range(len(self.outputs))), axis=known)

    @staticmethod
    def _axis(whole: _End, axis: int) -> int | None:
        rank = len(whole.shape or ())
        return axis % rank if -rank <= axis < rank else None

    @staticmethod
    def _one_type(whole: _End, parts: Sequence[_End]) -> bool:
        return all(part.dtype == whole.dtype for part in parts)

    def _options(self, number: int) -> Table | None:
        if self.operator.scalar(schema.Operator.BUILTIN_OPTIONS_TYPE) != number:
            return None
        return self.operator.table(schema.Operator.BUILTIN_OPTIONS, "options")

    def _constant(self, position: int) -> tuple[int, ...] | None:
        """The numbers that the file has for an input, or None."""
        return read_numbers(self.inputs[position].tensor, self.buffers) if position < len(self.inputs) else None
