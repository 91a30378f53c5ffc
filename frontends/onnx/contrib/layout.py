"""Operators whose shapes follow from how they move elements: gather, pad, range, crop and layout changes."""

import numpy as np

from ..corrections import gathered
from ..value_types import Hole, ValueType
from .call import MICROSOFT, NCHWC, UNKNOWN, Call, Rule, of, plus

_BLOCK = 16
"""ONNX Runtime stores channels in blocks of 8 or 16, depending on the processor.

Only a number of channels that is a multiple of 16 has the same shape on all processors.
"""


def _gather_nd(call: Call) -> list[ValueType]:
    return [of(call.element(0), gathered(call.shape(0), call.shape(1)))]


def _pad(call: Call) -> list[ValueType]:
    shape, pads = call.shape(0), call.value(1)
    if shape is None or pads is None or pads.size != 2 * len(shape):
        return [UNKNOWN]
    more = pads.reshape(2, -1).sum(axis=0)
    return [of(call.element(0), [plus(dim, int(n)) for dim, n in zip(shape, more, strict=True)])]


def _expand_dims(call: Call) -> list[ValueType]:
    shape, axis = call.shape(0), call.value(1)
    if shape is None or axis is None:
        return [UNKNOWN]
    at = int(axis.item()) % (len(shape) + 1)
    return [of(call.element(0), [*shape[:at], 1, *shape[at:]])]


def _range(call: Call) -> list[ValueType]:
    start, limit, step = call.value(0), call.value(1), call.value(2) if call.has(2) else np.array(1)
    if start is None or limit is None or step is None:
        return [of(call.element(0), [None])]
    count = max(0, int(np.ceil((limit.item() - start.item()) / step.item())))
    return [of(call.element(0), [count])]


def _distances(call: Call) -> list[ValueType]:
    one, two = call.shape(0), call.shape(1)
    return [of(call.element(0), [one[0], two[0]])] if one and two else [UNKNOWN]


def _reorder_input(call: Call) -> list[ValueType]:
    shape = call.shape(0)
    if shape is None:
        return [UNKNOWN]
    if call.number("channels_last"):
        shape = (shape[0], shape[-1], *shape[1:-1])
    channels: Hole = shape[1] if isinstance(shape[1], int) and shape[1] % _BLOCK == 0 else None
    return [of(call.element(0), [shape[0], channels, *shape[2:]])]


def _reorder_output(call: Call) -> list[ValueType]:
    shape = call.shape(0)
    if shape is None:
        return [UNKNOWN]
    wide = call.number("channels")
    places = [shape[0], *shape[2:], wide] if call.number("channels_last") else [shape[0], wide, *shape[2:]]
    return [of(call.element(0), places)]


def _crop(call: Call) -> list[ValueType]:
    """The type of Crop: without a border on each side, or with `scale`, a rectangle of that size."""
    shape, border, scale = call.shape(0), call.numbers("border"), call.numbers("scale")
    if shape is None or len(shape) != 4 or len(border) != 4:
        return [UNKNOWN]
    left, top, right, bottom = border
    if scale:
        return [of(call.element(0), [*shape[:2], *scale])]
    return [of(call.element(0), [*shape[:2], plus(shape[2], -top - bottom), plus(shape[3], -left - right)])]


def _relative(call: Call) -> list[ValueType]:
    """The type of RelativePositionBias, from a table of biases, and two lengths."""
    table, one, two = call.shape(0), call.value(1), call.value(2)
    if table is None or one is None or two is None:
        return [UNKNOWN]
    return [of(call.element(0), [1, table[1], int(one.item()), int(two.item())])]


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
