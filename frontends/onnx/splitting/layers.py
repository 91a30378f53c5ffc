"""Operators as layers: windows, padding and channels, which decide how an operator can be split."""

from collections.abc import Callable

from onnx import NodeProto, TensorProto

from tmpass.graph.layer import Layer, Padding, Role
from tmpass.graph.model import ABSENT, Graph, Op, Subgraph, Tensor, TensorKind

from ..element_types import dtype_of
from ..moves import constant
from ..stored import stored_value
from .attributes import integer, integers, text
from .derived import operands_of
from .dialect import AXES
from .open_file import OpenedFile, open_file
from .windows import Windows, find_windows, runs_with

_CHANNELS = AXES.channels
Shape = tuple[int, ...]
Filters = tuple[tuple[int, int], ...]


def read_layers(data: bytes, graph: Graph) -> tuple[Layer | None, ...]:
    """The layer of each operator of the main subgraph; None where it is not known how to split one.

    Args:
        data: the bytes of the file.
        graph: what was read from it, with all sizes known.

    Raises:
        ModelError: the file has more than one graph.
    """
    file = open_file(data)
    reader = _Reader(file, graph.subgraphs[0])
    return tuple(reader.layer(op, node) for op, node in zip(graph.subgraphs[0].ops, file.nodes, strict=True))


class _Reader:
    """Operators of one graph."""

    def __init__(self, file: OpenedFile, subgraph: Subgraph) -> None:
        self._file, self._subgraph = file, subgraph
        self._kinds: dict[str, Callable[[Op, NodeProto], Layer | None]] = {
            "Conv": lambda op, node: self._conv(op, node, 1, 2),
            "QLinearConv": self._quantized_conv,
            "MaxPool": self._pool,
            "AveragePool": self._pool,
            "GlobalAveragePool": self._global_pool,
            "GlobalMaxPool": self._global_pool,
            "ReduceMean": self._reduce,
            "ReduceMax": self._reduce,
            "ReduceSum": self._reduce,
            "Pad": self._pad,
            "Gemm": self._gemm,
            "MatMul": self._matmul,
            "BatchNormalization": self._normalization,
            "QuantizeLinear": self._quantize,
            "DequantizeLinear": self._quantize,
        }

    def layer(self, op: Op, node: NodeProto) -> Layer | None:
        """The layer of an operator, or None."""
        made = [t for t in op.outputs if t != ABSENT]
        used = [t for t in (*op.inputs, *made) if t != ABSENT]
        if op.custom or op.random or op.calls or len(op.outputs) != 1 or not made or not op.inputs:
            return None
        if any(self._tensor(t).shape is None or self._tensor(t).unknown for t in used):
            return None
        known = self._kinds.get(op.kind)
        if known is not None:
            return known(op, node) if self._data_shape(op) else None
        return self._pointwise(op) if op.elementwise else None

    def _conv(self, op: Op, node: NodeProto, weights: int, bias: int, more: tuple[int, ...] = ()) -> Layer | None:
        """A convolution; `more` are positions of other constants that may have one element for each filter."""
        image, filters, made = self._data_shape(op), self._shape(op, weights), self._shape(op, -1)
        if len(filters) != len(image) or len(made) != len(image) or not self._constants(op):
            return None
        found = find_windows(node, filters[2:], image, made)
        groups = integer(node, "group", 1)
        if found is None or filters[1] * groups != image[_CHANNELS]:
            return None
        depthwise = 1 < groups == image[_CHANNELS] == filters[0]
        vectors = [at for at in more if self._shape(op, at) == (filters[0],) and filters[0] > 1]
        cut = [weights, *vectors, *([bias] if self._given(op, bias) else [])]
        can = (groups == 1 or depthwise) and all(self._cuttable(op, at, 0) for at in cut)
        return self._window(
            found, channelwise=depthwise and can, filters=tuple((at, 0) for at in cut) if can else (), zeros=not more
        )

    def _quantized_conv(self, op: Op, node: NodeProto) -> Layer | None:
        return self._conv(op, node, 3, 8, (4, 5))

    @staticmethod
    def _window(found: Windows, *, channelwise: bool, filters: Filters, zeros: bool) -> Layer:
        return Layer(
            Role.WINDOW,
            found.windows,
            Padding.EXPLICIT,
            found.pads,
            channelwise=channelwise,
            filters=filters,
            zero_padded=zeros,
        )

    def _pool(self, op: Op, node: NodeProto) -> Layer | None:
        image, size = self._data_shape(op), integers(node, "kernel_shape")
        if size is None or len(op.inputs) != 1:
            return None
        found = find_windows(node, size, image, self._shape(op, -1))
        if found is None:
            return None
        beyond = integer(node, "ceil_mode", 0) != 0
        if not runs_with(found):
            return None
        if beyond and op.kind == "AveragePool" and integer(node, "count_include_pad", 0):
            return None  # what is beyond the padding does not count, what is in it does
        return self._window(found, channelwise=True, filters=(), zeros=False)

    def _global_pool(self, op: Op, node: NodeProto) -> Layer | None:
        del node
        return Layer(Role.REDUCE) if len(self._data_shape(op)) in AXES.ranks else None

    def _reduce(self, op: Op, node: NodeProto) -> Layer | None:
        """A reduction over all rows and columns."""
        shape, axes = self._data_shape(op), integers(node, "axes")
        if len(op.inputs) > 1 and op.inputs[1] != ABSENT:
            axes = constant(node.input[1], self._file.scope)
        rank = len(shape)
        if rank not in AXES.ranks or not axes or {axis % rank for axis in axes} != set(range(2, rank)):
            return None
        return Layer(Role.REDUCE)

    def _pad(self, op: Op, node: NodeProto) -> Layer | None:
        shape, made = self._data_shape(op), self._shape(op, -1)
        numbers = integers(node, "pads") if self._file.version < 11 else constant(node.input[1], self._file.scope)
        if text(node, "mode", "constant") != "constant" or not self._zero(op, node):
            return None
        if len(op.inputs) > 3 and op.inputs[3] != ABSENT:  # for some axes only
            return None
        rank = len(shape)
        if rank not in AXES.ranks or numbers is None or len(numbers) != 2 * rank or min(numbers) < 0:
            return None
        pairs = [(numbers[axis], numbers[axis + rank]) for axis in range(rank)]
        grown = tuple(dim + sum(pair) for dim, pair in zip(shape, pairs, strict=True))
        if pairs[:2] != [(0, 0), (0, 0)] or grown != made:
            return None
        return Layer(Role.PAD, pads=(pairs[2], pairs[3] if rank == 4 else (0, 0)))

    def _zero(self, op: Op, node: NodeProto) -> bool:
        """Whether a Pad pads with zeros."""
        if self._file.version < 11:
            return not any(a.name == "value" and a.f for a in node.attribute)
        if not self._given(op, 2):
            return True
        tensor = self._file.stored.get(node.input[2])
        value = None if tensor is None else stored_value(tensor)
        return value is not None and value.size == 1 and value.tobytes().strip(b"\0") == b""

    def _gemm(self, op: Op, node: NodeProto) -> Layer | None:
        shape, weights, made = self._data_shape(op), self._shape(op, 1), self._shape(op, -1)
        if len(shape) != 2 or len(weights) != 2 or integer(node, "transA", 0) or not self._constants(op):
            return None
        filters = [(1, 0 if integer(node, "transB", 0) else 1)]
        bias = self._shape(op, 2)
        if bias and bias[-1] == made[1] > 1:
            filters.append((2, len(bias) - 1))
        can = all(self._cuttable(op, *pair) for pair in filters)
        return Layer(Role.DENSE, channelwise=False, filters=tuple(filters)) if can else None

    def _matmul(self, op: Op, node: NodeProto) -> Layer | None:
        del node
        if len(self._data_shape(op)) != 2 or len(self._shape(op, 1)) != 2 or not self._cuttable(op, 1, 1):
            return None
        return Layer(Role.DENSE, channelwise=False, filters=((1, 1),))

    def _normalization(self, op: Op, node: NodeProto) -> Layer | None:
        shape = self._data_shape(op)
        if len(shape) not in AXES.ranks or not self._constants(op) or len(op.inputs) != 5 or self._file.version < 7:
            return None
        if integer(node, "training_mode", 0) or not integer(node, "spatial", 1):
            return None
        filters = tuple((at, 0) for at in range(1, 5))
        can = all(self._cuttable(op, *pair) for pair in filters)
        return Layer(Role.POINTWISE, channelwise=can, filters=filters if can else ())

    def _quantize(self, op: Op, node: NodeProto) -> Layer | None:
        shape = self._data_shape(op)
        if not self._constants(op) or any(len(self._shape(op, at)) > 1 for at in range(1, len(op.inputs))):
            return None
        vectors = [at for at in range(1, len(op.inputs)) if self._shape(op, at) and self._shape(op, at) != (1,)]
        if vectors and integer(node, "axis", 1) % len(shape) != _CHANNELS % len(shape):
            return None
        can = all(self._cuttable(op, at, 0) for at in vectors)
        return Layer(Role.POINTWISE, channelwise=can, filters=tuple((at, 0) for at in vectors) if can else ())

    def _pointwise(self, op: Op) -> Layer | None:
        """Element-wise, with one element or one for each channel in constants and in inputs of another shape."""
        result = self._shape(op, -1)
        data, shared, filters, can = list[int](), list[int](), list[tuple[int, int]](), True
        for position, t in enumerate(op.inputs):
            if t == ABSENT:
                continue
            shape = self._shape(op, position)
            constant = self._tensor(t).kind is TensorKind.CONSTANT
            axis = AXES.of_channels(len(result)) - (len(result) - len(shape))
            if not constant and shape == result:
                data.append(position)
                continue
            if any(dim != 1 for n, dim in enumerate(shape) if n != axis and (constant or n)):
                return None
            channels = 0 <= axis < len(shape) and shape[axis] == result[_CHANNELS % len(result)] > 1
            if not constant:
                if len(shape) != len(result) or not channels or len(result) not in AXES.ranks:
                    return None
                shared.append(position)
            elif channels:
                filters.append((position, axis))
                can = can and self._cuttable(op, position, axis)
            elif any(dim != 1 for dim in shape):
                return None
        if not data or not result:
            return None
        return Layer(
            Role.POINTWISE,
            data=tuple(data),
            shared=tuple(shared),
            channelwise=can,
            filters=tuple(filters) if can else (),
        )

    def _cuttable(self, op: Op, position: int, axis: int) -> bool:
        """Whether the bytes of a constant can be cut along an axis: those in other files only along the first one."""
        tensor = self._tensor(op.inputs[position])
        stored, maker = self._file.stored, self._file.makers.get(tensor.name)
        if tensor.kind is not TensorKind.CONSTANT:
            return False
        if tensor.name in stored:
            return _apart(stored[tensor.name], axis)
        operands = None if maker is None else operands_of(maker, stored)
        return operands is not None and all(
            _apart(stored[one.name], along)
            for one in operands
            for along in one.axes[axis : axis + 1]
            if along is not None
        )

    def _constants(self, op: Op) -> bool:
        """Whether all inputs but the first one are constants."""
        return all(self._tensor(t).kind is TensorKind.CONSTANT for t in op.inputs[1:] if t != ABSENT)

    @staticmethod
    def _given(op: Op, position: int) -> bool:
        return position < len(op.inputs) and op.inputs[position] != ABSENT

    def _tensor(self, t: int) -> Tensor:
        return self._subgraph.tensors[t]

    def _data_shape(self, op: Op) -> Shape:
        """The shape of the first input; empty where it is a constant, which is not cut."""
        first = op.inputs[0]
        return self._shape(op, 0) if first != ABSENT and self._tensor(first).kind is TensorKind.ACTIVATION else ()

    def _shape(self, op: Op, position: int) -> Shape:
        """The shape of an input, or of the result at position -1; empty where it is absent."""
        t = op.outputs[0] if position < 0 else op.inputs[position] if position < len(op.inputs) else ABSENT
        return tuple(int(dim) for dim in self._tensor(t).shape or ()) if t != ABSENT else ()


def _apart(tensor: TensorProto, axis: int) -> bool:
    """Whether the elements at some indices of an axis have bytes of their own; in another file, one run of them."""
    bits = dtype_of(tensor.data_type).bits
    outside = tensor.data_location == TensorProto.EXTERNAL
    return bits is not None and bits % 8 == 0 and (not outside or all(dim == 1 for dim in tensor.dims[:axis]))
