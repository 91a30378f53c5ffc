"""The graph of a model, which frontends make and every stage reads.

    Graph
    ├─ entries: (Entry "main" -> 0, ...)              where a run can start
    └─ subgraphs[0]: Subgraph
       ├─ tensors[7]: Tensor (name, dtype, shape, kind)
       └─ ops[3]: Op  inputs (7, -1)  outputs (8,)
          └─ calls: (Call "then" -> subgraphs[1], ...)

It knows no file format and no memory.
"""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from tmpass.base.dtypes import DType, packed_bytes
from tmpass.base.errors import ModelError
from tmpass.base.record import Facts, record
from tmpass.base.sizes import MAX_BYTES

ABSENT = -1
"""Stands for an optional input or output that an operator does not use."""

_MANY = 8 * MAX_BYTES + 8
"""Elements that take more than 2^62 bytes, whatever their type."""

TensorKey = tuple[int, int]
"""A tensor of a graph: (subgraph, index)."""

Dim = int | str
"""A dimension: a number, or the name of one that is not known yet."""


class TensorKind(StrEnum):
    """The storage that a tensor needs, as its file declares it.

    ACTIVATION  made by an operator or given as an input
    CONSTANT    stored in the file
    VARIABLE    kept from one run to the next
    CAPTURE     another name for a tensor of the calling subgraph
    """

    ACTIVATION = "activation"
    CONSTANT = "constant"
    VARIABLE = "variable"
    CAPTURE = "capture"


class _Measured:
    """A slot for the size of a tensor, which several stages ask for many times."""

    __slots__ = ("_size",)

    _size: int | None


@record
class Tensor(_Measured):
    """A tensor of a subgraph.

    Fields:
        shape: a Dim per axis, or None where the rank is not known.
        captures: of a CAPTURE, the index of the tensor in the calling subgraph whose storage it has.
        scales: how many scales quantise it: one, one for each channel, or none.
        scale: the first of them; 0.0 where there are none.
        zero: the zero point that belongs to it.
        scaled: the axis along which several scales lie.
    """

    name: str
    dtype: DType
    shape: tuple[Dim, ...] | None
    kind: TensorKind = TensorKind.ACTIVATION
    captures: int | None = None
    scales: int = 0
    scale: float = 0.0
    zero: int = 0
    scaled: int = 0

    @property
    def unknown(self) -> tuple[str, ...]:
        """The names of its dynamic dimensions."""
        return tuple([d for d in self.shape or () if isinstance(d, str)])

    @property
    def sized(self) -> bool:
        """Whether its element type and shape determine its size."""
        try:
            return self._size is not None
        except AttributeError:
            return self._measured() is not None

    @property
    def bytes(self) -> int | None:
        """The size in bytes, or None where the element type or the shape does not determine it.

        Raises:
            ModelError: the size is above 2^62 bytes.
        """
        try:
            size = self._size
        except AttributeError:
            size = self._measured()
        if size is None or size <= MAX_BYTES:
            return size
        fault = f"shape [{_first_dims(self.shape or ())}] is above 2^62 bytes"
        raise ModelError(fault, where=f"tensor {self.name!r}")

    def _measured(self) -> int | None:
        """Measure the size: as `bytes` has it, or any number above 2^62."""
        size = _packed(self.shape, self.dtype.bits)
        object.__setattr__(self, "_size", size)
        return size


def _packed(shape: tuple[Dim, ...] | None, bits: int | None) -> int | None:
    """The bytes of `shape`; None where they are not known. Above 2^62, any number above 2^62."""
    if bits is None or shape is None:
        return None
    elements = 0 if 0 in shape else 1
    for dim in shape:
        if isinstance(dim, str):
            return None
        elements *= dim
        if elements > _MANY:
            elements = _MANY
    return packed_bytes(elements, bits)


def _first_dims(shape: tuple[Dim, ...]) -> str:
    return ", ".join(map(str, shape[:8])) + (", ..." if len(shape) > 8 else "")


@record
class Call:
    """A call of a subgraph, which the operator runs inside its own step.

    Fields:
        role: what the subgraph is for: "then", "body", ...
        repeats: whether it may run several times (a loop). Its inputs and outputs are then alive during the whole call.
        once: whether it runs only for the first of all operators that call it so, as an initialisation does.
    """

    subgraph: int
    role: str
    repeats: bool = False
    once: bool = False


class Move(StrEnum):
    """How an operator that changes no byte relates its outputs to its inputs.

    VIEW    outputs[0] has the bytes of inputs[0] under another shape: reshape, squeeze, ...
    CONCAT  the output is the parts, one after the other along an axis; also pack, along a new axis
    SPLIT   the parts are pieces of the input, one after the other; also unpack
    SLICE   the output is one piece of the input along an axis
    """

    VIEW = "view"
    CONCAT = "concat"
    SPLIT = "split"
    SLICE = "slice"


@record
class Moves:
    """Which tensors of an operator hold the same bytes.

    Pieces are contiguous, and so may share storage with the whole, only where every axis before `axis` has length 1.

    Fields:
        whole: the position of the tensor that the parts make up, among the inputs; for CONCAT among the outputs.
        parts: positions on the other side, in the order of their bytes. VIEW and SLICE have one part, an output.
        axis: an axis of the whole.
        start: the index along `axis` at which a SLICE begins.
    """

    kind: Move
    whole: int = 0
    parts: tuple[int, ...] = (0,)
    axis: int = 0
    start: int = 0


class Quantization(StrEnum):
    """How an operator converts inputs[0] between floats and quantised integers, by scales that are constants.

    DEQUANTIZE  integers to floats
    QUANTIZE    floats to integers
    CLAMP       limits the values by constants, on one side or both. A kernel can do it as it writes its result.
    """

    DEQUANTIZE = "dequantize"
    QUANTIZE = "quantize"
    CLAMP = "clamp"


@record
class Op:
    """An operator.

    Fields:
        inputs, outputs: tensor indices of its own subgraph, ABSENT where an optional one is left out. The inputs
            include what the bodies of `calls` capture.
        temporaries: tensors that are alive only while it runs.
        calls: the subgraphs that it runs.
        moves: which bytes it only passes on; None where it computes.
        elementwise: element i of outputs[0] depends only on elements i of inputs of the same shape, so that the output
            may be written over such an input.
        random: it draws from a generator, whose draws keep their order.
        resource: it reads or changes a state that outlives the run, by a name or a handle.
        custom: its meaning is not in the format's own list. It may write what it is given to read.
        quantization: whether it converts between floats and integers.
        options: names and values of options that are whole numbers: all of a custom operator, some of others.
        beta: what a softmax multiplies its inputs by.
    """

    kind: str
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    temporaries: tuple[int, ...] = ()
    calls: tuple[Call, ...] = ()
    moves: Moves | None = None
    elementwise: bool = False
    random: bool = False
    resource: bool = False
    custom: bool = False
    quantization: Quantization | None = None
    options: tuple[tuple[str, int], ...] = ()
    beta: float = 1.0

    @property
    def view(self) -> bool:
        """Whether outputs[0] holds exactly the bytes of inputs[0]."""
        return self.moves is not None and self.moves.kind is Move.VIEW


@record
class Subgraph(Facts):
    """Tensors, and operators in the order of the file. `inputs` and `outputs` are tensor indices."""

    name: str
    tensors: tuple[Tensor, ...]
    ops: tuple[Op, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def used(self) -> frozenset[int]:
        """The indices of its inputs and outputs, and of all tensors of its operators."""
        return self.fact(_used)

    def of_kind(self, kind: TensorKind) -> tuple[int, ...]:
        """The indices of its tensors of one kind.

        A loop that compares the kinds of many tensors takes the member from a variable: to look it up in its class
        takes 0.1 microseconds, since the class of an enum has a function for that up to Python 3.11.
        """
        return self.fact(_by_kind)[kind]

    @property
    def sizes(self) -> tuple[int | None, ...]:
        """The bytes of each of its tensors, as `Tensor.bytes` has them.

        Raises:
            ModelError: the size of one is above 2^62 bytes.
        """
        return self.fact(_sizes)

    @property
    def unsized(self) -> tuple[int, ...]:
        """The indices of its tensors whose element type and shape do not determine their size."""
        return self.fact(_unsized)


def _used(subgraph: Subgraph) -> frozenset[int]:
    ends = (subgraph.inputs, subgraph.outputs)
    touched = (tensors for op in subgraph.ops for tensors in (op.inputs, op.outputs, op.temporaries))
    return frozenset().union(*ends, *touched) - {ABSENT}


def _by_kind(subgraph: Subgraph) -> dict[TensorKind, tuple[int, ...]]:
    found: dict[TensorKind, list[int]] = {kind: [] for kind in TensorKind}
    for t, tensor in enumerate(subgraph.tensors):
        found[tensor.kind].append(t)
    return {kind: tuple(indices) for kind, indices in found.items()}


def _sizes(subgraph: Subgraph) -> tuple[int | None, ...]:
    sizes = subgraph.fact(_measured)
    if any(size > MAX_BYTES for size in set(sizes) if size is not None):
        return tuple([tensor.bytes for tensor in subgraph.tensors])  # one of them raises
    return sizes


def _unsized(subgraph: Subgraph) -> tuple[int, ...]:
    return tuple([t for t, size in enumerate(subgraph.fact(_measured)) if size is None])


def _measured(subgraph: Subgraph) -> tuple[int | None, ...]:
    """The size of each tensor, as `Tensor.bytes` has it; any number above 2^62 for one above 2^62.

    Most tensors have the shape and the width of another one, so each pair of these is measured once.
    """
    shapes = [tensor.shape for tensor in subgraph.tensors]
    if any(isinstance(shape, list) for shape in shapes):  # of a graph that was made by hand
        shapes = [None if shape is None else tuple(shape) for shape in shapes]
    kinds = list(zip(shapes, [tensor.dtype.bits for tensor in subgraph.tensors], strict=True))
    known = {kind: _packed(*kind) for kind in dict.fromkeys(kinds)}
    return tuple([known[kind] for kind in kinds])


@record
class Entry:
    """A subgraph where a run can start: the main graph or a signature.

    `inputs` and `outputs` map public names to tensor indices.
    """

    name: str
    subgraph: int
    inputs: Mapping[str, int] = field(default_factory=dict)
    outputs: Mapping[str, int] = field(default_factory=dict)


@record
class Stored:
    """The bytes of a constant in the file of its model.

    Fields:
        first: the first tensor with these bytes. Several tensors may be stored once.
        bytes: how many there are; None where that is not known.
    """

    first: TensorKey
    bytes: int | None


@record
class Graph(Facts):
    """A model.

    Fields:
        format: the name of its frontend.
        entries: where a run can start. They run one at a time, never at once.
        metadata: names and their bytes.
        symbols: the names of the dynamic dimensions that the file has, before any was bound.
        other_symbols: dimensions that can be bound as well, but may follow from those.
        warnings: lines about the file for the user.
        causes: why the size of a tensor is not known, where the frontend can tell.
        varying: tensors whose size changes while the model runs, so that no bound number holds.
        held_in: tensors that a device never makes, since they are names for something that it keeps. Each is mapped to
            the tensor of the same subgraph and size whose storage it has.
        resized: some tensors whose size is not the number that the file has for a dynamic dimension. A runtime that
            never resizes cannot run the model so.
        batches: dynamic batches of inputs that were not bound and have the number of the file.
        fixed: offsets of tensors in bytes from the start of the arena that are part of the file, since commands of
            compiled operators hold them. They are valid in the file's order only, and may overlap as they do.
        stored: constants that the file stores once for several tensors, or in other bytes than their shape has.
        handles: the name of the variable that a handle stands for, of tensors for which that is known.
    """

    format: str
    subgraphs: tuple[Subgraph, ...]
    entries: tuple[Entry, ...]
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    symbols: tuple[str, ...] = ()
    other_symbols: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    causes: Mapping[TensorKey, str] = field(default_factory=dict)
    varying: frozenset[TensorKey] = frozenset()
    held_in: Mapping[TensorKey, TensorKey] = field(default_factory=dict)
    resized: tuple[str, ...] = ()
    batches: Mapping[str, int] = field(default_factory=dict)
    fixed: Mapping[TensorKey, int] = field(default_factory=dict)
    stored: Mapping[TensorKey, Stored] = field(default_factory=dict)
    handles: Mapping[TensorKey, str] = field(default_factory=dict)

    @property
    def called(self) -> frozenset[int]:
        """The indices of the subgraphs that operators call. An entry may be one of them."""
        return self.fact(_called)

    def tensor(self, key: TensorKey) -> Tensor:
        """The tensor of that subgraph and index."""
        return self.subgraphs[key[0]].tensors[key[1]]

    def stored_as(self, key: TensorKey) -> Stored:
        """The bytes of the constant `key` in the file: those of its shape, unless others are known."""
        found = self.stored.get(key)
        if found is None or found.bytes is None:
            return Stored(key if found is None else found.first, self.tensor(key).bytes)
        return found


def _called(graph: Graph) -> frozenset[int]:
    calls = (op.calls for subgraph in graph.subgraphs for op in subgraph.ops if op.calls)
    return frozenset(call.subgraph for each in calls for call in each)
