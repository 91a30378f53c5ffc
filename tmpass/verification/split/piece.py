"""Pieces: which elements of an original tensor a tensor of a split model holds."""

from collections.abc import Iterable, Sequence

from tmpass.base.record import record

ZERO = -1
"""The index of an element that is zero, since it is outside the original."""

WRONG = -2
"""The index of an element that the original does not have: it may be computed, but nothing may depend on it."""

OUTSIDE = -3
"""In what a window reads: an element outside the tensor that does not count."""

Indices = tuple[int, ...]


@record
class Piece:
    """Elements of the original tensor `of`: element (i, j, ...) is that at (axes[0][i], axes[1][j], ...)."""

    of: int
    axes: tuple[Indices, ...]

    def along(self, axis: int, indices: Iterable[int]) -> "Piece":
        """The piece with other indices along one axis."""
        return Piece(self.of, (*self.axes[:axis], tuple(indices), *self.axes[axis + 1 :]))


def whole(of: int, shape: Sequence[int]) -> Piece:
    """The piece that is all of a tensor."""
    return Piece(of, tuple(tuple(range(dim)) for dim in shape))


def sliced(piece: Piece, spans: Sequence[tuple[int, int]]) -> Piece:
    """The piece that a slice leaves: a first index and a length along each axis."""
    return Piece(
        piece.of, tuple(own[start : start + length] for own, (start, length) in zip(piece.axes, spans, strict=True))
    )


def padded(piece: Piece, pads: Sequence[tuple[int, int]]) -> Piece:
    """The piece with zeros around it."""
    return Piece(
        piece.of,
        tuple((ZERO,) * before + own + (ZERO,) * after for own, (before, after) in zip(piece.axes, pads, strict=True)),
    )


def joined(pieces: Sequence[Piece], axis: int) -> Piece | None:
    """The pieces one after the other; None where they are not of one tensor, or differ along another axis."""
    first = pieces[0]
    indices = tuple(index for piece in pieces for index in piece.axes[axis])
    if any(piece.of != first.of or piece.along(axis, ()) != first.along(axis, ()) for piece in pieces):
        return None
    return first.along(axis, indices)


def matched(wanted: Sequence[object], known: Sequence[object]) -> Indices:
    """For each of `wanted` the first index in `known` where there is an equal one, WRONG where there is none."""
    first: dict[object, int] = {}
    for index, one in enumerate(known):
        first.setdefault(one, index)
    return tuple(first.get(one, WRONG) for one in wanted)


def reads(own: Indices, size: int, stride: int, dilation: int, before: int, count: int, outside: int) -> list[object]:
    """What each of `count` windows reads along one axis; None where that is not known."""
    found: list[object] = []
    for g in range(count):
        at = [g * stride - before + dilation * j for j in range(size)]
        taps = tuple(own[i] if 0 <= i < len(own) else outside for i in at)
        found.append(None if WRONG in taps else taps)
    return found
