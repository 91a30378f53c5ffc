"""Quantized operators: concat, reductions, LSTM and gather."""

from ..value_types import ValueType
from .node_context import INT32, MICROSOFT, UNKNOWN, NodeContext, Rule, as_float, of, standard, times


def _concat(node: NodeContext) -> list[ValueType]:
    """The type of QLinearConcat: scale and zero point of the result, then each part with its own."""
    parts = [as_float(node.type(index)) for index in range(2, len(node.node.input), 3)]
    return [of(node.element(1) or node.element(2), standard("Concat", parts, axis=node.number("axis")).shape)]


def _reduce(node: NodeContext) -> list[ValueType]:
    given = as_float(node.type(0))
    axes = node.attributes("axes", "keepdims")
    return [of(node.element(0), standard("ReduceMean", [given], version=13, **axes).shape)]


def _reduce_sum(node: NodeContext) -> list[ValueType]:
    return [of(INT32, _reduce(node)[0].shape)]


def _lstm(node: NodeContext) -> list[ValueType]:
    shape = node.shape(0)
    if shape is None or len(shape) != 3:
        return [UNKNOWN]
    both = 2 if node.attributes("direction").get("direction") == b"bidirectional" else 1
    state = of(node.element(0), [both, shape[1], node.number("hidden_size") or None])
    return [of(node.element(0), [shape[0], *(state.shape or ())]), state, state]


def _gather(node: NodeContext) -> list[ValueType]:
    """The type of GatherBlockQuantized: the shape of Gather, with the element type of the scales."""
    shape = node.shape(0)
    if shape is None:
        return [of(node.element(2), None)]
    packed = node.element(0) == _UINT8  # a byte holds several elements of the last axis
    wide = [*shape[:-1], times(shape[-1], 8 // node.number("bits", 4))] if packed else shape
    found = standard("Gather", [of(1, wide), node.type(1)], axis=node.number("gather_axis"))
    return [of(node.element(2), found.shape)]


_UINT8 = 2

RULES: dict[tuple[str, str], Rule] = {
    (MICROSOFT, "DynamicQuantizeLSTM"): _lstm,
    (MICROSOFT, "GatherBlockQuantized"): _gather,
    (MICROSOFT, "QLinearConcat"): _concat,
    (MICROSOFT, "QLinearReduceMean"): _reduce,
    (MICROSOFT, "ReduceSumInteger"): _reduce_sum,
}
