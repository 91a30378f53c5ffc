"""A model that is to be written: what becomes of each tensor and operator of another model's main subgraph.

The original is read by a frontend, and the same frontend writes the draft. The draft has no bytes of its own besides
whole numbers: a tensor says of which original it is a piece.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tmpass.base.dtypes import DType
from tmpass.base.record import record
from tmpass.graph.dialect import Dialect, New
from tmpass.graph.layer import Padding
from tmpass.graph.model import ABSENT, Entry, Graph, Move, Moves, Op, Subgraph, Tensor, TensorKind


@record
class Cut:
    """The indices [start, stop) of one axis."""

    axis: int
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@record
class DraftTensor:
    """A tensor of a draft.

    Fields:
        like: the original tensor that has its name, element type and quantisation.
        shape: its own.
        cut: of a constant, the part of the original's bytes that it has; None for all.
        numbers: of a new constant, its whole numbers; `like` is then ABSENT.
        suffix: behind the name of the original; "" where it is the original itself.
    """

    like: int
    shape: tuple[int, ...]
    cut: Cut | None = None
    numbers: tuple[int, ...] | None = None
    suffix: str = ""


@record
class DraftOp:
    """An operator of a draft.

    Fields:
        like: the original operator whose kind and options it has; ABSENT where it is `new`.
        inputs, outputs: tensors of the draft.
        padding: another padding than the original's; None for that.
        pads: of a window with EXPLICIT padding, for rows and columns, where they differ from the original's.
        multiplier: another depth multiplier than the original's; 0 for that.
        new: what it is without an original.
        axis: of a SLICE or CONCAT.
        start: of a SLICE, the first index along `axis`.
        borders: of a new PAD, the elements before and after along each axis.
        temporaries: tensors of the draft that are alive only while it runs.
    """

    like: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    padding: Padding | None = None
    multiplier: int = 0
    new: New | None = None
    axis: int = 0
    start: int = 0
    temporaries: tuple[int, ...] = ()
    pads: tuple[tuple[int, int], tuple[int, int]] | None = None
    borders: tuple[tuple[int, int], ...] = ()


@record
class Draft:
    """The main subgraph of a model that is to be written. `inputs` and `outputs` are tensors of the draft."""

    tensors: tuple[DraftTensor, ...]
    ops: tuple[DraftOp, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def unchanged(subgraph: Subgraph) -> Draft:
    """The draft of the original itself."""
    tensors = tuple(DraftTensor(t, tuple(map(int, tensor.shape or ()))) for t, tensor in enumerate(subgraph.tensors))
    ops = tuple(
        DraftOp(index, op.inputs, op.outputs, temporaries=op.temporaries) for index, op in enumerate(subgraph.ops)
    )
    return Draft(tensors, ops, subgraph.inputs, subgraph.outputs)


def compact(draft: Draft) -> Draft:
    """The draft without the tensors that nothing uses: a runtime reserves bytes for each tensor of a file."""
    used = {*draft.inputs, *draft.outputs, *(t for op in draft.ops for t in (*op.inputs, *op.outputs, *op.temporaries))}
    kept = [t for t in range(len(draft.tensors)) if t in used]
    index = {t: number for number, t in enumerate(kept)} | {ABSENT: ABSENT}

    def renamed(tensors: Sequence[int]) -> tuple[int, ...]:
        return tuple(index[t] for t in tensors)

    ops = tuple(
        replace(op, inputs=renamed(op.inputs), outputs=renamed(op.outputs), temporaries=renamed(op.temporaries))
        for op in draft.ops
    )
    return Draft(tuple(draft.tensors[t] for t in kept), ops, renamed(draft.inputs), renamed(draft.outputs))


def draft_graph(draft: Draft, graph: Graph, dialect: Dialect) -> Graph:
    """The graph that a frontend reads from the file of `draft`, whose original has `graph`.

    Args:
        draft: compact.
        graph: with all sizes known.
        dialect: of the format.
    """
    main = graph.subgraphs[0]
    tensors = tuple(_tensor(tensor, main, dialect.numbers) for tensor in draft.tensors)
    ops = tuple(_operator(op, main, tensors, dialect.kinds) for op in draft.ops)
    made = Subgraph(main.name, tensors, ops, draft.inputs, draft.outputs)
    return replace(graph, subgraphs=(made, *graph.subgraphs[1:]), stored={}, entries=(Entry("main", 0),))


def tensor_name(tensor: DraftTensor, main: Subgraph) -> str:
    """The name of a tensor of a draft."""
    if tensor.numbers is not None:
        return f"split{tensor.suffix}"
    return main.tensors[tensor.like].name + tensor.suffix


def _tensor(tensor: DraftTensor, main: Subgraph, numbers: DType) -> Tensor:
    if tensor.numbers is not None:
        return Tensor(tensor_name(tensor, main), numbers, tensor.shape, TensorKind.CONSTANT)
    like = main.tensors[tensor.like]
    scales = like.scales  # the first of a piece is not known: graphs have only that of the whole
    if scales > 1 and tensor.cut is not None:
        scales = len(tensor.cut)
    return Tensor(
        tensor_name(tensor, main), like.dtype, tensor.shape, like.kind, None, scales, like.scale, like.zero, like.scaled
    )


def _operator(op: DraftOp, main: Subgraph, tensors: Sequence[Tensor], kinds: Mapping[New, str]) -> Op:
    if op.new is None:
        like = main.ops[op.like]
        name = tensors[op.outputs[0]].name if op.outputs and op.outputs[0] != ABSENT else like.name
        return replace(like, name=name, inputs=op.inputs, outputs=op.outputs, temporaries=op.temporaries)
    name = tensors[op.outputs[0]].name
    moves = None
    if op.new is New.CONCAT:
        moves = Moves(Move.CONCAT, parts=tuple(range(len(op.inputs))), axis=op.axis)
    elif op.new is New.SLICE:
        moves = Moves(Move.SLICE, axis=op.axis, start=op.start)
    return Op(kinds[op.new], name, op.inputs, op.outputs, moves=moves)
