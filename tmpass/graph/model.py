"""The graph of a model, free of any file format: what frontends make and every stage reads.

Graph
├─ entries: (Entry "main" -> 0, ...)         where a run can start
└─ subgraphs[0]: Subgraph
├─ tensors[7]: Tensor (name, dtype, shape, kind)
└─ ops[3]: Op  inputs (7, -1)  outputs (8,)
└─ calls: (Call "then" -> subgraphs[1], ...)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from tmpass.base.dtypes import DType, packed_bytes
from tmpass.base.errors import ModelError
from tmpass.base.sizes import MAX_BYTES

ABSENT = -1
"""Stands for an optional input or output that an operator does not use."""

TensorKey = tuple[int, int]
"""A tensor of a graph: (subgraph, index)."""

Dim = int | str
"""A dimension: a number, or the name of one that is not known yet."""


class TensorKind(StrEnum):
    """What storage a tensor needs, as its file declares it."""

    ACTIVATION = "activation"
    CONSTANT = "constant"
    VARIABLE = "variable"
    CAPTURE = "capture"


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value of a subgraph.

    Fields: `shape` holds a Dim per axis, or is None where even the rank is unknown; `captures` is, for a CAPTURE,
    the index of the tensor in the calling subgraph whose storage this name stands for.
    """

    name: str
    dtype: DType
    shape: tuple[Dim, ...] | None
    kind: TensorKind = TensorKind.ACTIVATION
    captures: int | None = None

    @property
    def unknown(self) -> tuple[str, ...]:
        """The names of the dimensions that are not numbers yet."""
        return tuple([d for d in self.shape or () if isinstance(d, str)])

    @property
    def sized(self) -> bool:
        """Whether dtype and shape say how many bytes it has."""
        if self.dtype.bits is None or self.shape is None:
            return False
        for dim in self.shape:  # noqa: SIM110  # a generator costs more than all it does
            if isinstance(dim, str):
                return False
        return True

    @property
    def bytes(self) -> int | None:
        """The size in bytes; None where dtype or shape leave it open.

        Raises:
            ModelError: the size is above 2^62 bytes.
        """
        if self.dtype.bits is None or self.shape is None:
            return None
        size = _packed(self.shape, self.dtype.bits)
        if size is not None and size > MAX_BYTES:
            raise ModelError(f"shape [{_start(self.shape)}] is above 2^62 bytes", where=f"tensor {self.name!r}")
        return size


@lru_cache(maxsize=1024)  # asked for again and again, of tensors that are alike
def _packed(shape: tuple[Dim, ...], bits: int) -> int | None:
    """The bytes of `shape`; where they are above 2^62, some number that is, and None where a dimension is not known."""
    if any(isinstance(dim, str) for dim in shape):
        return None
    elements = 0 if 0 in shape else 1
    for dim in shape:
        elements *= int(dim)
        if elements > 8 * MAX_BYTES:
            break
    return packed_bytes(elements, bits)


def _start(shape: tuple[Dim, ...]) -> str:
    return ", ".join(map(str, shape[:8])) + (", ..." if len(shape) > 8 else "")


@dataclass(frozen=True, slots=True)
class Call:
    """A subgraph that an operator runs inside its own step.

    `role` names the part it plays ("then", "body", ...). With `repeats` it may run many times (a loop), so what
    goes in and comes out of it stays alive through the whole call.
    """

    subgraph: int
    role: str
    repeats: bool = False


class Move(StrEnum):
    """How an operator that changes no byte passes on what it reads.

    VIEW    outputs[0] is inputs[0] under another shape                  reshape and its kin
    CONCAT  the output is the parts, one after the other along an axis   also packing along a new axis
    SPLIT   the parts are the input, one after the other                 also unpacking
    SLICE   the output is a piece of the input along an axis
    """

    VIEW = "view"
    CONCAT = "concat"
    SPLIT = "split"
    SLICE = "slice"


@dataclass(frozen=True, slots=True)
class Moves:
    """Which tensors of an operator hold the same bytes.

    `parts` are positions among the operator's inputs (CONCAT) or outputs (SPLIT), in the order of their bytes; `whole`
    is the position, on the other side, of what they make up. VIEW and SLICE have one part, an output. `axis` counts in
    the shape of the whole. A SLICE begins at index `start` of it. Pieces are contiguous, and so may be shared, only
    where every axis before `axis` has one index.
    """

    kind: Move
    whole: int = 0
    parts: tuple[int, ...] = (0,)
    axis: int = 0
    start: int = 0


class Quantization(StrEnum):
    """What an operator does between floats and the integers that stand for them, by scales that are constants.

    DEQUANTIZE  makes floats of integers, inputs[0]
    QUANTIZE    makes integers of floats, inputs[0]
    CLAMP       limits inputs[0] by constants, from one side or both, as kernels can where they write their result
    """

    DEQUANTIZE = "dequantize"
    QUANTIZE = "quantize"
    CLAMP = "clamp"


@dataclass(frozen=True, slots=True)
class Op:
    """An operator: tensor indices of its own subgraph, ABSENT where an optional one is left out.

    Fields: `inputs` includes what the bodies of `calls` capture; `temporaries` are alive only while it runs;
    `moves` says which bytes it only passes on, None where it computes; `elementwise` that element i of outputs[0]
    depends on no element but i of each input of the same shape, so that it may be written over it; `random` that it
    draws from a generator, whose draws keep their order; `resource` that it reads or changes what outlives its run
    under a name or number; `custom` that its meaning is not in the format's own list, so that it may write what it is
    given to read; `quantization` whether it is between floats and integers.
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

    @property
    def view(self) -> bool:
        """Whether outputs[0] holds exactly the bytes of inputs[0]."""
        return self.moves is not None and self.moves.kind is Move.VIEW


@dataclass(frozen=True, slots=True)
class Subgraph:
    """Operators in the order of the file, over tensors; `inputs` and `outputs` are tensor indices."""

    name: str
    tensors: tuple[Tensor, ...]
    ops: tuple[Op, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def used(self) -> frozenset[int]:
        """The tensors that go in, come out, or that an operator reads, writes or works in."""
        used = {*self.inputs, *self.outputs}
        for op in self.ops:
            used.update(op.inputs, op.outputs, op.temporaries)
        return frozenset(used - {ABSENT})


@dataclass(frozen=True, slots=True)
class Entry:
    """A place where a run can start: the main graph or a signature, with its tensors by their public names."""

    name: str
    subgraph: int
    inputs: Mapping[str, int] = field(default_factory=dict)
    outputs: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Graph:
    """A model. `entries` run one at a time, never at once; `metadata` maps names to their bytes.

    `symbols` are the names of dimensions that the file leaves open, before any was bound; `other_symbols` can be bound
    as well, but may follow from those. `causes` says of tensors by
    (subgraph, index) why their size is open, where the frontend can tell; `varying` are those whose size changes while
    the model runs, so that no number that is bound would be true. `held_in` has the tensors that a device never
    makes, since they are names for what it keeps: each with the one, of its subgraph and size, whose storage it has.
    `resized` names some tensors whose size is not the one that the file has in the place of an open dimension: a
    runtime that never resizes cannot run it so. `batches` are open batches of inputs that nobody bound, and that have
    the number of the file. `fixed` are tensors whose offsets in bytes from the start of the arena are part of the file,
    since commands of compiled operators hold them: they hold in the file's order only, and may overlap as they do.
    """

    format: str
    subgraphs: tuple[Subgraph, ...]
    entries: tuple[Entry, ...]
    metadata: Mapping[str, bytes] = field(default_factory=dict)
    symbols: tuple[str, ...] = ()
    other_symbols: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    causes: Mapping[tuple[int, int], str] = field(default_factory=dict)
    varying: frozenset[tuple[int, int]] = frozenset()
    held_in: Mapping[tuple[int, int], tuple[int, int]] = field(default_factory=dict)
    resized: tuple[str, ...] = ()
    batches: Mapping[str, int] = field(default_factory=dict)
    fixed: Mapping[tuple[int, int], int] = field(default_factory=dict)

    @property
    def called(self) -> frozenset[int]:
        """The subgraphs that operators call; an entry may be one of them."""
        return frozenset(call.subgraph for subgraph in self.subgraphs for op in subgraph.ops for call in op.calls)

    def tensor(self, key: tuple[int, int]) -> Tensor:
        """The tensor at (subgraph, index)."""
        return self.subgraphs[key[0]].tensors[key[1]]
