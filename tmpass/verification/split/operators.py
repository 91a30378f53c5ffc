"""Operators of a split model against those of the original: which elements of the original's result they make."""

from collections.abc import Mapping, Sequence
from math import prod

from tmpass.graph.content import Constant, Content, Derived, OpContent, Remote
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
        if told.per_channel is None or self._spread_constants(one, told):  # it is only known whole
            return None
        if _rule(told) != _rule(said) or len(one.inputs) != len(other.inputs):
            return None
        if len(one.outputs) != 1 or len(other.outputs) != 1:
            return None
        pairs = list(self._data(one, other, pieces))
        if len(pairs) != sum(t in pieces for t in other.inputs) or (told.sliding and len(pairs) != 1):
            return None
        if any(a.of != b.of or len(a.axes) != len(b.axes) for a, b in pairs):
            return None
        whole, shape = self._shape(self._original, one.outputs[0]), self._shape(self._split, other.outputs[0])
        rank = len(whole)
        if not rank or rank != len(shape):
            return None
        channel = told.channels % rank
        axes = [
            self._channels(one, other, told, pairs, channel)
            if axis == channel
            else self._along((axis, rank), told, said, pairs, whole[axis], shape[axis])
            for axis in range(rank)
        ]
        if any(len(own) != dim for own, dim in zip(axes, shape, strict=True)):
            return None
        made_piece = Piece(one.outputs[0], tuple(axes))
        return made_piece if self._read_whole(told, pairs) and self._same_scales(one, other) else None

    def _data(self, one: Op, other: Op, pieces: Pieces) -> list[tuple[Piece, Piece]]:
        """The pieces that both operators read at the same positions."""
        return [
            (self._known[a], pieces[b])
            for a, b in zip(one.inputs, other.inputs, strict=True)
            if a in self._known and b in pieces
        ]

    def _along(
        self,
        place: tuple[int, int],
        told: OpContent,
        said: OpContent,
        pairs: Sequence[tuple[Piece, Piece]],
        old: int,
        new: int,
    ) -> Indices:
        """The indices of the result along one axis of its rank that is not that of the channels."""
        axis, rank = place
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
        if axis in told.spatial or (told.spatial and any(axis >= len(a.axes) for a, _ in pairs)):
            return tuple(range(new)) if old == new else (WRONG,) * new
        back = 0 if told.spatial else rank  # shapes of element-wise operators are aligned at their last axes
        return _known_only(
            _taken([b for _, b in pairs], axis - back, new), _taken([a for a, _ in pairs], axis - back, old)
        )

    def _channels(
        self, one: Op, other: Op, told: OpContent, pairs: Sequence[tuple[Piece, Piece]], channel: int
    ) -> Indices:
        """The indices of the result along the channels: those with the same constants, and the same channels read."""
        old = self._rows(self._original, one, told, channel)
        new = self._rows(self._split, other, told, channel)
        if told.each_channel:
            whole = _taken([a for a, _ in pairs], told.channels_read, len(old))
            part = _taken([b for _, b in pairs], told.channels_read, len(new))
            old = list(zip(old, whole, strict=True))
            new = [None if at is None else (row, at) for row, at in zip(new, part, strict=True)]
        elif any(_own(a, told.channels_read) != _own(b, told.channels_read) for a, b in pairs) or (
            told.ordered and len(old) != len(new)
        ):
            return (WRONG,) * len(new)
        return _known_only(new, old)

    def _rows(self, model: Content, op: Op, told: OpContent, channel: int) -> list[object]:
        """For each channel of the result the constants that it depends on, with their scales."""
        count = self._shape(model, op.outputs[0])[channel]
        cut = dict(told.per_channel or ())
        rows: list[list[object]] = [[n] if told.ordered else [] for n in range(count)]
        for position, t in enumerate(op.inputs):
            if t == ABSENT or t not in model.constants:
                continue
            shape, content = self._shape(model, t), model.constants[t]
            axis = cut[position] if position in cut else _aligned(shape, told.channels, count)
            if axis is not None and (not shape or shape[axis] == 1 != count):
                axis = None  # one element for all channels
            scales = model.scales.get(t)
            if axis is None:
                own: object = shape if position in cut and cut[position] is None else None, content
                scaled = [own, scales]
                for row in rows:
                    row += scaled if scales and len(scales[1]) > 1 else [own, scales and scales[1][0]]
                continue
            for n in range(count):
                rows[n].append((None, _part(content, shape, axis, n, count)))
                each = scales is not None and len(scales[1]) == count and scales[0] == axis
                one = scales is not None and len(scales[1]) == 1
                rows[n].append(scales[1][n if each else 0] if scales is not None and (each or one) else scales)
        return [tuple(row) for row in rows]

    def _spread_constants(self, one: Op, told: OpContent) -> bool:
        """Whether an operator that is not told to cut a constant has one along more axes than that of the channels."""
        cut = dict(told.per_channel or ())
        shapes = (
            self._shape(self._original, t) for at, t in enumerate(one.inputs) if at not in cut and self._constant(t)
        )
        return not told.spatial and any(
            dim > 1 for shape in shapes for axis, dim in enumerate(shape) if axis != len(shape) + told.channels
        )

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


def _rule(content: OpContent) -> tuple[object, ...]:
    """All that an operator of a split has in common with its original.

    Not `each_channel`: with one channel in the part it may be either, and the channels that are read are compared.
    """
    whole = content.ordered, content.spatial, content.channels
    return (content.options, content.ignores, content.per_channel, *whole)


def _taken(pieces: Sequence[Piece], axis: int, count: int) -> list[object]:
    """What each of `count` elements along an axis reads of the pieces that have this axis; None where it is not known.

    A piece with one index has it for all elements.
    """
    columns = [
        own * count if len(own) == 1 else own if len(own) == count else (WRONG,) * count
        for own in (piece.axes[axis] for piece in pieces if -len(piece.axes) <= axis < len(piece.axes))
    ]
    rows = [tuple(column[n] for column in columns) for n in range(count)]
    return [None if WRONG in row else row for row in rows]


def _own(piece: Piece, axis: int) -> Indices:
    """The indices of a piece along an axis, counted from the end; none where it has no such axis."""
    return piece.axes[axis] if -axis <= len(piece.axes) else ()


def _aligned(shape: Sequence[int], channels: int, count: int) -> int | None:
    """The axis of a constant that is that of `count` channels; None where there is none."""
    axis = len(shape) + channels
    return axis if axis >= 0 and shape[axis] == count > 1 else None


def _part(content: Constant, shape: Sequence[int], axis: int, index: int, count: int) -> object:
    """The bytes of a constant at one of `count` indices of an axis.

    Where elements have no bytes of their own, as packed ones, it is all bytes with the index.
    """
    if isinstance(content, Derived):
        return content.by, tuple(
            one if axes[axis] is None else _part(one, own, axes[axis] or 0, index, count)
            for one, own, axes in content.of
        )
    if isinstance(content, Remote):
        elements = prod(shape)
        apart = content.size > 0 and elements > 0 and content.size % elements == 0
        if not apart or shape[axis] != count or prod(shape[:axis]) != 1:
            return content, index
        row = content.size // count
        return Remote(content.of, content.start + index * row, row)
    if not content or len(content) % prod(shape) or shape[axis] != count:
        return content, index
    outer, inner = prod(shape[:axis]), prod(shape[axis + 1 :])
    size = len(content) // prod(shape) * inner
    row = size * count
    return b"".join(content[n * row + index * size : n * row + (index + 1) * size] for n in range(outer))
