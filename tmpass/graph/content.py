"""All that decides what a model computes, as a checker of splits reads it: options, bytes of constants, scales."""

from collections.abc import Mapping

from tmpass.base.record import record
from tmpass.graph.model import Graph


@record
class Sliding:
    """The window along one axis: element g reads the elements g * stride - before + dilation * j for each j < size."""

    axis: int
    size: int
    stride: int
    dilation: int = 1
    before: int = 0


@record
class OpContent:
    """What an operator does.

    Fields:
        options: all options that no other field has; equal operators have equal ones.
        sliding: its windows, one for each axis along which they slide.
        ignores: elements outside the tensor do not count, as in pooling; otherwise they are zeros.
        slices: of a slice, the first index and the length along each axis.
        pads: of a padding with zeros, the elements before and after along each axis.
        joins: of a concat, the axis.
        per_channel: its constants along the channels of the result: (position, axis), and None as the axis of one that
            each channel may depend on whole. None where no such cut is known.
        ordered: the number of a channel decides what it reads of its inputs, as in grouped convolutions.
        each_channel: a channel of the result reads that channel of the inputs only; otherwise all of them.
        spatial: axes that are read as a whole.
        channels: the axis of the result that has the channels, counted from the end.
        channels_read: the same of the tensors that it reads.
    """

    options: tuple[object, ...]
    sliding: tuple[Sliding, ...] = ()
    ignores: bool = False
    slices: tuple[tuple[int, int], ...] | None = None
    pads: tuple[tuple[int, int], ...] | None = None
    joins: int | None = None
    per_channel: tuple[tuple[int, int | None], ...] | None = None
    ordered: bool = False
    each_channel: bool = True
    spatial: tuple[int, ...] = ()
    channels: int = -1
    channels_read: int = -1


@record
class Remote:
    """A constant whose bytes are not in the file.

    Fields:
        of: what it is: a file, or how it is computed.
        start: the first byte in a file.
        size: how many bytes there are; 0 where they cannot be told apart.
    """

    of: bytes
    start: int = 0
    size: int = 0


@record
class Derived:
    """A constant that an operator makes of others, element by element.

    Fields:
        by: the operator and its options.
        of: for each input the constant, its shape, and its axis for each axis of the result; None in the place of an
            axis where every index reads all of the constant.
    """

    by: bytes
    of: "tuple[tuple[Constant, tuple[int, ...], tuple[int | None, ...]], ...]"


Constant = bytes | Remote | Derived


@record
class Content:
    """A model with one subgraph.

    Fields:
        ops: by index.
        constants: the bytes of each constant, or where they are.
        scales: of each quantised tensor, the axis, the scales and the zero points; one pair of bytes for each index.
        signatures: for each, its key, and the names of its ends with their positions among those of the graph.
    """

    graph: Graph
    ops: tuple[OpContent, ...]
    constants: Mapping[int, Constant]
    scales: Mapping[int, tuple[int, tuple[bytes, ...]]]
    signatures: tuple[object, ...] = ()
