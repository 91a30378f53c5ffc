"""Links between tensors that hold the same bytes, since an operator only passes them on: a part, and the whole."""

from collections.abc import Iterator
from itertools import accumulate
from math import prod

from tmpass.base.record import record
from tmpass.graph.model import ABSENT, Graph, Move, Moves, Op, Subgraph, Tensor, TensorKey, TensorKind
from tmpass.targets import EVERY, Sharing
from tmpass.targets.sharing import CUSTOM

_ORDINARY = (TensorKind.ACTIVATION, TensorKind.CAPTURE)
_STEADY = (*_ORDINARY, TensorKind.CONSTANT)


@record
class Link:
    """A tensor `part` that holds the bytes of `whole` from `position` on, because `op` only passes them on."""

    part: TensorKey
    whole: TensorKey
    position: int
    op: Op


def find_links(graph: Graph, sharing: Sharing, *, constants: bool = False) -> Iterator[Link]:
    """The links of every operator of `graph` that `sharing` lists, in the order of the file.

    Parts that are not contiguous, or not of whole bytes, have no link. Constants have links only with `constants`.
    """
    kinds = _STEADY if constants else _ORDINARY
    for s, subgraph in enumerate(graph.subgraphs):
        for op in subgraph.ops:
            moves = op.moves
            if moves is None:
                continue
            view = moves.kind is Move.VIEW
            if not sharing.allows(sharing.views if view else sharing.parts, op.kind):
                continue
            for part, whole, position in _view(op, subgraph, kinds) if view else _parts(op, moves, subgraph, kinds):
                yield Link((s, part), (s, whole), position, op)


def unused_moves(graph: Graph, sharing: Sharing) -> Iterator[str]:
    """A line for each kind that `sharing` lists among views or parts, though operators of that kind in `graph` are not.

    A kind that the graph does not have is not named: a profile is for every model.
    """
    views, parts, there = set[str](), set[str](), dict[str, str]()
    for subgraph in graph.subgraphs if EVERY not in sharing.views or EVERY not in sharing.parts else ():
        for op in subgraph.ops:
            there.setdefault(op.kind, op.name)
            there.setdefault(CUSTOM + op.kind, op.name)
            if op.moves is not None:
                (views if op.moves.kind is Move.VIEW else parts).add(op.kind)
    for title, listed, found, why in (
        ("views", sharing.views, views, "does not only give the same bytes another shape"),
        ("parts", sharing.parts, parts, "is not a join or a cut along an axis"),
    ):
        for kind in listed:
            if kind in there and kind not in found:
                yield f"{title}: {kind} is listed in [sharing] and not used: {there[kind]!r} {why}"


def _view(op: Op, subgraph: Subgraph, kinds: tuple[TensorKind, ...]) -> Iterator[tuple[int, int, int]]:
    source, result = op.inputs[0], op.outputs[0]
    if ABSENT in (source, result):
        return
    one, two = subgraph.tensors[source], subgraph.tensors[result]
    if one.kind in kinds and two.kind in kinds and one.bytes is not None and one.bytes == two.bytes:
        yield result, source, 0


def _parts(op: Op, moves: Moves, subgraph: Subgraph, kinds: tuple[TensorKind, ...]) -> Iterator[tuple[int, int, int]]:
    """(part, whole, position) for each part of `op` that can share the bytes of the whole."""
    joins = moves.kind is Move.CONCAT
    side, other = (op.inputs, op.outputs) if joins else (op.outputs, op.inputs)
    whole, parts = other[moves.whole], [side[at] for at in moves.parts]
    if ABSENT in (whole, *parts):
        return
    tensors = subgraph.tensors
    sizes = [tensors[part].bytes for part in parts]
    total = tensors[whole].bytes
    if tensors[whole].kind not in kinds or not total or not _contiguous(tensors[whole], moves.axis):
        return
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes) or any(tensors[part].dtype.bits != tensors[whole].dtype.bits for part in parts):
        return
    start = 0
    if moves.kind is Move.SLICE:
        start = moves.start * (total // (_dim(tensors[whole], moves.axis) or 1))
    elif sum(known) != total:
        return
    for part, size, end in zip(parts, known, accumulate(known, initial=start), strict=False):
        if size and tensors[part].kind in kinds and end + size <= total:
            yield part, whole, end


def _contiguous(whole: Tensor, axis: int) -> bool:
    """Whether the elements of one index along `axis` are contiguous whole bytes."""
    shape, bits = whole.shape, whole.dtype.bits
    if shape is None or whole.unknown or bits is None or bits % 8 or not 0 <= axis < len(shape):
        return False
    return prod(int(dim) for dim in shape[:axis]) == 1


def _dim(whole: Tensor, axis: int) -> int:
    return int((whole.shape or (1,))[axis])
