"""What an ONNX model computes: the attributes of its nodes, and the bytes of its constants.

A constant whose bytes are not in the file has a name for them: the place in another file, or the nodes and constants
that it is computed from. Scales are constants of their own in ONNX.
"""

from collections.abc import Sequence
from hashlib import sha256
from math import prod

from onnx import NodeProto, SparseTensorProto, TensorProto, numpy_helper

from tmpass.graph.content import Constant, Content, Derived, OpContent, Remote, Sliding
from tmpass.graph.model import ABSENT, Graph, Op, TensorKind

from ..element_types import dtype_of
from .open_file import OpenedFile, open_file

_ROWS = 2
"""The first axis that windows slide along: batches and channels are before it."""

_SPATIAL = 3, 4
"""How many axes a tensor has with rows, or rows and columns."""

_POOLS = ("MaxPool", "AveragePool")
_REDUCTIONS = ("ReduceMean", "ReduceMax", "ReduceSum")
_PLACES = ("auto_pad", "pads", "strides", "dilations", "kernel_shape")
"""The attributes of windows that `Sliding` has; `group` and `ceil_mode` follow from shapes."""


def read_content(data: bytes, graph: Graph) -> Content:
    """All that decides what the model in `data` computes.

    Args:
        data: the bytes of a file with one graph.
        graph: what was read from it, with all sizes known.

    Raises:
        ModelError: the file has more than one graph.
    """
    return _Reader(open_file(data), graph).read()


class _Reader:
    """A model while it is read."""

    def __init__(self, file: OpenedFile, graph: Graph) -> None:
        self._file, self._graph, self._main = file, graph, graph.subgraphs[0]
        self._constants: dict[str, Constant] = {}
        self._versions = {opset.domain: opset.version for opset in file.model.opset_import}

    def read(self) -> Content:
        """The content."""
        listed = {value.name for value in self._file.model.graph.input}
        for name, tensor in self._file.scope.stored.items():
            content: Constant = _stored_bytes(tensor)
            if name in listed and self._file.model.ir_version >= 4:  # a caller may override it, or leave it as it is
                content = Remote(b"input " + name.encode() + b" " + _digest(content))
            self._constants[name] = content
        for sparse in self._file.model.graph.sparse_initializer:
            self._constants[sparse.values.name] = _sparse_bytes(sparse)
        for node in self._file.folded:
            self._fold(node)
        constants = {
            t: self._constants.get(tensor.name, Remote(tensor.name.encode()))
            for t, tensor in enumerate(self._main.tensors)
            if tensor.kind is TensorKind.CONSTANT
        }
        ops = (self._operator(op, node) for op, node in zip(self._main.ops, self._file.nodes, strict=True))
        return Content(self._graph, tuple(ops), constants, {})

    def _fold(self, node: NodeProto) -> None:
        """Name what a node makes of constants."""
        value = next((a.t for a in node.attribute if a.name == "value"), None)
        if (node.domain, node.op_type) == ("", "Constant") and value is not None:
            self._constants[node.output[0]] = _stored_bytes(value)
            return
        stored = [self._stored(name) for name in node.input]
        types = [tensor.data_type if tensor is not None else None for tensor in stored]
        by = repr((self._called(node), _attributes(node, ()), types)).encode()
        read = [(self._constants.get(name, Remote(b"")), self._dims(name)) for name in node.input if name]
        axes = self._element_wise(node, [dims for _, dims in read])
        if axes is not None and len(node.output) == 1:
            of = tuple((one, dims, own) for (one, dims), own in zip(read, axes, strict=True))
            self._constants[node.output[0]] = Derived(by, of)
            return
        shapes = repr([self._dims(name) if name else None for name in node.input]).encode()
        whole = map(_digest, (self._constants.get(name, b"") for name in node.input))
        digest = sha256(by + shapes + b"".join(whole)).digest()
        for place, name in enumerate(node.output):
            self._constants[name] = Remote(digest + str(place).encode())

    def _dims(self, name: str) -> tuple[int, ...]:
        """The shape of a stored constant; empty for others."""
        stored = self._stored(name)
        return tuple(stored.dims) if stored is not None else ()

    def _stored(self, name: str) -> TensorProto | None:
        return self._file.scope.stored.get(name) or self._file.stored.get(name)

    def _element_wise(self, node: NodeProto, shapes: Sequence[tuple[int, ...]]) -> list[tuple[int | None, ...]] | None:
        """For each constant that a node reads, its axis for each axis of the result; None where that is not known."""
        rank = len(shapes[0]) if shapes else 0
        known = all(name in self._file.stored for name in node.input if name)
        if node.domain or not rank or not known or node.op_type not in ("Identity", "Cast", "DequantizeLinear"):
            return None
        if any(len(dims) > 1 for dims in shapes[1:]):
            return None
        across = _number(node, "axis", 1) % rank
        found: list[tuple[int | None, ...]] = [tuple(range(rank))]
        for dims in shapes[1:]:
            own: list[int | None] = [None] * rank
            own[across] = 0 if dims != (1,) and dims else None
            found.append(tuple(own))
        return found

    def _operator(self, op: Op, node: NodeProto) -> OpContent:
        shape = self._shape(op, 0)
        rank = len(shape)
        options = *self._called(node), *_attributes(node, ())
        if op.kind in ("Conv", "QLinearConv"):
            return self._convolution(op, node)
        if op.kind in _POOLS:
            return self._pool(op, node)
        if rank in _SPATIAL and self._over_all(op, node):
            axes, across = tuple(range(_ROWS, rank)), 1 - len(self._shape(op, -1))
            return OpContent(options, per_channel=((1, None),), spatial=axes, channels=across, channels_read=1 - rank)
        if op.kind in ("Gemm", "MatMul"):
            return self._product(op, node, options)
        if op.kind in ("BatchNormalization", "QuantizeLinear", "DequantizeLinear"):
            return self._by_channel(op, node, options)
        moved = self._moved(op, node, options)
        if moved is not None:
            return moved
        across = -1 if rank < 2 else 1 - len(self._shape(op, -1))
        known = op.elementwise and not op.custom and not op.random
        return OpContent(options, per_channel=() if known else None, channels=across, channels_read=across)

    def _called(self, node: NodeProto) -> tuple[object, ...]:
        """What decides which operator a node is: with another version of its domain it may be another one."""
        return node.domain, self._versions.get(node.domain, 1), node.op_type, node.overload

    def _convolution(self, op: Op, node: NodeProto) -> OpContent:
        weights = 3 if op.kind == "QLinearConv" else 1
        image, filters = self._shape(op, 0), self._shape(op, weights)
        group = _number(node, "group", 1)
        sliding = None if len(filters) != len(image) else self._sliding(op, node, filters[2:])
        options = *self._called(node), *_attributes(node, (*_PLACES, "group"))
        positions = (3, 4, 5, 8) if op.kind == "QLinearConv" else (1, 2)
        fits = sliding is not None and filters[1] * group == image[1] and filters[0] % group == 0
        fits = fits and _numbers(node, "kernel_shape") in (None, list(filters[2:]))
        if sliding is None or not fits or not self._weighted(op) or len(image) not in _SPATIAL:
            return OpContent((*options, *_attributes(node, ())))
        each = image[1] == filters[0] == group > 1 or (group == image[1] == filters[0] == 1)
        ordered = group > 1 and not each
        cut: tuple[tuple[int, int | None], ...] = tuple((at, None if ordered else 0) for at in positions)
        across = 1 - len(image)
        # The integers of QLinearConv have another zero than those of a padding.
        return OpContent(
            options,
            sliding,
            ignores=op.kind == "QLinearConv",
            per_channel=cut,
            ordered=ordered,
            each_channel=each,
            channels=across,
            channels_read=across,
        )

    def _pool(self, op: Op, node: NodeProto) -> OpContent:
        size = _numbers(node, "kernel_shape") or ()
        sliding = self._sliding(op, node, size)
        includes = op.kind == "AveragePool" and _number(node, "count_include_pad", 0) == 1
        options = *self._called(node), *_attributes(node, (*_PLACES, "ceil_mode"))
        rank = len(self._shape(op, 0))
        if sliding is None or len(op.outputs) != 1 or rank not in _SPATIAL:
            return OpContent((*options, *_attributes(node, ())))
        up = _number(node, "ceil_mode", 0) == 1
        if up and (self._behind(op, sliding) or (includes and self._over(op, node, sliding))):
            return OpContent((*options, *_attributes(node, ())))
        return OpContent(
            options, sliding, ignores=not includes, per_channel=(), channels=1 - rank, channels_read=1 - rank
        )

    def _over(self, op: Op, node: NodeProto, sliding: Sequence[Sliding]) -> bool:
        """Whether a window may reach over the padding, where no element counts."""
        if any(a.name == "auto_pad" and a.s != b"NOTSET" for a in node.attribute):
            return True
        image, made, count = self._shape(op, 0), self._shape(op, -1), len(sliding)
        afters = (_numbers(node, "pads") or [0] * (2 * count))[count:]
        return any(
            (made[s.axis] - 1) * s.stride + (s.size - 1) * s.dilation >= s.before + image[s.axis] + after
            for s, after in zip(sliding, afters, strict=True)
        )

    def _behind(self, op: Op, sliding: Sequence[Sliding]) -> bool:
        """Whether a window begins behind the end of its tensor."""
        image, made = self._shape(op, 0), self._shape(op, -1)
        return any((made[s.axis] - 1) * s.stride - s.before >= image[s.axis] for s in sliding)

    def _sliding(self, op: Op, node: NodeProto, size: Sequence[int]) -> tuple[Sliding, ...] | None:
        """The windows of a node; None where they are not of its tensors, or where a file declares another result."""
        image, made, count = self._shape(op, 0), self._shape(op, -1), len(size)
        strides = _numbers(node, "strides") or [1] * count
        dilations = _numbers(node, "dilations") or [1] * count
        pads = _numbers(node, "pads") or [0] * (2 * count)
        kind = next((bytes(a.s) for a in node.attribute if a.name == "auto_pad"), b"NOTSET")
        if len(image) != count + _ROWS or len(strides) != count or len(dilations) != count or len(pads) != 2 * count:
            return None
        if len(made) != len(image):
            return None
        found = []
        for n in range(count):
            before, total = (pads[n], pads[n] + pads[n + count]) if kind == b"NOTSET" else (0, 0)
            reach = (size[n] - 1) * dilations[n] + 1
            if kind in (b"SAME_UPPER", b"SAME_LOWER"):
                last = ((image[_ROWS + n] - 1) // strides[n]) * strides[n]
                total = max(0, last + reach - image[_ROWS + n])
                before = total // 2 if kind == b"SAME_UPPER" else (total + 1) // 2
            whole, rest = divmod(image[_ROWS + n] + total - reach, strides[n])
            up = _number(node, "ceil_mode", 0) == 1 and rest > 0
            if not 1 <= made[_ROWS + n] - whole <= 1 + up:
                return None
            if up and made[_ROWS + n] * strides[n] < before + image[_ROWS + n]:  # one more window begins inside
                return None
            found.append(Sliding(_ROWS + n, size[n], strides[n], dilations[n], before))
        return tuple(found)

    def _product(self, op: Op, node: NodeProto, options: tuple[object, ...]) -> OpContent:
        """A matrix product of two axes by constants."""
        shape, weights = self._shape(op, 0), self._shape(op, 1)
        if len(shape) != 2 or len(weights) != 2 or _number(node, "transA", 0) or not self._weighted(op):
            return OpContent(options)
        cut: list[tuple[int, int | None]] = [(1, 0 if _number(node, "transB", 0) else 1)]
        bias = self._shape(op, 2)
        if bias:
            cut.append((2, len(bias) - 1))
        return OpContent(options, per_channel=tuple(cut), each_channel=False, spatial=(0, 1))

    def _by_channel(self, op: Op, node: NodeProto, options: tuple[object, ...]) -> OpContent:
        """An element-wise operator whose vectors are along the channels."""
        rank, count = len(self._shape(op, 0)), len(op.inputs)
        vectors = [at for at in range(1, count) if len(self._shape(op, at)) == 1]
        others = [at for at in range(1, count) if len(self._shape(op, at)) > 1]
        axis = 1 if op.kind == "BatchNormalization" else _number(node, "axis", 1) % max(rank, 1)
        several = any(self._shape(op, at) != (1,) for at in vectors)
        plain = not _number(node, "training_mode", 0) and _number(node, "spatial", 1) and len(op.outputs) == 1
        if rank < 2 or others or not plain or not self._weighted(op) or (several and axis != 1):
            return OpContent(options)
        cut = tuple((at, 0) for at in vectors)
        return OpContent(options, per_channel=cut, channels=1 - rank, channels_read=1 - rank)

    def _moved(self, op: Op, node: NodeProto, options: tuple[object, ...]) -> OpContent | None:
        """A slice, a padding with zeros or a concat whose numbers the file has; None for anything else."""
        if not op.outputs or op.outputs[0] == ABSENT:
            return None
        shape, made = self._shape(op, 0), self._shape(op, -1)
        if op.kind == "Concat":
            axis = _number(node, "axis", 1)
            return OpContent(options, joins=axis % max(len(made), 1))
        if op.kind == "Slice":
            lists = [self._listed(op, node, at, name) for at, name in enumerate(("starts", "ends", "axes", "steps"), 1)]
            starts, ends, axes, steps = lists
            if starts is None or ends is None or (steps is not None and set(steps) != {1}):
                return None
            axes = list(range(len(starts))) if axes is None else axes
            if len({axis % len(shape) for axis in axes}) != len(starts) or len(ends) != len(starts):
                return None
            spans = [(0, dim) for dim in shape]
            for axis, start, end in zip(axes, starts, ends, strict=True):
                dim = shape[axis]
                begin, stop = (min(max(n + dim if n < 0 else n, 0), dim) for n in (start, end))
                spans[axis % len(shape)] = begin, max(stop - begin, 0)
            return OpContent(options, slices=tuple(spans))
        if op.kind == "Pad" and self._pads_zeros(op, node):
            pads = self._listed(op, node, 1, "pads")
            rank = len(shape)
            if pads is not None and len(pads) == 2 * rank and min(pads) >= 0:
                return OpContent(options, pads=tuple((pads[n], pads[n + rank]) for n in range(rank)))
        return None

    def _pads_zeros(self, op: Op, node: NodeProto) -> bool:
        if any((a.name == "mode" and a.s != b"constant") or (a.name == "value" and a.f) for a in node.attribute):
            return False
        if len(op.inputs) > 3 and op.inputs[3] != ABSENT:
            return False
        if len(op.inputs) < 3 or op.inputs[2] == ABSENT:
            return True
        content = self._constants.get(self._main.tensors[op.inputs[2]].name)
        return isinstance(content, bytes) and not any(content)

    def _listed(self, op: Op, node: NodeProto, at: int, name: str) -> list[int] | None:
        """The whole numbers of an operand: of an attribute, or of a constant with 32 or 64 bits."""
        found = _numbers(node, name)
        if found is not None:
            return found
        if at >= len(op.inputs) or op.inputs[at] == ABSENT:
            return None
        tensor = self._main.tensors[op.inputs[at]]
        content, width = self._constants.get(tensor.name), (tensor.dtype.bits or 8) // 8
        if not isinstance(content, bytes) or width not in (4, 8) or tensor.dtype.name not in ("int32", "int64"):
            return None
        return [int.from_bytes(content[n : n + width], "little", signed=True) for n in range(0, len(content), width)]

    def _over_all(self, op: Op, node: NodeProto) -> bool:
        """Whether a node reduces all axes behind the channels."""
        if op.kind in ("GlobalAveragePool", "GlobalMaxPool"):
            return True
        if op.kind not in _REDUCTIONS:
            return False
        axes, rank = self._listed(op, node, 1, "axes"), len(self._shape(op, 0))
        return bool(axes) and {axis % max(rank, 1) for axis in axes or ()} == set(range(_ROWS, rank))

    def _weighted(self, op: Op) -> bool:
        """Whether all inputs but the first one are constants."""
        kinds = [self._main.tensors[t].kind if t != ABSENT else TensorKind.CONSTANT for t in op.inputs]
        return kinds[0] is not TensorKind.CONSTANT and all(kind is TensorKind.CONSTANT for kind in kinds[1:])

    def _shape(self, op: Op, position: int) -> tuple[int, ...]:
        """The shape of an input, or of the first result at position -1; empty if it is absent."""
        if position >= len(op.inputs):
            return ()
        t = op.inputs[position] if position >= 0 else op.outputs[0] if op.outputs else ABSENT
        return tuple(d if isinstance(d, int) else -1 for d in self._main.tensors[t].shape or ()) if t != ABSENT else ()


def _stored_bytes(tensor: TensorProto) -> bytes | Remote:
    """The bytes of a stored tensor, or where they are."""
    if tensor.data_location == TensorProto.EXTERNAL:
        entries = {entry.key: entry.value for entry in tensor.external_data}
        size = prod(tensor.dims) * (dtype_of(tensor.data_type).bits or 0) // 8
        begin = int(entries.get("offset", "0"))
        return Remote(entries.get("location", "").encode(), begin, int(entries.get("length", str(size))))
    if tensor.HasField("raw_data"):
        return bytes(tensor.raw_data)
    try:
        return numpy_helper.to_array(tensor).tobytes()
    except Exception:  # texts, or a type that numpy does not have
        bare = TensorProto()
        bare.CopyFrom(tensor)
        bare.ClearField("name")
        return Remote(bare.SerializeToString(deterministic=True))


def _sparse_bytes(sparse: SparseTensorProto) -> Remote:
    """A name for a sparse tensor: its values at their places."""
    bare = SparseTensorProto()
    bare.CopyFrom(sparse)
    bare.values.ClearField("name")
    bare.indices.ClearField("name")
    return Remote(b"sparse " + bare.SerializeToString(deterministic=True))


def _digest(constant: Constant) -> bytes:
    return sha256(constant if isinstance(constant, bytes) else repr(constant).encode()).digest()


def _attributes(node: NodeProto, gone: Sequence[str]) -> list[bytes]:
    """The attributes of a node except those in `gone`, in the order of their names."""
    left = sorted((a for a in node.attribute if a.name not in gone), key=lambda a: a.name)
    return [a.SerializeToString(deterministic=True) for a in left]


def _number(node: NodeProto, name: str, default: int) -> int:
    for attribute in node.attribute:
        if attribute.name == name:
            return int(attribute.i)
    return default


def _numbers(node: NodeProto, name: str) -> list[int] | None:
    for attribute in node.attribute:
        if attribute.name == name:
            return list(attribute.ints)
    return None
