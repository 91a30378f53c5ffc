"""Operators of a split model against those of the original: which elements of the original's result they make."""

from collections.abc import Mapping, Sequence
from math import prod

from tmpass.graph.content import Content, OpContent
from tmpass.graph.model import ABSENT, Op, TensorKind
from tmpass.verification.split.piece import OUTSIDE, WRONG, ZERO, Indices, Piece, matched, reads

Pieces = Mapping[int, Piece]


class Matcher:
    """Compares operators of the model `split` with those of `original`.

    Args:
        original, split: the models.
        known: for each tensor of the original its canonical piece.
    """

    def __init__(self, original: Content, split: Content, known: Pieces) -> None:
        self._original, self._split, self._known = original, split, known

    def result(self, made: int, like: int, pieces: Pieces) -> Piece | None:
        """The piece of the result of operator `like` of the original that operator `made` of the split model makes.

        None where they are not the same operator on elements of the same tensors.
        """
        one, other = self._original.graph.subgraphs[0].ops[like], self._split.graph.subgraphs[0].ops[made]
        told, said = self._original.ops[like], self._split.ops[made]
        if told.per_channel is None:  # it is only known whole
            return None
        if told.options != said.options or len(one.inputs) != len(other.inputs) or len(one.outputs) != 1:
            return None
        pairs = list(self._data(one, other, pieces))
        if any(a != b for a, b in pairs) and self._spread_constants(one, told):
            return None
        if len(pairs) != sum(t in pieces for t in other.inputs) or any(a.of != b.of for a, b in pairs):
            return None
        rank = len(self._shape(self._original, one.outputs[0]))
        shape = self._shape(self._split, other.outputs[0])
        if rank != len(shape):
            return None
        channel = told.channels % rank if rank else 0
        axes: list[Indices] = []
        for axis in range(rank):
            if rank and axis == channel:
                axes.append(())
                continue
            found = self._along(axis, told, said, pairs, self._shape(self._original, one.outputs[0])[axis], shape[axis])
            axes.append(found)
        if rank:
            axes[channel] = self._channels(one, other, told, pairs, channel)
        made_piece = Piece(one.outputs[0], tuple(axes))
        if any(len(own) != dim for own, dim in zip(axes, shape, strict=True)):
            return None
        return made_piece if self._read_whole(told, pairs) and self._same_scales(one, other) else None

    def _data(self, one: Op, other: Op, pieces: Pieces) -> list[tuple[Piece, Piece]]:
        """The pieces that both operators read at the same positions."""
        return [
            (self._known[a], pieces[b])
            for a, b in zip(one.inputs, other.inputs, strict=True)
            if a in self._known and b in pieces
        ]

    def _along(
        self, axis: int, told: OpContent, said: OpContent, pairs: Sequence[tuple[Piece, Piece]], old: int, new: int
    ) -> Indices:
        """The indices of the result along one axis that is not that of the channels."""
        outside = OUTSIDE if told.ignores else ZERO
        sliding = next((s for s in told.sliding if s.axis == axis), None)
        if sliding is not None:
            mine = next(s for s in said.sliding if s.axis == axis)
            if (sliding.size, sliding.stride, sliding.dilation) != (mine.size, mine.stride, mine.dilation):
                return (WRONG,) * new
            whole, part = (
                reads(piece.axes[axis], s.size, s.stride, s.dilation, s.before, count, outside)
                for piece, s, count in ((pairs[0][0], sliding, old), (pairs[0][1], mine, new))
            )
            return _known_only(part, whole)
        if axis in told.spatial or any(axis >= len(a.axes) or axis >= len(b.axes) for a, b in pairs):
            return tuple(range(new)) if old == new else (WRONG,) * new
        whole = list(zip(*(_spread(a.axes[axis], old) for a, _ in pairs), strict=True))
        part = [
            None if WRONG in row else row for row in zip(*(_spread(b.axes[axis], new) for _, b in pairs), strict=True)
        ]
        return _known_only(part, whole)

    def _channels(
        self, one: Op, other: Op, told: OpContent, pairs: Sequence[tuple[Piece, Piece]], channel: int
    ) -> Indices:
        """The indices of the result along the channels: those with the same constants, and the same channels read."""
        old = self._rows(self._original, one, told, channel)
        new = self._rows(self._split, other, told, channel)
        if told.each_channel:
            read = [(a.axes[-1], b.axes[-1]) for a, b in pairs]
            whole = [tuple(_spread(a, len(old))[n] for a, _ in read) for n in range(len(old))]
            part = [tuple(_spread(b, len(new))[n] for _, b in read) for n in range(len(new))]
            old = list(zip(old, whole, strict=True))
            new = [None if WRONG in at else (row, at) for row, at in zip(new, part, strict=True)]
        elif any(a.axes[-1] != b.axes[-1] for a, b in pairs):
            return (WRONG,) * len(new)
        return _known_only(new, old)

    def _rows(self, model: Content, op: Op, told: OpContent, channel: int) -> list[object]:
        """For each channel of the result the constants that it depends on, with their scales."""
        count = self._shape(model, op.outputs[0])[channel]
        cut = dict(told.per_channel or ())
        rows: list[list[object]] = [[] for _ in range(count)]
        for position, t in enumerate(op.inputs):
            if t == ABSENT or t not in model.constants:
                continue
            shape, content = self._shape(model, t), model.constants[t]
            axis = cut.get(position, len(shape) - 1 if shape and shape[-1] == count > 1 else None)
            scales = model.scales.get(t)
            for n in range(count):
                rows[n].append(_part(content, shape, axis, n))
                if scales is not None:
                    rows[n].append(scales[1][n if len(scales[1]) == count and scales[0] == axis else 0])
        return [tuple(row) for row in rows]

    def _spread_constants(self, one: Op, told: OpContent) -> bool:
        """Whether an operator that is not told to cut a constant has one along more axes than that of the channels."""
        cut = dict(told.per_channel or ())
        shapes = (
            self._shape(self._original, t) for at, t in enumerate(one.inputs) if at not in cut and self._constant(t)
        )
        return not told.spatial and any(dim > 1 for shape in shapes for dim in shape[:-1])

    def _constant(self, t: int) -> bool:
        return t != ABSENT and t in self._original.constants

    def _read_whole(self, told: OpContent, pairs: Sequence[tuple[Piece, Piece]]) -> bool:
        """Whether the axes that are read as a whole are the same."""
        return all(a.axes[axis] == b.axes[axis] for axis in told.spatial for a, b in pairs)

    def _same_scales(self, one: Op, other: Op) -> bool:
        """Whether the results, and the data read, have the same types and scales."""
        for a, b in ((one.outputs[0], other.outputs[0]), *zip(one.inputs, other.inputs, strict=True)):
            if (a == ABSENT) != (b == ABSENT):
                return False
            if a == ABSENT:
                continue
            first, second = self._original.graph.subgraphs[0].tensors[a], self._split.graph.subgraphs[0].tensors[b]
            constant = first.kind is TensorKind.CONSTANT
            if first.dtype != second.dtype or constant != (second.kind is TensorKind.CONSTANT):
                return False
            if not constant and self._original.scales.get(a) != self._split.scales.get(b):
                return False
        return True

    @staticmethod
    def _shape(model: Content, t: int) -> tuple[int, ...]:
        return tuple(int(dim) for dim in model.graph.subgraphs[0].tensors[t].shape or ())


def _known_only(part: Sequence[object], whole: Sequence[object]) -> Indices:
    """As `matched`, with WRONG where nothing is known of what is read."""
    found = matched(part, whole)
    return tuple(WRONG if one is None else index for one, index in zip(part, found, strict=True))


def _spread(indices: Indices, count: int) -> Indices:
    """The indices of an axis of length 1 for each element that they are broadcast to."""
    return indices * count if len(indices) == 1 else indices


def _part(content: bytes, shape: Sequence[int], axis: int | None, index: int) -> bytes:
    """The bytes of a constant at one index of an axis; all of them where it has no such axis."""
    if axis is None or not shape:
        return content
    outer, inner = prod(shape[:axis]), prod(shape[axis + 1 :])
    size = len(content) // max(1, prod(shape)) * inner
    row = size * shape[axis]
    return b"".join(content[n * row + index * size : n * row + (index + 1) * size] for n in range(outer))
