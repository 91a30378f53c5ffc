"""Operators whose result has the shape of an input, or the shape to which their inputs broadcast."""

from .dims import broadcast
from .op_context import OpContext, Shape, Unknown

_SAME = """
    ABS BUCKETIZE CAST CEIL COMPLEX_ABS COS CUMSUM DENSIFY DEQUANTIZE DYNAMIC_UPDATE_SLICE ELU EXP FAKE_QUANT FLOOR
    GELU HARD_SWISH IMAG L2_NORMALIZATION LEAKY_RELU LOCAL_RESPONSE_NORMALIZATION LOG LOGICAL_NOT LOGISTIC
    LOG_SOFTMAX MATRIX_SET_DIAG NEG QUANTIZE REAL RELU RELU6 RELU_0_TO_1 RELU_N1_TO_1 REVERSE_SEQUENCE REVERSE_V2
    ROUND RSQRT SIGN SIN SOFTMAX SQRT SQUARE TANH ZEROS_LIKE ADD_N STABLEHLO_ABS STABLEHLO_CBRT STABLEHLO_CONVERT
    STABLEHLO_COSINE STABLEHLO_EXPONENTIAL STABLEHLO_FLOOR STABLEHLO_LOG STABLEHLO_LOGISTIC STABLEHLO_NEGATE
    STABLEHLO_RSQRT STABLEHLO_TANH STABLEHLO_ADD STABLEHLO_AND STABLEHLO_COMPARE STABLEHLO_DIVIDE STABLEHLO_MAXIMUM
    STABLEHLO_MINIMUM STABLEHLO_MULTIPLY STABLEHLO_OR STABLEHLO_POWER STABLEHLO_REMAINDER STABLEHLO_SHIFT_LEFT
    STABLEHLO_SUBTRACT
"""

_SPREADING = """
    ADD ATAN2 BITWISE_XOR DIV EQUAL FLOOR_DIV FLOOR_MOD GREATER GREATER_EQUAL LESS LESS_EQUAL LOGICAL_AND LOGICAL_OR
    MAXIMUM MINIMUM MUL NOT_EQUAL POW PRELU RIGHT_SHIFT SELECT_V2 SQUARED_DIFFERENCE SUB
"""

SAME = frozenset(_SAME.split())
"""The result has the shape of the first input."""

SPREADING = frozenset(_SPREADING.split())
"""The result has the shape to which the inputs broadcast."""


def same(op: OpContext) -> list[Shape]:
    """The shape of the first input."""
    return [op.shape(0)]


def spreading(op: OpContext) -> list[Shape]:
    """The shape to which the inputs broadcast."""
    return [broadcast(*(op.shape(position) for position in range(len(op.inputs))))]


def select(op: OpContext) -> list[Shape]:
    """The shape of the inputs that are selected from."""
    return [op.shape(1)]


def bitcast(op: OpContext) -> list[Shape]:
    """The shape of the input, if elements keep their number of bits."""
    bits = op.tensors[op.inputs[0]].dtype.bits, op.tensors[op.outputs[0]].dtype.bits
    if bits[0] != bits[1]:
        raise Unknown
    return [op.shape(0)]
