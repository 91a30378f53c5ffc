"""What a TFLite model computes: the options of its operators, the bytes of its constants, the scales of its tensors."""

from collections.abc import Sequence
from struct import unpack

from tmpass.graph.content import Content, OpContent, Sliding
from tmpass.graph.model import ABSENT, Graph, Op, TensorKind

from . import option_schema, schema
from .buffers import Buffers
from .draft_file import check_file
from .flatbuffer import Field, Table, root_table

_LARGE = 1 << 16
_ROWS, _COLUMNS = 1, 2
_CONVOLUTIONS = {"CONV_2D": option_schema.Conv2DOptions, "DEPTHWISE_CONV_2D": option_schema.DepthwiseConv2DOptions}
Fields = tuple[tuple[int, object], ...]

_BY_ROW = ("SELECT", "STABLEHLO_SELECT")
"""Element-wise operators that may have an input with one element for each index of the first axis."""

_POOLS = ("AVERAGE_POOL_2D", "MAX_POOL_2D")


def read_content(data: bytes, graph: Graph) -> Content:
    """All that decides what the model in `data` computes.

    Args:
        data: the bytes of a file with one subgraph.
        graph: what was read from it, with all sizes known.

    Raises:
        ModelError: the file is damaged, or has something that is not compared.
    """
    check_file(data)
    return _Reader(data, graph).read()


class _Reader:
    """A model while it is read."""

    def __init__(self, data: bytes, graph: Graph) -> None:
        self._graph, self._main = graph, graph.subgraphs[0]
        model = root_table(data, "model")
        (subgraph,) = model.tables(schema.Model.SUBGRAPHS, "subgraph")
        self._buffers = Buffers(model, data)
        self._tensors = list(subgraph.tables(schema.SubGraph.TENSORS, "tensor"))
        self._operators = list(subgraph.tables(schema.SubGraph.OPERATORS, "operator"))
        self._signatures = list(model.tables(schema.Model.SIGNATURE_DEFS, "signature"))

    def read(self) -> Content:
        """The content."""
        constants = {
            t: self._buffers.bytes_of(table.scalar(schema.Tensor.BUFFER))
            for t, (table, tensor) in enumerate(zip(self._tensors, self._main.tensors, strict=True))
            if tensor.kind is TensorKind.CONSTANT
        }
        scales = {t: found for t, table in enumerate(self._tensors) if (found := _scales(table)) is not None}
        ops = (self._operator(op, table) for op, table in zip(self._main.ops, self._operators, strict=True))
        signatures = tuple(self._signature(table) for table in self._signatures)
        return Content(self._graph, tuple(ops), constants, scales, signatures)

    def _signature(self, table: Table) -> object:
        """The key of a signature, and the names of its inputs and outputs with their positions."""
        found: list[object] = [table.string(schema.SignatureDef.SIGNATURE_KEY)]
        fields = schema.SignatureDef.INPUTS, schema.SignatureDef.OUTPUTS
        for field, ends in zip(fields, (self._main.inputs, self._main.outputs), strict=True):
            named = []
            for row in table.tables(field, "entry"):
                t = row.scalar(schema.TensorMap.TENSOR_INDEX)
                named.append((row.string(schema.TensorMap.NAME) or "", ends.index(t) if t in ends else -1))
            found.append(tuple(sorted(named)))
        return tuple(found)

    def _operator(self, op: Op, table: Table) -> OpContent:
        number = table.scalar(schema.Operator.BUILTIN_OPTIONS_TYPE)
        options = table.table(schema.Operator.BUILTIN_OPTIONS, "options") if number else None
        fields = _fields(options, number) if options else {}
        custom = table.vector(schema.Operator.CUSTOM_OPTIONS, 1)
        shape = self._shape(op.inputs[0]) if op.inputs else ()
        images = len(op.outputs) == 1 and len(self._shape(op.outputs[0])) == len(shape) == 4
        if op.kind in _CONVOLUTIONS and options is not None and images and self._filtered(op):
            return self._convolution(op, options, fields)
        if op.kind in _POOLS and options is not None and images:
            field = option_schema.Pool2DOptions
            sizes = options.scalar(field.FILTER_HEIGHT), options.scalar(field.FILTER_WIDTH)
            strides = options.scalar(field.STRIDE_H), options.scalar(field.STRIDE_W)
            if min(*sizes, *strides) < 1:
                return OpContent((op.kind, _without(fields, ())))
            same = options.scalar(field.PADDING) == 0
            sliding = _sliding(shape, sizes, strides, (1, 1), same=same)
            left = _without(fields, (field.PADDING.number,))
            return OpContent((op.kind, left), sliding, ignores=True, per_channel=())
        left = _without(fields, ())
        if op.kind == "FULLY_CONNECTED":
            if not self._weighted(op) or fields.get(option_schema.FullyConnectedOptions.WEIGHTS_FORMAT.number):
                return OpContent((op.kind, left))
            every = tuple(range(len(shape)))
            return OpContent((op.kind, left), per_channel=((1, 0), (2, 0)), each_channel=False, spatial=every)
        if op.kind == "MEAN":
            axes = self._numbers(op, 1)
            if len(shape) == 4 and {axis % 4 for axis in axes} == {_ROWS, _COLUMNS}:
                return OpContent((op.kind, left), per_channel=((1, None),), spatial=(_ROWS, _COLUMNS))
        moved = self._moved(op, options, left)
        if moved is not None:
            return moved
        known = op.elementwise and not op.custom and op.kind not in _BY_ROW
        return OpContent((op.kind, left, custom), per_channel=() if known else None)

    def _convolution(self, op: Op, options: Table, fields: dict[int, object]) -> OpContent:
        depthwise = op.kind == "DEPTHWISE_CONV_2D"
        field = option_schema.DepthwiseConv2DOptions if depthwise else option_schema.Conv2DOptions
        image, weights = self._shape(op.inputs[0]), self._shape(op.inputs[1])
        strides = options.scalar(field.STRIDE_H), options.scalar(field.STRIDE_W)
        dilations = options.scalar(field.DILATION_H_FACTOR) or 1, options.scalar(field.DILATION_W_FACTOR) or 1
        if min(*strides, *dilations) < 1:  # no interpreter runs it
            return OpContent((op.kind, _without(fields, ())))
        same = options.scalar(field.PADDING) == 0
        sliding = _sliding(image, weights[1:3], strides, dilations, same=same)
        gone = [field.PADDING.number]
        if depthwise:  # the multiplier follows from the shapes
            gone.append(option_schema.DepthwiseConv2DOptions.DEPTH_MULTIPLIER.number)
        axis = 3 if depthwise else 0
        each = depthwise and weights[3] == image[3]
        whole = depthwise and not each and image[3] != 1
        grouped = not depthwise and weights[3] != image[3]
        ordered = whole or grouped
        cut: tuple[tuple[int, int | None], ...] | None = ((1, None), (2, None)) if ordered else ((1, axis), (2, 0))
        if not self._weighted(op):
            cut = None
        left = _without(fields, gone)
        return OpContent((op.kind, left), sliding, per_channel=cut, ordered=ordered, each_channel=each)

    def _filtered(self, op: Op) -> bool:
        """Whether the weights of a convolution have four axes. If not, no interpreter runs it."""
        return len(op.inputs) > 1 and op.inputs[1] != ABSENT and len(self._shape(op.inputs[1])) == 4

    def _weighted(self, op: Op) -> bool:
        """Whether all inputs but the first one are constants."""
        kinds = [self._main.tensors[t].kind if t != ABSENT else TensorKind.CONSTANT for t in op.inputs]
        return kinds[0] is not TensorKind.CONSTANT and all(kind is TensorKind.CONSTANT for kind in kinds[1:])

    def _moved(self, op: Op, options: Table | None, left: Fields) -> OpContent | None:
        """A slice, a padding or a concat whose numbers the file has; None for anything else."""
        rank = len(self._shape(op.outputs[0])) if op.outputs else 0
        if op.kind == "SLICE":
            begin, size, shape = self._numbers(op, 1), self._numbers(op, 2), self._shape(op.inputs[0])
            if len(begin) == len(size) == len(shape):
                pairs = [(b, dim - b if n < 0 else n) for b, n, dim in zip(begin, size, shape, strict=True)]
                return OpContent((op.kind, left), slices=tuple(pairs))
        if op.kind == "PAD" and len(numbers := self._numbers(op, 1)) == 2 * rank:
            pads = tuple((numbers[2 * axis], numbers[2 * axis + 1]) for axis in range(rank))
            return OpContent((op.kind, left), pads=pads)
        if op.kind == "CONCATENATION" and options is not None:
            field = option_schema.ConcatenationOptions
            if not options.scalar(field.FUSED_ACTIVATION):
                return OpContent((op.kind, left), joins=options.scalar(field.AXIS) % max(rank, 1))
        return None

    def _numbers(self, op: Op, position: int) -> tuple[int, ...]:
        """The 32-bit or 64-bit numbers of a constant input; none where it has no data."""
        if position >= len(op.inputs) or op.inputs[position] == ABSENT:
            return ()
        t = op.inputs[position]
        if self._main.tensors[t].kind is not TensorKind.CONSTANT:
            return ()
        layout = {"int32": "i", "int64": "q"}.get(self._main.tensors[t].dtype.name)
        content = self._buffers.small(self._tensors[t].scalar(schema.Tensor.BUFFER), _LARGE)
        width = 8 if layout == "q" else 4
        return unpack(f"<{len(content) // width}{layout}", content) if layout and len(content) % width == 0 else ()

    def _shape(self, t: int) -> tuple[int, ...]:
        return tuple(dim if isinstance(dim, int) else -1 for dim in self._main.tensors[t].shape or ())


def _sliding(
    shape: Sequence[int], sizes: Sequence[int], strides: Sequence[int], dilations: Sequence[int], *, same: bool
) -> tuple[Sliding, ...]:
    found = []
    for axis, size, stride, dilation in zip((_ROWS, _COLUMNS), sizes, strides, dilations, strict=True):
        length, reach = shape[axis], (size - 1) * dilation + 1
        missing = (-(-length // stride) - 1) * stride + reach - length if same else 0
        found.append(Sliding(axis, size, stride, dilation, max(missing, 0) // 2))
    return tuple(found)


def _fields(options: Table, number: int) -> dict[int, object]:
    """The fields of options that have another value than an absent field has."""
    found: dict[int, object] = {}
    for f, raw in options.raw_fields():
        width = option_schema.ALL_VECTORS.get((number, f))
        value: object = int.from_bytes(raw, "little") if width is None else options.vector(Field(f, "options"), width)
        if value != option_schema.DEFAULTS.get((number, f), 0):
            found[f] = value
    return found


def _without(fields: dict[int, object], gone: Sequence[int]) -> Fields:
    """The fields of an options table except those in `gone`, in the order of their numbers."""
    return tuple((f, value) for f, value in sorted(fields.items()) if f not in gone)


def _scales(table: Table) -> tuple[int, tuple[bytes, ...]] | None:
    """The axis of a tensor's scales, and each scale with its zero point; None where there are none."""
    field = schema.QuantizationParameters
    parameters = table.table(schema.Tensor.QUANTIZATION, "quantization")
    if parameters is None or not parameters.has(field.SCALE):
        return None
    scales, zeros = parameters.vector(field.SCALE, 4), parameters.vector(field.ZERO_POINT, 8)
    count = len(scales) // 4
    step = 0 if len(zeros) == 8 else 8
    pairs = tuple(scales[4 * n : 4 * n + 4] + zeros[step * n : step * n + 8] for n in range(count))
    return parameters.scalar(field.QUANTIZED_DIMENSION), pairs
