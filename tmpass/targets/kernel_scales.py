"""What the kernels of TensorFlow Lite Micro demand of scales and zero points.

Measured with tflite-micro 0.dev20261023182759: models of one operator that run, each scale and zero point changed in
turn (tests/bench/tflm_scales.py). Where a demand is not met, the interpreter returns an error, or ends the process.
"""

from collections.abc import Callable, Mapping, Sequence
from struct import pack, unpack

from tmpass.graph.model import ABSENT, Op, Tensor

Wrong = tuple[str, str] | None
"""What is wrong, as in a message behind the kind; and what the kernel takes instead. None where nothing is."""

_Check = Callable[[Op, Sequence[Tensor]], Wrong]

INTEGERS = frozenset(("int8", "int16"))
"""The types of activations that are looked at."""


def wrong_scales(op: Op, tensors: Sequence[Tensor]) -> Wrong:
    """What the kernel of `op` does not take of the scales and zero points of its tensors; None where it takes all.

    Args:
        op: one whose types its kernel takes.
        tensors: of its subgraph.
    """
    return _first(SCALE_CHECKS.get(op.kind, ()), op, tensors) if op.outputs and op.outputs[0] != ABSENT else None


def _first(checks: Sequence[_Check], op: Op, tensors: Sequence[Tensor]) -> Wrong:
    """What the first of `checks` finds that finds anything."""
    for check in checks:
        found = check(op, tensors)
        if found is not None:
            return found
    return None


def _read(op: Op, tensors: Sequence[Tensor], *positions: int) -> list[Tensor]:
    """The inputs at `positions`, as far as it has them; all of them without positions."""
    chosen = positions or range(len(op.inputs))
    return [tensors[op.inputs[at]] for at in chosen if at < len(op.inputs) and op.inputs[at] != ABSENT]


def _made(op: Op, tensors: Sequence[Tensor]) -> Tensor:
    return tensors[op.outputs[0]]


def _of(data: int, *checks: _Check, types: frozenset[str] = INTEGERS) -> tuple[_Check, ...]:
    """`checks`, made where the input at position `data` is of one of `types`."""

    def made(op: Op, tensors: Sequence[Tensor]) -> Wrong:
        t = op.inputs[data] if data < len(op.inputs) else ABSENT
        return _first(checks, op, tensors) if t != ABSENT and tensors[t].dtype.name in types else None

    return (made,)


_WAVE = 1 / 32768
"""The scale of outputs of int16 that are between -1 and 1."""


def _scaled(*positions: int, output: bool = False) -> _Check:
    def check(op: Op, tensors: Sequence[Tensor]) -> Wrong:
        read = [op.inputs[at] for at in positions if at < len(op.inputs)]
        for t in (*read, op.outputs[0]) if output else read:
            if t != ABSENT and not tensors[t].scales:
                return "without scales", "tensors with scales"
        return None

    return check


def _channels(axis: int) -> _Check:
    """One scale of the weights, input 1, or one for each index of `axis`."""

    def check(op: Op, tensors: Sequence[Tensor]) -> Wrong:
        t = op.inputs[1] if len(op.inputs) > 1 else ABSENT
        if t == ABSENT or (count := tensors[t].scales) <= 1:
            return None
        shape = tensors[t].shape or ()
        if len(shape) <= axis or count == shape[axis]:
            return None
        return "with scales along another axis than output channels", "one scale of its weights, or one per channel"

    return check


def _one_scale(op: Op, tensors: Sequence[Tensor]) -> Wrong:
    return None if _made(op, tensors).scales <= 1 else ("to several scales", "one scale of its output")


def _same(*positions: int, tolerance: float = 0.0) -> _Check:
    """The scale and zero point of the output at each of `positions`; at all inputs without positions."""

    def check(op: Op, tensors: Sequence[Tensor]) -> Wrong:
        made = _made(op, tensors)
        for tensor in _read(op, tensors, *positions):
            if not abs(tensor.scale - made.scale) <= tolerance or tensor.zero != made.zero:
                return _DIFFER, "the same scale and zero point in inputs and output"
        return None

    return check


_DIFFER = "with scales or zero points that differ"


def _alike(op: Op, tensors: Sequence[Tensor]) -> Wrong:
    """One scale and zero point for all inputs."""
    if len({(tensor.scale, tensor.zero) for tensor in _read(op, tensors)}) <= 1:
        return None
    return _DIFFER, "the same scale and zero point in all inputs"


def _output(scale: float, zero: int | None = None, tolerance: float = 0.0) -> _Check:
    def check(op: Op, tensors: Sequence[Tensor]) -> Wrong:
        made = _made(op, tensors)
        if abs(made.scale - scale) <= tolerance and zero in (None, made.zero):
            return None
        takes = f"scale 1/{round(1 / scale)}" + ("" if zero is None else f" and zero point {zero}")
        return "with another scale or zero point of its output", f"{takes} of its output"

    return check


def _zero_of_output(zero: int) -> _Check:
    def check(op: Op, tensors: Sequence[Tensor]) -> Wrong:
        made = _made(op, tensors)
        return (
            None if made.zero == zero else ("with another zero point of its output", f"zero point {zero} of its output")
        )

    return check


def _zeros(op: Op, tensors: Sequence[Tensor]) -> Wrong:
    given = (*_read(op, tensors), _made(op, tensors))
    if all(tensor.zero == 0 for tensor in given):
        return None
    return "of int16 with a zero point other than 0", "zero points of 0 in int16"


_NOT_POSITIVE = "without scales above 0", "inputs and outputs with scales above 0"


def _positive(op: Op, tensors: Sequence[Tensor]) -> Wrong:
    return None if all(tensor.scale > 0 for tensor in _read(op, tensors)) else _NOT_POSITIVE


def _summed(bits: Mapping[str, int], *positions: int) -> _Check:
    """Sums are computed in steps of the largest input scale / 2^(bits - 1): that of the output must be larger."""

    def check(op: Op, tensors: Sequence[Tensor]) -> Wrong:
        given = _read(op, tensors, *positions)
        largest, least = max(tensor.scale for tensor in given), min(tensor.scale for tensor in given)
        made, shift = _made(op, tensors).scale, bits[given[0].dtype.name] - 1
        if not (least > 0 and made > 0):
            return _NOT_POSITIVE
        if largest * 0.5**shift < made:
            return None
        return "with too small a scale of its output", f"an output scale above that of its inputs / 2^{shift}"

    return check


_SUM_BITS = {"int8": 20, "int16": 15}


def _below_one(op: Op, tensors: Sequence[Tensor]) -> Wrong:
    given = _read(op, tensors)
    if all(0 < tensor.scale < 1 for tensor in given):
        return None
    if any(tensor.scale >= 1 for tensor in given):
        return "with an input of scale 1 or more", "inputs of scales below 1"
    return _NOT_POSITIVE


def _softmax_output(op: Op, tensors: Sequence[Tensor]) -> Wrong:
    made, given = _made(op, tensors), _read(op, tensors, 0)[0]
    if given.dtype.name == "int16":
        return _output(_WAVE, 0, _WAVE / 1000)(op, tensors)
    if made.dtype.name == "int16":
        return _output(1 / 65536, -32768, 1 / 65536000)(op, tensors)
    return _output(1 / 256, -128)(op, tensors)


def _softmax(op: Op, tensors: Sequence[Tensor]) -> Wrong:
    """The exponent of an input step, a number of 5 whole bits and 26 behind the point, must be above the least one."""
    (given,) = _read(op, tensors, 0)
    beta = op.beta if op.kind == "SOFTMAX" else 1.0
    if beta * given.scale > 0.5**26:
        return None
    what = "scale" if beta == 1 else f"scale times beta ({beta:g})"
    return f"with an input whose {what} is too small", f"an input whose {what} is above 2^-26"


def _hard_swish(op: Op, tensors: Sequence[Tensor]) -> Wrong:
    (given,), made = _read(op, tensors, 0), _made(op, tensors)
    if made.scale == 0 or abs(_float32(_float32(given.scale / 128) / made.scale)) < 1:
        return None
    return "with too large an input scale", "an input scale below 128 times that of its output"


def _float32(value: float) -> float:
    try:
        return float(unpack("<f", pack("<f", value))[0])
    except OverflowError:
        return float("inf")


def _bias(op: Op, tensors: Sequence[Tensor]) -> Wrong:
    """With one scale of the weights, that of the bias is the product of those of data and weights."""
    read, bias, made = _read(op, tensors, 0, 1), _read(op, tensors, 2), _made(op, tensors)
    if len(read) < 2:
        return None
    data, weights = read
    if weights.scales > 1:
        if weights.dtype.name == "int4":
            return "of int4 weights with several scales", "one scale of int4 weights"
        if not weights.shape or weights.scales == weights.shape[weights.scaled % len(weights.shape)]:
            return None
        return "with as many scales as its weights have no channels", "one scale of its weights, or one per channel"
    product = data.scale * weights.scale
    off = abs(product - bias[0].scale) if bias else 0.0
    if product >= 0 and (not bias or (made.scale != 0 and off / made.scale <= 0.02)):
        return None
    return "with another scale of its bias", "a bias scale that is input scale x weight scale"


def _svdf_bias(op: Op, tensors: Sequence[Tensor]) -> Wrong:
    weights, state, bias = (_read(op, tensors, at) for at in (2, 4, 3))
    if not (weights and state and bias) or abs(bias[0].scale - state[0].scale * weights[0].scale) < 1e-5:
        return None
    return "with another scale of its bias", "a bias scale that is state scale x weight scale"


def _slopes(op: Op, tensors: Sequence[Tensor]) -> Wrong:
    if all(tensor.dtype.name == "int8" for tensor in _read(op, tensors, 1)):
        return None
    return "of int16 with slopes of another type than int8", "slopes of int8"


_BOUNDS = {1: ("RELU", 0), 2: ("RELU_N1_TO_1", 1), 3: ("RELU6", 6)}
"""Number of a fused activation -> its name, and the largest of its bounds, without the sign."""


def _activated(op: Op, tensors: Sequence[Tensor]) -> Wrong:
    """The bounds of a fused activation, in steps of the output's scale, are numbers of 32 bits."""
    name, bound = _BOUNDS.get(dict(op.options).get("fused_activation_function", 0), ("", 0))
    scale = _made(op, tensors).scale
    if not name or (scale != 0 and abs(_float32(bound / scale)) <= 2.0**31):
        return None
    takes = f"an output scale of at least {bound} / 2^31" if bound else "an output scale other than 0"
    return f"with a fused {name} and too small a scale of its output", takes


_INT8, _INT16 = frozenset(("int8",)), frozenset(("int16",))
_RESCALED = (
    *_of(0, _scaled(0, output=True), types=_INT8),
    *_of(0, _scaled(output=True), _zeros, types=_INT16),
)
_ZEROS = _of(0, _zeros, types=_INT16)
_POOL = _of(0, _same(0, tolerance=1e-6))
_COMPARED = _of(0, _below_one, types=_INT8)
_SUM = _of(0, _summed(_SUM_BITS, 0, 1), _activated)
_SQUASHED = _of(0, _zeros, _output(_WAVE, tolerance=_WAVE * 0.00069), types=_INT16)
_EXTREME = _of(0, _same(0), types=_INT8)
SCALE_CHECKS: Mapping[str, tuple[_Check, ...]] = {
    "ABS": _RESCALED,
    "RSQRT": _RESCALED,
    "ADD": _SUM,
    "SUB": _SUM,
    "ADD_N": _of(0, _alike, _summed(_SUM_BITS), types=_INT8),
    "CUMSUM": _of(0, _summed(_SUM_BITS, 0), types=_INT8),
    "SQUARED_DIFFERENCE": (*_of(0, _positive), *_ZEROS),
    "AVERAGE_POOL_2D": _POOL,
    "MAX_POOL_2D": _POOL,
    "CONCATENATION": (*_of(0, _same(), types=_INT8), *_ZEROS),
    "MUL": (*_ZEROS, *_of(0, _activated)),
    "DIV": _of(0, _activated, types=_INT8),
    "RELU": _ZEROS,
    "BATCH_MATMUL": _ZEROS,
    "PADV2": _of(0, _same(2), types=_INT8),
    "REDUCE_MAX": _EXTREME,
    "REDUCE_MIN": _EXTREME,
    "PRELU": _of(0, _slopes, types=_INT16),
    "CONV_2D": _of(0, _scaled(0, 1), _channels(0), _activated),
    "DEPTHWISE_CONV_2D": _of(0, _scaled(0, 1), _channels(3), _activated),
    "TRANSPOSE_CONV": _of(2, _scaled(2, 1), _channels(0), _activated),
    "FULLY_CONNECTED": _of(0, _bias, _activated),
    "SVDF": _of(0, _svdf_bias, types=_INT8),
    "QUANTIZE": (_scaled(output=True), _one_scale),
    "EQUAL": _COMPARED,
    "NOT_EQUAL": _COMPARED,
    "GREATER": _COMPARED,
    "GREATER_EQUAL": _COMPARED,
    "LESS": _COMPARED,
    "LESS_EQUAL": _COMPARED,
    "HARD_SWISH": _of(0, _hard_swish, types=_INT8),
    "LOG_SOFTMAX": _of(0, _output(16 / 256, 127), _softmax, types=_INT8),
    "SOFTMAX": (*_ZEROS, *_of(0, _softmax_output), *_of(0, _softmax, types=_INT8)),
    "LOGISTIC": (*_of(0, _zero_of_output(-128), types=_INT8), *_SQUASHED),
    "TANH": _SQUASHED,
}
"""Kind -> its checks, the first of which that fails is told."""
