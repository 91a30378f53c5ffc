"""Operators that concatenate, split, slice, gather, pad and tile."""

from .. import option_schema as schema
from .dims import added, multiplied
from .op_context import Dim, Impossible, OpContext, Shape, Unknown, axis_of


def concatenation(op: OpContext) -> list[Shape]:
    """The inputs one after the other along an axis."""
    field = schema.ConcatenationOptions
    return joined(op, op.options(field.NUMBER).scalar(field.AXIS))


def joined(op: OpContext, axis: int) -> list[Shape]:
    """The inputs one after the other along `axis`."""
    shapes = [op.shape(position) for position in range(len(op.inputs))]
    if not shapes:
        raise Unknown
    rank = len(shapes[0])
    axis = axis_of(axis, rank)
    if any(len(shape) != rank for shape in shapes):
        raise Impossible("its inputs have different ranks")
    made = list(shapes[0])
    for shape in shapes:
        for other, dim in enumerate(shape):
            if other != axis and dim != made[other]:
                made[other] = _one(made[other], dim)
    made[axis] = added(shape[axis] for shape in shapes)
    return [tuple(made)]


def pack(op: OpContext) -> list[Shape]:
    """The inputs one after the other along a new axis."""
    shape = op.shape(0)
    axis = axis_of(op.options(schema.PackOptions.NUMBER).scalar(schema.PackOptions.AXIS), len(shape) + 1)
    return [(*shape[:axis], len(op.inputs), *shape[axis:])]


def unpack(op: OpContext) -> list[Shape]:
    """One output for each index along an axis."""
    shape = op.shape(0)
    axis = axis_of(op.options(schema.UnpackOptions.NUMBER).scalar(schema.UnpackOptions.AXIS), len(shape))
    _one(shape[axis], len(op.outputs))
    return [(*shape[:axis], *shape[axis + 1 :])] * len(op.outputs)


def split(op: OpContext) -> list[Shape]:
    """Pieces of equal length along the axis in the first input."""
    shape, count = op.shape(1), len(op.outputs)
    axis, dim = axis_of(op.number(0), len(shape)), None
    if isinstance(whole := shape[axis], int):
        if not count or whole % count:
            raise Impossible(f"{whole} along axis {axis} cannot be cut into {count}")
        dim = whole // count
    return [(*shape[:axis], dim, *shape[axis + 1 :])] * count


def split_v(op: OpContext) -> list[Shape]:
    """Pieces with the lengths in the second input."""
    shape, lengths = op.shape(0), list(op.numbers(1))
    axis = axis_of(op.number(2), len(shape))
    if len(lengths) != len(op.outputs):
        raise Impossible(f"{len(lengths)} lengths are given for {len(op.outputs)} outputs")
    if lengths.count(-1) == 1:
        at = lengths.index(-1)
        whole, others = shape[axis], [dim for dim in lengths if dim != -1]
        known = [dim for dim in others if isinstance(dim, int)]
        rest = whole - sum(known) if isinstance(whole, int) and len(known) == len(others) else None
        if rest is not None and rest < 0:
            raise Impossible(f"the lengths sum to {sum(known)}, the axis has {whole}")
        lengths[at] = rest
    return [(*shape[:axis], dim, *shape[axis + 1 :]) for dim in lengths]


def slice_(op: OpContext) -> list[Shape]:
    """A piece with the begins in the second and the lengths in the third input."""
    shape, begin, length = op.shape(0), op.numbers(1), op.numbers(2)
    if not len(shape) == len(begin) == len(length):
        raise Impossible(f"{len(begin)} begins and {len(length)} lengths are given for {len(shape)} axes")
    return [tuple(map(_cut, shape, begin, length))]


def _cut(dim: Dim, begin: Dim, length: Dim) -> Dim:
    if length != -1:
        known = isinstance(dim, int) and isinstance(begin, int) and isinstance(length, int)
        if known and not 0 <= begin <= begin + length <= dim:  # type: ignore[operator]  # which are numbers
            raise Impossible(f"{length} elements from {begin} on are beyond {dim}")
        return length
    if begin == 0:
        return dim
    if isinstance(dim, int) and isinstance(begin, int):
        if not 0 <= begin <= dim:
            raise Impossible(f"begin {begin} is beyond {dim}")
        return dim - begin
    return None


def strided_slice(op: OpContext) -> list[Shape]:
    """A piece from the second to the third input, in steps of the fourth; masks replace begins and ends."""
    field, shape = schema.StridedSliceOptions, op.shape(0)
    options = op.options(field.NUMBER)
    begin, end, steps = op.numbers(1), op.numbers(2), op.numbers(3)
    masks = (field.BEGIN_MASK, field.END_MASK, field.ELLIPSIS_MASK, field.NEW_AXIS_MASK, field.SHRINK_AXIS_MASK)
    no_begin, no_end, ellipsis, new, shrink = (options.scalar(mask) for mask in masks)
    if not len(begin) == len(end) == len(steps) or options.scalar(field.OFFSET):
        raise Unknown
    made, axis = list[Dim](), 0
    for place in range(len(begin)):
        if ellipsis >> place & 1:
            # In LiteRT an ellipsis stands for at least one axis and shifts later entries; in TensorFlow also for none.
            behind = sum(1 for later in range(place + 1, len(begin)) if not new >> later & 1)
            upto = max(axis + 1, len(shape) - behind)
            made += shape[axis:upto]
            axis = upto
        elif new >> place & 1:
            made.append(1)
        elif axis < len(shape):  # entries beyond the last axis are ignored
            if not shrink >> place & 1:
                first = 0 if no_begin >> place & 1 and steps[place] == 1 else begin[place]
                made.append(
                    _stepped(shape[axis], first, end[place], steps[place], no_begin >> place & 1, no_end >> place & 1)
                )
            axis += 1
    return [(*made, *shape[axis:])]


def _stepped(dim: Dim, begin: Dim, end: Dim, step: Dim, no_begin: int, no_end: int) -> Dim:
    if begin == 0 and no_end and step == 1:
        return dim
    if step == 0:
        raise Impossible("it has a step of 0")
    if not isinstance(dim, int) or not isinstance(step, int):
        return None
    if not (isinstance(begin, int) or no_begin) or not (isinstance(end, int) or no_end):
        return None
    first = None if no_begin or not isinstance(begin, int) else begin
    last = None if no_end or not isinstance(end, int) else end
    return len(range(*slice(first, last, step).indices(dim)))


def pad(op: OpContext) -> list[Shape]:
    """The input made longer along each axis, by the paddings in the second input."""
    shape, pads = op.shape(0), op.numbers(1)
    if len(pads) != 2 * len(shape):
        raise Impossible(f"{len(pads)} paddings are given for {len(shape)} axes")
    return [tuple(added((dim, *pads[2 * axis : 2 * axis + 2])) for axis, dim in enumerate(shape))]


def tile(op: OpContext) -> list[Shape]:
    """Copies of the input along each axis; the second input has their numbers."""
    shape, counts = op.shape(0), op.numbers(1)
    if len(counts) != len(shape):
        raise Impossible(f"{len(counts)} counts are given for {len(shape)} axes")
    return [tuple(multiplied(pair) for pair in zip(shape, counts, strict=True))]


def gather(op: OpContext) -> list[Shape]:
    """The first input with the shape of the indices in the place of an axis."""
    shape, indices = op.shape(0), op.shape(1)
    options = op.options(schema.GatherOptions.NUMBER)
    axis = axis_of(options.scalar(schema.GatherOptions.AXIS), len(shape))
    batches = options.scalar(schema.GatherOptions.BATCH_DIMS)
    batches += len(indices) * (batches < 0)
    if not 0 <= batches <= min(axis, len(indices)):
        raise Impossible(f"{batches} batch dimensions do not match axis {axis}")
    return [(*shape[:axis], *indices[batches:], *shape[axis + 1 :])]


def gather_nd(op: OpContext) -> list[Shape]:
    """Slices of the first input, one for each row of the second."""
    shape, indices = op.shape(0), op.shape(1)
    depth = indices[-1] if indices else None
    if not isinstance(depth, int) or depth > len(shape):
        raise Unknown
    return [(*indices[:-1], *shape[depth:])]


def _one(one: Dim, other: Dim) -> Dim:
    """The value of two dimensions that must be equal."""
    if isinstance(one, int) and isinstance(other, int) and one != other:
        raise Impossible(f"{one} and {other} must be equal")
    return one if isinstance(one, int) or one == other else other if isinstance(other, int) else None
