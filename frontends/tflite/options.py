"""The options of an operator that are whole numbers, where what a kernel needs or refuses depends on them."""

from struct import pack, unpack

from . import option_schema, schema
from .flatbuffer import Scalar, Table
from .inference.flexbuffer import read_numbers
from .inference.op_context import Unknown

_LONGEST = 4096
"""The most bytes of a custom operator's options that are read. Commands of an accelerator are longer, and not a map."""

_CONV = option_schema.Conv2DOptions
_MATMUL = option_schema.BatchMatMulOptions
_ARITHMETIC = option_schema.ArithmeticOptions
_JOINED, _NORM = option_schema.ConcatenationOptions, option_schema.L2NormOptions
_DEPTHWISE, _DENSE = option_schema.DepthwiseConv2DOptions, option_schema.FullyConnectedOptions
_TRANSPOSED = option_schema.TransposeConvOptions

_READ: dict[str, tuple[int, tuple[Scalar, ...]]] = {
    "BATCH_MATMUL": (_MATMUL.NUMBER, (_MATMUL.ADJ_X, _MATMUL.ADJ_Y)),
    "CONV_2D": (
        _CONV.NUMBER,
        (_CONV.STRIDE_W, _CONV.STRIDE_H, _CONV.DILATION_W_FACTOR, _CONV.DILATION_H_FACTOR, _CONV.FUSED_ACTIVATION),
    ),
    **{kind: (number, (_ARITHMETIC.FUSED_ACTIVATION,)) for kind, number in _ARITHMETIC.NUMBERS.items()},
    "CONCATENATION": (_JOINED.NUMBER, (_JOINED.FUSED_ACTIVATION,)),
    "DEPTHWISE_CONV_2D": (_DEPTHWISE.NUMBER, (_DEPTHWISE.FUSED_ACTIVATION,)),
    "FULLY_CONNECTED": (_DENSE.NUMBER, (_DENSE.FUSED_ACTIVATION,)),
    "L2_NORMALIZATION": (_NORM.NUMBER, (_NORM.FUSED_ACTIVATION,)),
    "TRANSPOSE_CONV": (_TRANSPOSED.NUMBER, (_TRANSPOSED.FUSED_ACTIVATION,)),
}
"""Kind of operator -> the number of its options in the union, and the fields that are read."""

_NONE = frozenset({_ARITHMETIC.FUSED_ACTIVATION.name})
"""Fields that are left out where they are 0. Activation 0 means none, as in an operator without options."""

_SOFTMAX = option_schema.SoftmaxOptions

_DEFAULT = {"dilation_w_factor": 1, "dilation_h_factor": 1}
"""The values of absent fields that are not 0."""


def options_of(table: Table, kind: str, *, custom: bool) -> tuple[tuple[str, int], ...]:
    """Names and values of options that are whole numbers: all of a custom operator, some of others.

    Absent options are 0, as in the runtimes. There are none where those of a custom operator are not the map of a
    FlexBuffer, or those of another one are of another kind.

    Args:
        table: of the operator.
        kind: its name.
        custom: whether the name is in the file only.
    """
    if custom:
        return _custom(table)
    if kind not in _READ:
        return ()
    number, fields = _READ[kind]
    found = table.scalar(schema.Operator.BUILTIN_OPTIONS_TYPE)
    if found not in (0, number):
        return ()
    options = table.table(schema.Operator.BUILTIN_OPTIONS, "options") if found else None
    values = [int(options.scalar(field)) if options else 0 for field in fields]
    read = [(field.name, own or _DEFAULT.get(field.name, 0)) for field, own in zip(fields, values, strict=True)]
    return tuple((name, value) for name, value in read if value or name not in _NONE)


def beta_of(table: Table, kind: str) -> float:
    """What a softmax multiplies its inputs by: 0 where the file does not say it, as in the runtimes; 1 for others."""
    if kind != "SOFTMAX":
        return 1.0
    if table.scalar(schema.Operator.BUILTIN_OPTIONS_TYPE) != _SOFTMAX.NUMBER:
        return 0.0
    options = table.table(schema.Operator.BUILTIN_OPTIONS, "options")
    return float(unpack("<f", pack("<i", options.scalar(_SOFTMAX.BETA)))[0]) if options else 0.0


def _custom(table: Table) -> tuple[tuple[str, int], ...]:
    if not 0 < table.span(schema.Operator.CUSTOM_OPTIONS)[1] <= _LONGEST:
        return ()
    try:
        return tuple(read_numbers(table.vector(schema.Operator.CUSTOM_OPTIONS, 1)).items())
    except Unknown:
        return ()
