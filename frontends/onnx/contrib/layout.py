"""Operators whose shapes follow from how they move elements: gather, pad, range, crop and layout changes."""

import numpy as np

from ..corrections import gathered
from ..value_types import Hole, ValueType
from .node_context import MICROSOFT, NCHWC, UNKNOWN, NodeContext, Rule, of, plus

_BLOCK = 16
"""ONNX Runtime stores channels in blocks of 8 or 16, depending on the processor.

Only a number of channels that is a multiple of 16 has the same shape on all processors.
"""


def _gather_nd(node: NodeContext) -> list[ValueType]:
    return [of(node.element(0), gathered(node.shape(0), node.shape(1)))]


def _pad(node: NodeContext) -> list[ValueType]:
    shape, pads = node.shape(0), node.value(1)
    if shape is None or pads is None or pads.size != 2 * len(shape):
        return [UNKNOWN]
    more = pads.reshape(2, -1).sum(axis=0)
    return [of(node.element(0), [plus(dim, int(n)) for dim, n in zip(shape, more, strict=True)])]


def _expand_dims(node: NodeContext) -> list[ValueType]:
    shape, axis = node.shape(0), node.value(1)
    if shape is None or axis is None:
        return [UNKNOWN]
    at = int(axis.item()) % (len(shape) + 1)
    return [of(node.element(0), [*shape[:at], 1, *shape[at:]])]


def _range(node: NodeContext) -> list[ValueType]:
    start, limit, step = node.value(0), node.value(1), node.value(2) if node.has(2) else np.array(1)
    if start is None or limit is None or step is None:
        return [of(node.element(0), [None])]
    count = max(0, int(np.ceil((limit.item() - start.item()) / step.item())))
    return [of(node.element(0), [count])]


def _distances(node: NodeContext) -> list[ValueType]:
    one, two = node.shape(0), node.shape(1)
    return [of(node.element(0), [one[0], two[0]])] if one and two else [UNKNOWN]


def _reorder_input(node: NodeContext) -> list[ValueType]:
    shape = node.shape(0)
    if shape is None:
        return [UNKNOWN]
    if node.number("channels_last"):
        shape = (shape[0], shape[-1], *shape[1:-1])
    channels: Hole = shape[1] if isinstance(shape[1], int) and shape[1] % _BLOCK == 0 else None
    return [of(node.element(0), [shape[0], channels, *shape[2:]])]


def _reorder_output(node: NodeContext) -> list[ValueType]:
    shape = node.shape(0)
    if shape is None:
        return [UNKNOWN]
    wide = node.number("channels")
    places = [shape[0], *shape[2:], wide] if node.number("channels_last") else [shape[0], wide, *shape[2:]]
    return [of(node.element(0), places)]


def _crop(node: NodeContext) -> list[ValueType]:
    """The type of Crop: without a border on each side, or with `scale`, a rectangle of that size."""
    shape, border, scale = node.shape(0), node.numbers("border"), node.numbers("scale")
    if shape is None or len(shape) != 4 or len(border) != 4:
        return [UNKNOWN]
    left, top, right, bottom = border
    if scale:
        return [of(node.element(0), [*shape[:2], *scale])]
    return [of(node.element(0), [*shape[:2], plus(shape[2], -top - bottom), plus(shape[3], -left - right)])]


def _relative(node: NodeContext) -> list[ValueType]:
    """The type of RelativePositionBias, from a table of biases, and two lengths."""
    table, one, two = node.shape(0), node.value(1), node.value(2)
    if table is None or one is None or two is None:
        return [UNKNOWN]
    return [of(node.element(0), [1, table[1], int(one.item()), int(two.item())])]


RULES: dict[tuple[str, str], Rule] = {
    ("", "Crop"): _crop,
    (MICROSOFT, "CDist"): _distances,
    (MICROSOFT, "ExpandDims"): _expand_dims,
    (MICROSOFT, "GatherND"): _gather_nd,
    (MICROSOFT, "Pad"): _pad,
    (MICROSOFT, "Range"): _range,
    (MICROSOFT, "RelativePositionBias"): _relative,
    (NCHWC, "ReorderInput"): _reorder_input,
    (NCHWC, "ReorderOutput"): _reorder_output,
}
