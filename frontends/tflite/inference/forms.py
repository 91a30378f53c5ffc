"""Operators that change shape or axes, and matrix products."""

from .. import option_schema as schema
from .dims import broadcast, factors, multiplied, quotient, written
from .op_context import Impossible, OpContext, Shape, Unknown, axis_of


def reshape(op: OpContext) -> list[Shape]:
    """The shape in the second input, or in the options if that is not a list of numbers."""
    before = op.shape(0)
    if op.has(1) and op.dtype(1) == "int32" and len(op.shape(1)) == 1:
        wanted = list(op.numbers(1))
    else:
        wanted = list(op.options(schema.ReshapeOptions.NUMBER).integers(schema.ReshapeOptions.NEW_SHAPE) or ())
        if wanted == [0]:  # old writers mean a scalar
            wanted = []
    open_ = [axis for axis, dim in enumerate(wanted) if dim == -1] or [a for a, dim in enumerate(wanted) if dim is None]
    if len(open_) == 1:
        wanted[open_[0]] = quotient(before, (dim for axis, dim in enumerate(wanted) if axis != open_[0]))
    elif any(dim == -1 for dim in wanted):
        raise Impossible(f"{written(tuple(wanted))} leaves more than one dimension open")
    (old, names), (new, others) = factors(before), factors(wanted)
    if not names and not others and old != new:
        raise Impossible(f"{written(before)} has {old} elements, {written(tuple(wanted))} has {new}")
    return [tuple(wanted)]


def squeeze(op: OpContext) -> list[Shape]:
    """The input without the axes of length 1 that the options name; without names, without all such axes."""
    shape = op.shape(0)
    options = op.options(schema.SqueezeOptions.NUMBER)
    named = options.integers(schema.SqueezeOptions.SQUEEZE_DIMS)
    if named:
        dropped = {axis_of(axis, len(shape)) for axis in named}
        if any(isinstance(shape[axis], int) and shape[axis] != 1 for axis in dropped):
            raise Impossible(f"{written(shape)} has an axis to drop whose length is not 1")
    elif all(isinstance(dim, int) for dim in shape):
        dropped = {axis for axis, dim in enumerate(shape) if dim == 1}
    else:
        raise Unknown
    return [tuple(dim for axis, dim in enumerate(shape) if axis not in dropped)]


def expand_dims(op: OpContext) -> list[Shape]:
    """The input with a new axis of length 1."""
    shape = op.shape(0)
    axis = axis_of(op.number(1), len(shape) + 1)
    return [(*shape[:axis], 1, *shape[axis:])]


def transpose(op: OpContext) -> list[Shape]:
    """The input with its axes in another order."""
    shape, order = op.shape(0), op.whole(1)
    if sorted(order) != list(range(len(shape))):
        raise Impossible(f"{list(order)} is not an order of {len(shape)} axes")
    return [tuple(shape[axis] for axis in order)]


def fully_connected(op: OpContext) -> list[Shape]:
    """[batch, units] for weights [units, depth]; with an option, all axes of the input but the last, and units."""
    shape, weights, field = op.shape(0), op.shape(1), schema.FullyConnectedOptions
    if len(weights) != 2:
        raise Unknown
    units, depth = weights
    if op.options(field.NUMBER).scalar(field.KEEP_NUM_DIMS):
        if shape and isinstance(shape[-1], int) and isinstance(depth, int) and shape[-1] != depth:
            raise Impossible(f"{written(shape)} does not end in {depth}, but its weights do")
        return [(*shape[:-1], units)]
    return [(quotient(shape, (depth,)), units)]


def batch_matmul(op: OpContext) -> list[Shape]:
    """A matrix product for each batch."""
    one, other, field = op.shape(0), op.shape(1), schema.BatchMatMulOptions
    options = op.options(field.NUMBER)
    if min(len(one), len(other)) < 2:
        raise Unknown
    rows = one[-1] if options.scalar(field.ADJ_X) else one[-2]
    columns = other[-2] if options.scalar(field.ADJ_Y) else other[-1]
    return [(*broadcast(one[:-2], other[:-2]), rows, columns)]


def matrix_diag(op: OpContext) -> list[Shape]:
    """Each row on the diagonal of a square."""
    shape = op.shape(0)
    if not shape:
        raise Unknown
    return [(*shape, shape[-1])]


def rfft2d(op: OpContext) -> list[Shape]:
    """Half of a spectrum with the lengths in the second input."""
    shape, (rows, columns) = op.shape(0), op.numbers(1)
    if len(shape) < 2:
        raise Unknown
    half = columns // 2 + 1 if isinstance(columns, int) else None
    return [(*shape[:-2], rows, half)]


def embedding_lookup(op: OpContext) -> list[Shape]:
    """A row of the second input for each number in the first."""
    return [(*op.shape(0)[:1], *op.shape(1)[1:])]


def one_hot(op: OpContext) -> list[Shape]:
    """The input with a new axis, whose length is in the second input."""
    shape, depth = op.shape(0), op.numbers(1)
    axis = op.options(schema.OneHotOptions.NUMBER).scalar(schema.OneHotOptions.AXIS)
    at = axis_of(axis, len(shape) + 1)
    return [(*shape[:at], depth[0] if len(depth) == 1 else None, *shape[at:])]


def broadcast_to(op: OpContext) -> list[Shape]:
    """The shape in the second input."""
    return [op.numbers(1)]


def broadcast_args(op: OpContext) -> list[Shape]:
    """A number for each axis of the shape to which two shapes broadcast."""
    lengths = [multiplied(op.shape(position)) for position in (0, 1)]
    if not all(isinstance(length, int) for length in lengths):
        raise Unknown
    return [(max(length for length in lengths if isinstance(length, int)),)]
