"""Reductions, shape queries, and operators whose output length is a value."""

from .. import option_schema as schema
from .op_context import OpContext, Shape, Unknown, axis_of


def reduced(op: OpContext) -> list[Shape]:
    """The first input without the axes in the second input, or with length 1 along them."""
    shape, axes = op.shape(0), op.whole(1)
    dropped = {axis_of(axis, len(shape)) for axis in axes}
    if op.options(schema.ReducerOptions.NUMBER).scalar(schema.ReducerOptions.KEEP_DIMS):
        return [tuple(1 if axis in dropped else dim for axis, dim in enumerate(shape))]
    return [tuple(dim for axis, dim in enumerate(shape) if axis not in dropped)]


def arg_extreme(op: OpContext) -> list[Shape]:
    """The first input without the axis in the second input."""
    shape = op.shape(0)
    axis = axis_of(op.number(1), len(shape))
    return [(*shape[:axis], *shape[axis + 1 :])]


def top_k(op: OpContext) -> list[Shape]:
    """The largest elements of each row, and their indices; the second input has their number."""
    shape, count = op.shape(0), op.numbers(1)
    if not shape or len(count) != 1:
        raise Unknown
    return [(*shape[:-1], count[0])] * 2


def shape_of(op: OpContext) -> list[Shape]:
    """A number for each axis."""
    return [(len(op.shape(0)),)]


def rank_of(op: OpContext) -> list[Shape]:
    """One number."""
    del op
    return [()]


def range_(op: OpContext) -> list[Shape]:
    """The numbers from the first input to the second in steps of the third."""
    start, limit, step = (op.number(position) for position in range(3))
    if step == 0:
        raise Unknown
    return [(len(range(start, limit, step)),)]


def where(op: OpContext) -> list[Shape]:
    """A row for each element that is true; only a run decides their number."""
    return [(None, len(op.shape(0)))]


def unique(op: OpContext) -> list[Shape]:
    """Each distinct element, whose number only a run decides, and an index for each element."""
    return [(None,), op.shape(0)]


def suppressed(op: OpContext) -> list[Shape]:
    """The most indices that the third input allows, scores (in version 5), and the number of valid ones."""
    most = op.numbers(2)
    if len(most) != 1:
        raise Unknown
    return [(most[0],)] * (len(op.outputs) - 1) + [()]


def scatter_nd(op: OpContext) -> list[Shape]:
    """The shape in the third input."""
    return [op.numbers(2)]


def sparse_to_dense(op: OpContext) -> list[Shape]:
    """The shape in the second input."""
    return [op.numbers(1)]


def segment_sum(op: OpContext) -> list[Shape]:
    """A row for each segment; only the values of the segment ids decide their number."""
    return [(None, *op.shape(0)[1:])]


def unsorted_segments(op: OpContext) -> list[Shape]:
    """A row for each segment; the third input has their number."""
    count = op.numbers(2)
    if len(count) != 1:
        raise Unknown
    return [(count[0], *op.shape(0)[len(op.shape(1)) :])]


def multinomial(op: OpContext) -> list[Shape]:
    """The draws from each row; the second input has their number."""
    count = op.numbers(1)
    if len(count) != 1:
        raise Unknown
    return [(*op.shape(0)[:1], count[0])]
