"""Windows of ONNX operators: sizes, strides, dilations, and the padding of all kinds as explicit numbers."""

from collections.abc import Sequence

from onnx import NodeProto

from tmpass.base.record import record
from tmpass.graph.layer import Window

from .attributes import integer, integers, text

Pair = tuple[int, int]


@record
class Windows:
    """The windows of an operator along rows and columns; a tensor without columns has a window of one element there.

    Fields:
        pads: the elements missing before the first and behind the last, as far as windows reach.
    """

    windows: tuple[Window, Window]
    pads: tuple[Pair, Pair]


def find_windows(node: NodeProto, size: Sequence[int], data: Sequence[int], made: Sequence[int]) -> Windows | None:
    """The windows of a node.

    Args:
        node: a convolution or a pooling.
        size: elements of its window along each spatial axis.
        data: the shape of what it reads.
        made: the shape of its result.

    Returns:
        None where the padding is negative, or a window begins behind the end, or they do not make the result.
    """
    count = len(size)
    strides = integers(node, "strides") or (1,) * count
    dilations = integers(node, "dilations") or (1,) * count
    if not len(data) - 2 == count == len(strides) == len(dilations) or count not in (1, 2):
        return None
    pairs = _pads(node, size, data, strides, dilations)
    windows, pads = [], []
    for axis in range(count):
        window = Window(size[axis], strides[axis], dilations[axis])
        length, results, (before, after) = data[2 + axis], made[2 + axis], pairs[axis]
        whole = (length + before + after - window.reach) // window.stride + 1
        up = integer(node, "ceil_mode", 0) and (length + before + after - window.reach) % window.stride
        if up and results * window.stride < length + before:  # one more window begins inside
            return None
        if up and results == whole + 1:  # the last window reaches over the padding
            last = (results - 1) * window.stride - before
            if last >= length:  # runtimes differ on windows that begin behind the end
                return None
            after = last + window.reach - length
        elif results != whole:
            return None
        if min(before, after) < 0:
            return None
        windows.append(window)
        pads.append((before, after))
    if count == 1:
        return Windows((windows[0], Window()), (pads[0], (0, 0)))
    return Windows((windows[0], windows[1]), (pads[0], pads[1]))


def pads_without_ceil(node: NodeProto, data: Sequence[int], made: Sequence[int]) -> list[int] | None:
    """The pads with which a pool with `ceil_mode` gives the same result without it.

    ONNX's inference and ONNX Runtime disagree on a last window that begins behind the end; without `ceil_mode`, no
    reader of a file counts one.

    Args:
        node: any.
        data: the shape of what it reads.
        made: the shape of its result.

    Returns:
        None for other operators, and where no pads are known to do so.
    """
    size = integers(node, "kernel_shape")
    if node.op_type not in ("MaxPool", "AveragePool") or node.domain or not size or not integer(node, "ceil_mode", 0):
        return None
    found = find_windows(node, size, data, made)
    if found is None:
        return None
    pairs = list(found.pads[: len(size)])
    if text(node, "auto_pad", "NOTSET") != "NOTSET" or pairs != declared_pads(node, len(size)):
        counts = node.op_type == "AveragePool" and integer(node, "count_include_pad", 0)
        if counts or not runs_with(found):
            return None
    return [*(pair[0] for pair in pairs), *(pair[1] for pair in pairs)]


def runs_with(found: Windows) -> bool:
    """Whether a pool runs with these pads as numbers.

    ONNX Runtime refuses as many as the window has elements, even if these are dilated.
    """
    return all(max(pair) < w.size for pair, w in zip(found.pads, found.windows, strict=True))


def declared_pads(node: NodeProto, count: int) -> list[Pair]:
    """The pads in the attribute of a node, in pairs; zeros without it."""
    numbers = integers(node, "pads") or (0,) * (2 * count)
    return [(numbers[axis], numbers[axis + count]) for axis in range(count)] if len(numbers) == 2 * count else []


def _pads(
    node: NodeProto, size: Sequence[int], data: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> list[Pair]:
    kind, count = text(node, "auto_pad", "NOTSET"), len(size)
    if kind == "NOTSET":
        return declared_pads(node, count) or [(-1, -1)] * count
    if kind == "VALID":
        return [(0, 0)] * count
    found = []
    for axis in range(count):
        window = Window(size[axis], strides[axis], dilations[axis])
        length = data[2 + axis]
        missing = max((-(-length // window.stride) - 1) * window.stride + window.reach - length, 0)
        small, large = missing // 2, missing - missing // 2
        found.append((small, large) if kind == "SAME_UPPER" else (large, small))
    return found
