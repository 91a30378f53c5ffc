"""Operators of StableHLO whose attributes decide the output shapes, and two similar ones of LiteRT.

StableHLO's RESHAPE, BROADCAST_IN_DIM and IOTA have no rule: only the type of the result has their shape.

Source: the StableHLO specification, https://openxla.org/stablehlo/spec
"""

from collections.abc import Sequence

from .. import option_schema as schema
from .dims import added, written
from .op_context import Dim, Impossible, OpContext, Shape, Unknown, axis_of
from .pieces import joined


def like_each(op: OpContext) -> list[Shape]:
    """For each output, the shape of the input at the same position."""
    return [op.shape(position) for position in range(len(op.outputs))]


def concatenate(op: OpContext) -> list[Shape]:
    """The inputs one after the other along an axis."""
    field = schema.StablehloConcatenateOptions
    return joined(op, op.second_options(field.NUMBER).scalar(field.DIMENSION))


def transpose(op: OpContext) -> list[Shape]:
    """The input with its axes in another order."""
    field, shape = schema.StablehloTransposeOptions, op.shape(0)
    order = op.longs(field.NUMBER, field.PERMUTATION)
    if sorted(order) != list(range(len(shape))):
        raise Impossible(f"{list(order)} is not an order of {len(shape)} axes")
    return [tuple(shape[axis] for axis in order)]


def slice_(op: OpContext) -> list[Shape]:
    """A piece from starts to limits in steps, which are attributes."""
    field, shape = schema.StablehloSliceOptions, op.shape(0)
    start, limit, step = (
        op.longs(field.NUMBER, of) for of in (field.START_INDICES, field.LIMIT_INDICES, field.STRIDES)
    )
    made = list[Dim]()
    for dim, first, last, by in zip(shape, start, limit, step, strict=True):
        if by < 1 or not 0 <= first <= last or (isinstance(dim, int) and last > dim):
            raise Impossible(f"{first} to {last} in steps of {by} is not within {written(shape)}")
        made.append(-((first - last) // by))
    return [tuple(made)]


def dynamic_slice(op: OpContext) -> list[Shape]:
    """A piece with the lengths in an attribute."""
    field = schema.StablehloDynamicSliceOptions
    return [tuple(op.longs(field.NUMBER, field.SLICE_SIZES))]


def pad(op: OpContext) -> list[Shape]:
    """The input with padding at both ends of each axis, and between its elements."""
    field, shape = schema.StablehloPadOptions, op.shape(0)
    low, high, between = (
        op.longs(field.NUMBER, of) for of in (field.EDGE_PADDING_LOW, field.EDGE_PADDING_HIGH, field.INTERIOR_PADDING)
    )
    return [
        tuple(
            added((_spaced(dim, 1 + gap), before, behind))
            for dim, before, behind, gap in zip(shape, low, high, between, strict=True)
        )
    ]


def _spaced(dim: Dim, by: int) -> Dim:
    """The length of an axis of `dim` elements that are `by` places apart.

    Raises:
        Impossible: `by` is less than 1.
    """
    if by < 1:
        raise Impossible(f"elements are {by} apart")
    if not isinstance(dim, int):
        return dim if by == 1 else None
    return (dim - 1) * by + 1 if dim else 0


def reduce(op: OpContext) -> list[Shape]:
    """The first half of the inputs, without the axes in an attribute."""
    field = schema.StablehloReduceOptions
    axes = op.longs(field.NUMBER, field.DIMENSIONS)
    made = list[Shape]()
    for shape in like_each(op):
        dropped = {axis_of(axis, len(shape)) for axis in axes}
        made.append(tuple(dim for axis, dim in enumerate(shape) if axis not in dropped))
    return made


def reduce_window(op: OpContext) -> list[Shape]:
    """The number of window positions along each axis of the first half of the inputs."""
    field = schema.StablehloReduceWindowOptions
    window = op.longs(field.NUMBER, field.WINDOW_DIMENSIONS)
    ones = (1,) * len(window)
    strides, base, dilations = (
        op.longs(field.NUMBER, of) or ones
        for of in (field.WINDOW_STRIDES, field.BASE_DILATIONS, field.WINDOW_DILATIONS)
    )
    pads = op.longs(field.NUMBER, field.PADDING) or (0,) * (2 * len(window))
    made = list[Shape]()
    for shape in like_each(op):
        image = [_spaced(dim, by) for dim, by in zip(shape, base, strict=True)]
        image = [added((dim, *pads[2 * axis : 2 * axis + 2])) for axis, dim in enumerate(image)]
        made.append(_places(image, window, strides, dilations))
    return made


def _places(image: Sequence[Dim], window: Sequence[int], strides: Sequence[int], dilations: Sequence[int]) -> Shape:
    made = list[Dim]()
    for dim, size, stride, dilation in zip(image, window, strides, dilations, strict=True):
        if min(size, stride, dilation) < 1:
            raise Impossible(f"window {size}, stride {stride}, dilation {dilation}")
        if isinstance(dim, int):
            made.append(max(0, (dim - (size - 1) * dilation - 1) // stride + 1))
        else:
            made.append(dim if size == stride == 1 else None)
    return tuple(made)


def dot_general(op: OpContext) -> list[Shape]:
    """The batch axes, then the remaining axes of the first input, then those of the second."""
    field, one, other = schema.StablehloDotGeneralOptions, op.shape(0), op.shape(1)
    batches, others, summed, others_summed = (
        op.longs(field.NUMBER, of)
        for of in (
            field.LHS_BATCHING_DIMENSIONS,
            field.RHS_BATCHING_DIMENSIONS,
            field.LHS_CONTRACTING_DIMENSIONS,
            field.RHS_CONTRACTING_DIMENSIONS,
        )
    )
    left = (dim for axis, dim in enumerate(one) if axis not in (*batches, *summed))
    right = (dim for axis, dim in enumerate(other) if axis not in (*others, *others_summed))
    return [(*(one[axis_of(axis, len(one))] for axis in batches), *left, *right)]


def gather(op: OpContext) -> list[Shape]:
    """A piece of one size for each index; an attribute has the positions of the axes of the pieces."""
    field, indices = schema.StablehloGatherOptions, op.shape(1)
    sizes, offsets, collapsed = (
        op.longs(field.NUMBER, of) for of in (field.SLICE_SIZES, field.OFFSET_DIMS, field.COLLAPSED_SLICE_DIMS)
    )
    vector = op.second_options(field.NUMBER).scalar(field.INDEX_VECTOR_DIM)
    batch = iter([dim for axis, dim in enumerate(indices) if axis != vector])
    piece = iter([dim for axis, dim in enumerate(sizes) if axis not in collapsed])
    rank = len(sizes) - len(collapsed) + len(indices) - (vector < len(indices))
    try:
        return [tuple(next(piece) if axis in offsets else next(batch) for axis in range(rank))]
    except RuntimeError:  # an iterator is exhausted: the number of axes contradicts the attributes
        raise Unknown from None


def dilate(op: OpContext) -> list[Shape]:
    """The first input with its elements apart; the second input has the distance along each axis."""
    return [tuple(_spaced(dim, by) for dim, by in zip(op.shape(0), op.whole(1), strict=True))]


def window_reduced(op: OpContext) -> list[Shape]:
    """The output shape of REDUCE_WINDOW: the number of window positions along each axis.

    Inputs 2, 3 and 4 are the shape, the strides and the dilations of the window.
    """
    return [_places(op.shape(0), op.whole(2), op.whole(3), op.whole(4))]
