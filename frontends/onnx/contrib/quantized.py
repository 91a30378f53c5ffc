"""Quantized operators: concat, reductions, LSTM and gather."""

from ..value_types import ValueType
from .call import INT32, MICROSOFT, UNKNOWN, Call, Rule, as_float, of, standard, times


def _concat(call: Call) -> list[ValueType]:
    """The type of QLinearConcat: scale and zero point of the result, then each part with its own."""
    parts = [as_float(call.type(index)) for index in range(2, len(call.node.input), 3)]
    return [of(call.element(1) or call.element(2), standard("Concat", parts, axis=call.number("axis")).shape)]


def _reduce(call: Call) -> list[ValueType]:
    given = as_float(call.type(0))
    axes = call.attributes("axes", "keepdims")
    return [of(call.element(0), standard("ReduceMean", [given], version=13, **axes).shape)]


def _reduce_sum(call: Call) -> list[ValueType]:
    return [of(INT32, _reduce(call)[0].shape)]


def _lstm(call: Call) -> list[ValueType]:
    shape = call.shape(0)
    if shape is None or len(shape) != 3:
        return [UNKNOWN]
    both = 2 if call.attributes("direction").get("direction") == b"bidirectional" else 1
    state = of(call.element(0), [both, shape[1], call.number("hidden_size") or None])
    return [of(call.element(0), [shape[0], *(state.shape or ())]), state, state]


def _gather(call: Call) -> list[ValueType]:
    """The type of GatherBlockQuantized: the shape of Gather, with the element type of the scales."""
    shape = call.shape(0)
    if shape is None:
        return [of(call.element(2), None)]
    packed = call.element(0) == _UINT8  # a byte holds several elements of the last axis
    wide = [*shape[:-1], times(shape[-1], 8 // call.number("bits", 4))] if packed else shape
    found = standard("Gather", [of(1, wide), call.type(1)], axis=call.number("gather_axis"))
    return [of(call.element(2), found.shape)]


_UINT8 = 2

RULES: dict[tuple[str, str], Rule] = {
    (MICROSOFT, "DynamicQuantizeLSTM"): _lstm,
    (MICROSOFT, "GatherBlockQuantized"): _gather,
    (MICROSOFT, "QLinearConcat"): _concat,
    (MICROSOFT, "QLinearReduceMean"): _reduce,
    (MICROSOFT, "ReduceSumInteger"): _reduce_sum,
}
