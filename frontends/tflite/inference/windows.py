"""Convolution, pooling, resizing, and exchange of space with depth or batch."""

from .. import option_schema as schema
from .op_context import Dim, Impossible, OpContext, Shape, Unknown

_SAME, _VALID = 0, 1


def conv_2d(op: OpContext) -> list[Shape]:
    """[batch, height, width, filters] for weights [filters, height, width, depth]."""
    weights, field = _ranked(op, 1, 4), schema.Conv2DOptions
    options = op.options(field.NUMBER)
    # An absent dilation is 1 by the schema.
    dilation = options.scalar(field.DILATION_H_FACTOR) or 1, options.scalar(field.DILATION_W_FACTOR) or 1
    stride = options.scalar(field.STRIDE_H), options.scalar(field.STRIDE_W)
    return [_slide(op, weights[1:3], stride, dilation, options.scalar(field.PADDING), weights[0])]


def depthwise_conv_2d(op: OpContext) -> list[Shape]:
    """[batch, height, width, channels] for weights [1, height, width, channels]."""
    weights, field = _ranked(op, 1, 4), schema.DepthwiseConv2DOptions
    options = op.options(field.NUMBER)
    dilation = options.scalar(field.DILATION_H_FACTOR) or 1, options.scalar(field.DILATION_W_FACTOR) or 1
    stride = options.scalar(field.STRIDE_H), options.scalar(field.STRIDE_W)
    return [_slide(op, weights[1:3], stride, dilation, options.scalar(field.PADDING), weights[3])]


def pool_2d(op: OpContext) -> list[Shape]:
    """[batch, height, width, channels]."""
    field = schema.Pool2DOptions
    options = op.options(field.NUMBER)
    size = options.scalar(field.FILTER_HEIGHT), options.scalar(field.FILTER_WIDTH)
    stride = options.scalar(field.STRIDE_H), options.scalar(field.STRIDE_W)
    return [_slide(op, size, stride, (1, 1), options.scalar(field.PADDING), _ranked(op, 0, 4)[3])]


def _slide(
    op: OpContext, size: Shape, stride: tuple[int, int], dilation: tuple[int, int], padding: int, channels: Dim
) -> Shape:
    batch, height, width, _ = _ranked(op, 0, 4)
    return (
        batch,
        slid(height, size[0], stride[0], dilation[0], padding),
        slid(width, size[1], stride[1], dilation[1], padding),
        channels,
    )


def slid(dim: Dim, size: Dim, stride: int, dilation: int, padding: int) -> Dim:
    """The number of positions of a window of `size` along `dim`.

    Raises:
        Impossible: there is none.
    """
    if stride < 1 or dilation < 1 or padding not in (_SAME, _VALID):
        raise Impossible(f"stride {stride}, dilation {dilation}, padding {padding}")
    if padding == _SAME:
        return -(-dim // stride) if isinstance(dim, int) else dim if stride == 1 else None
    if not isinstance(dim, int) or not isinstance(size, int):
        return dim if size == stride == 1 else None
    reach = (size - 1) * dilation + 1
    if reach > dim:
        raise Impossible(f"a window of {reach} does not fit into {dim}")
    return (dim - reach) // stride + 1


def conv_3d(op: OpContext) -> list[Shape]:
    """[batch, depth, height, width, filters] for weights [depth, height, width, channels, filters]."""
    image, weights, field = _ranked(op, 0, 5), _ranked(op, 1, 5), schema.Conv3DOptions
    options = op.options(field.NUMBER)
    sides = zip(
        image[1:4],
        weights[:3],
        (field.STRIDE_D, field.STRIDE_H, field.STRIDE_W),
        (field.DILATION_D_FACTOR, field.DILATION_H_FACTOR, field.DILATION_W_FACTOR),
        strict=True,
    )
    padding = options.scalar(field.PADDING)
    places = (slid(d, size, options.scalar(s), options.scalar(f) or 1, padding) for d, size, s, f in sides)
    return [(image[0], *places, weights[4])]


def stated(op: OpContext) -> list[Shape]:
    """The shape in the first input."""
    return [op.numbers(0)]


def resize(op: OpContext) -> list[Shape]:
    """[batch, height, width, channels] with the height and width in the second input."""
    image, size = _ranked(op, 0, 4), op.numbers(1)
    if len(size) != 2:
        raise Unknown
    return [(image[0], *size, image[3])]


def space_to_depth(op: OpContext) -> list[Shape]:
    """Blocks of an image become channels."""
    block = op.options(schema.SpaceToDepthOptions.NUMBER).scalar(schema.SpaceToDepthOptions.BLOCK_SIZE)
    batch, height, width, depth = _ranked(op, 0, 4)
    return [(batch, divided(height, block), divided(width, block), times(depth, block * block))]


def depth_to_space(op: OpContext) -> list[Shape]:
    """Channels become blocks of an image."""
    block = op.options(schema.DepthToSpaceOptions.NUMBER).scalar(schema.DepthToSpaceOptions.BLOCK_SIZE)
    batch, height, width, depth = _ranked(op, 0, 4)
    return [(batch, times(height, block), times(width, block), divided(depth, block * block))]


def space_to_batch_nd(op: OpContext) -> list[Shape]:
    """Blocks of padded axes become batches."""
    image, blocks, pads = op.shape(0), op.whole(1), op.whole(2)
    batch, sides = image[0], list[Dim]()
    for axis, block in enumerate(blocks, 1):
        dim = image[axis]
        padded = dim + sum(pads[2 * axis - 2 : 2 * axis]) if isinstance(dim, int) else None
        sides.append(divided(padded, block))
        batch = times(batch, block)
    return [(batch, *sides, *image[len(blocks) + 1 :])]


def batch_to_space_nd(op: OpContext) -> list[Shape]:
    """Batches become blocks of axes, which are then cropped."""
    image, blocks, crops = op.shape(0), op.whole(1), op.whole(2)
    batch, sides = image[0], list[Dim]()
    for axis, block in enumerate(blocks, 1):
        dim = image[axis]
        sides.append(dim * block - sum(crops[2 * axis - 2 : 2 * axis]) if isinstance(dim, int) else None)
        batch = divided(batch, block)
    return [(batch, *sides, *image[len(blocks) + 1 :])]


def divided(dim: Dim, by: int) -> Dim:
    """`dim` over `by`.

    Raises:
        Impossible: `dim` is not a multiple of `by`.
    """
    if by < 1 or (isinstance(dim, int) and dim % by):
        raise Impossible(f"{dim} is not a multiple of {by}")
    return dim // by if isinstance(dim, int) else dim if by == 1 else None


def times(dim: Dim, by: int) -> Dim:
    """`by` times `dim`."""
    return dim * by if isinstance(dim, int) else dim if by == 1 else None


def _ranked(op: OpContext, position: int, rank: int) -> Shape:
    shape = op.shape(position)
    if len(shape) != rank:
        raise Impossible(f"input {position} has {len(shape)} dimensions, not {rank}")
    return shape
