"""Operators as layers: windows, padding and channels, which decide how an operator can be split."""

from collections.abc import Callable, Sequence

from tmpass.graph.layer import Layer, Padding, Role, Window
from tmpass.graph.model import ABSENT, Graph, Op, Subgraph, Tensor, TensorKind

from . import option_schema, schema
from .buffers import Buffers
from .flatbuffer import Table, root_table
from .tensors import Declared, read_numbers, read_tensors

_SAME = 0
_ROWS, _COLUMNS, _CHANNELS = 1, 2, 3

Shape = tuple[int, ...]


def read_layers(data: bytes, graph: Graph) -> tuple[Layer | None, ...]:
    """The layer of each operator of the main subgraph; None where it is not known how to split one.

    Args:
        data: the bytes of the file.
        graph: what was read from it, with all sizes known.

    Raises:
        ModelError: the file is damaged.
    """
    model = root_table(data, "model")
    buffers = Buffers(model, data)
    main = next(model.tables(schema.Model.SUBGRAPHS, "subgraph"))
    tensors = read_tensors(main, buffers)
    tables = main.tables(schema.SubGraph.OPERATORS, "operator")
    reader = _Reader(graph.subgraphs[0], tensors, buffers)
    return tuple(reader.layer(op, table) for op, table in zip(graph.subgraphs[0].ops, tables, strict=True))


class _Reader:
    """Operators of one subgraph."""

    def __init__(self, subgraph: Subgraph, declared: Sequence[Declared], buffers: Buffers) -> None:
        self._subgraph, self._declared, self._buffers = subgraph, declared, buffers
        self._kinds: dict[str, Callable[[Op, Table], Layer | None]] = {
            "CONV_2D": self._conv,
            "DEPTHWISE_CONV_2D": self._depthwise,
            "AVERAGE_POOL_2D": self._pool,
            "MAX_POOL_2D": self._pool,
            "PAD": self._pad,
            "FULLY_CONNECTED": self._dense,
            "MEAN": self._mean,
        }

    def layer(self, op: Op, table: Table) -> Layer | None:
        """The layer of an operator, or None."""
        if op.custom or len(op.outputs) != 1 or op.temporaries or op.calls:
            return None
        if any(self._tensor(t).shape is None or self._tensor(t).unknown for t in (*op.inputs, *op.outputs) if t >= 0):
            return None
        if any(self._tensor(t).kind is TensorKind.VARIABLE for t in (*op.inputs, *op.outputs) if t >= 0):
            return None  # each operator that touches a state runs once
        known = self._kinds.get(op.kind)
        if known is not None:
            return known(op, table)
        # The condition of SELECT may be one for each row.
        return self._pointwise(op) if op.elementwise and op.kind != "SELECT" else None

    def _conv(self, op: Op, table: Table) -> Layer | None:
        field = option_schema.Conv2DOptions
        options = self._options(table, field.NUMBER)
        image, weights = self._data_shape(op), self._shape(op, 1)
        if options is None or len(image) != 4 or len(weights) != 4 or not self._constants(op, 1):
            return None
        cut = weights[3] == image[3] and self._whole_bytes(op, 1)
        return Layer(
            Role.WINDOW,
            self._windows(options, field, weights[1:3]),
            self._padding(options.scalar(field.PADDING)),
            channelwise=False,
            filters=self._filters(op, 0) if cut else (),
        )

    def _depthwise(self, op: Op, table: Table) -> Layer | None:
        field = option_schema.DepthwiseConv2DOptions
        options = self._options(table, field.NUMBER)
        image, weights = self._data_shape(op), self._shape(op, 1)
        if options is None or len(image) != 4 or len(weights) != 4 or not self._constants(op, 1):
            return None
        single = weights[3] == image[3]
        cut = (single or image[3] == 1) and self._whole_bytes(op, 1)
        return Layer(
            Role.WINDOW,
            self._windows(options, field, weights[1:3]),
            self._padding(options.scalar(field.PADDING)),
            channelwise=single and cut,
            filters=self._filters(op, 3) if cut else (),
            multiplied=not single and cut,
        )

    def _pool(self, op: Op, table: Table) -> Layer | None:
        field = option_schema.Pool2DOptions
        options = self._options(table, field.NUMBER)
        if options is None or len(self._data_shape(op)) != 4:
            return None
        sizes = options.scalar(field.FILTER_HEIGHT), options.scalar(field.FILTER_WIDTH)
        strides = options.scalar(field.STRIDE_H), options.scalar(field.STRIDE_W)
        windows = Window(sizes[0], strides[0]), Window(sizes[1], strides[1])
        return Layer(Role.WINDOW, windows, self._padding(options.scalar(field.PADDING)), zero_padded=False)

    def _pad(self, op: Op, table: Table) -> Layer | None:
        del table
        shape, result = self._data_shape(op), self._shape(op, -1)
        numbers = read_numbers(self._declared[op.inputs[1]], self._buffers) if len(op.inputs) == 2 else None
        if len(shape) != 4 or numbers is None or len(numbers) != 8:
            return None
        given, made = (self._declared[t].quantization() for t in (op.inputs[0], op.outputs[0]))
        if given != made:  # the padding is a zero of the result, which is another number in the input
            return None
        pairs = [(numbers[2 * axis], numbers[2 * axis + 1]) for axis in range(4)]
        if pairs[0] != (0, 0) or pairs[_CHANNELS] != (0, 0) or min(numbers) < 0:
            return None
        grown = tuple(dim + sum(pair) for dim, pair in zip(shape, pairs, strict=True))
        return Layer(Role.PAD, pads=(pairs[_ROWS], pairs[_COLUMNS])) if grown == result else None

    def _dense(self, op: Op, table: Table) -> Layer | None:
        field = option_schema.FullyConnectedOptions
        options = self._options(table, field.NUMBER)
        if options is not None and options.scalar(field.WEIGHTS_FORMAT):  # rows are not one after the other
            return None
        result, weights = self._shape(op, -1), self._shape(op, 1)
        if len(weights) != 2 or not result or result[-1] != weights[0] or not self._constants(op, 1):
            return None
        if not self._data_shape(op):
            return None
        cut = self._whole_bytes(op, 1)
        return Layer(Role.DENSE, channelwise=False, filters=self._filters(op, 0)) if cut else None

    def _mean(self, op: Op, table: Table) -> Layer | None:
        del table
        shape, result = self._data_shape(op), self._shape(op, -1)
        axes = read_numbers(self._declared[op.inputs[1]], self._buffers) if len(op.inputs) == 2 else None
        if len(shape) != 4 or axes is None or {axis % 4 for axis in axes} != {_ROWS, _COLUMNS}:
            return None
        return Layer(Role.REDUCE) if result[-1:] == shape[3:] else None

    def _pointwise(self, op: Op) -> Layer | None:
        """Element-wise, with one element or one for each channel in constants and in inputs of another shape."""
        result, data, filters, shared = self._shape(op, -1), list[int](), list[tuple[int, int]](), list[int]()
        for position, t in enumerate(op.inputs):
            if t == ABSENT:
                return None
            shape = self._shape(op, position)
            if self._tensor(t).kind is TensorKind.ACTIVATION:
                if shape == result:
                    data.append(position)
                elif len(shape) == len(result) == 4 and shape == (1, 1, 1, result[3]):
                    shared.append(position)
                else:
                    return None
                continue
            channels = bool(shape) and shape[-1] == result[-1] and all(dim == 1 for dim in shape[:-1])
            if any(dim != 1 for dim in shape) and not (channels and self._whole_bytes(op, position)):
                return None
            if channels and shape[-1] > 1:
                filters.append((position, len(shape) - 1))
        if not data:
            return None
        return Layer(Role.POINTWISE, data=tuple(data), shared=tuple(shared), filters=tuple(filters))

    def _windows(self, options: Table, field: type, size: Shape) -> tuple[Window, Window]:
        known: type[option_schema.Conv2DOptions] = field  # of depthwise convolution: the same names
        strides = options.scalar(known.STRIDE_H), options.scalar(known.STRIDE_W)
        # An absent dilation is 1 by the schema.
        dilations = options.scalar(known.DILATION_H_FACTOR) or 1, options.scalar(known.DILATION_W_FACTOR) or 1
        return Window(size[0], strides[0], dilations[0]), Window(size[1], strides[1], dilations[1])

    @staticmethod
    def _padding(number: int) -> Padding:
        return Padding.SAME if number == _SAME else Padding.VALID

    def _filters(self, op: Op, axis: int) -> tuple[tuple[int, int], ...]:
        """The weights, cut along `axis`, and the bias if there is one."""
        bias = ((2, 0),) if len(op.inputs) > 2 and op.inputs[2] != ABSENT else ()
        return ((1, axis), *bias)

    def _constants(self, op: Op, first: int) -> bool:
        """Whether all inputs from position `first` on are constants."""
        return all(self._tensor(t).kind is TensorKind.CONSTANT for t in op.inputs[first:] if t != ABSENT)

    def _whole_bytes(self, op: Op, position: int) -> bool:
        """Whether each element of an input has bytes of its own: packed ones are not cut."""
        bits = self._tensor(op.inputs[position]).dtype.bits
        return bits is not None and bits % 8 == 0

    def _options(self, table: Table, number: int) -> Table | None:
        if table.scalar(schema.Operator.BUILTIN_OPTIONS_TYPE) != number:
            return None
        return table.table(schema.Operator.BUILTIN_OPTIONS, "options")

    def _tensor(self, t: int) -> Tensor:
        return self._subgraph.tensors[t]

    def _data_shape(self, op: Op) -> Shape:
        """The shape of the first input; empty where it is a constant or a variable, which has no rows to cut."""
        first = op.inputs[0] if op.inputs else ABSENT
        return self._shape(op, 0) if first != ABSENT and self._tensor(first).kind is TensorKind.ACTIVATION else ()

    def _shape(self, op: Op, position: int) -> Shape:
        """The shape of an input, or of the result at position -1; empty where it is absent."""
        t = op.outputs[0] if position < 0 else op.inputs[position] if position < len(op.inputs) else ABSENT
        return tuple(int(dim) for dim in self._tensor(t).shape or ()) if t != ABSENT else ()
