"""Operators whose result has the shape of their first input, and operators that broadcast."""

from ..value_types import ValueType
from .node_context import BOOL, MICROSOFT, UINT8, UNKNOWN, NodeContext, Rule, as_float, of, over, standard

ELEMENTWISE = frozenset({"QLinearAdd", "QLinearLeakyRelu", "QLinearMul", "QLinearSigmoid"})
"""Operators that may write over an input. Not Gelu and similar ones: their kernels read an input more than once."""


def like_first(node: NodeContext) -> list[ValueType]:
    """The type of the first input."""
    return [node.type(0)]


def broadcast(*positions: int, element: int = -1) -> Rule:
    """A rule for an operator that broadcasts inputs.

    Args:
        positions: of these inputs.
        element: the position of the input whose element type the result has; -1 for the first of `positions`.
    """

    def rule(node: NodeContext) -> list[ValueType]:
        shape = as_float(node.type(positions[0])).shape
        for position in positions[1:]:
            shape = standard("Add", [of(1, shape), as_float(node.type(position))]).shape
        return [of(node.element(positions[0] if element < 0 else element), shape)]

    return rule


def _dropout(node: NodeContext) -> list[ValueType]:
    data = node.type(0)
    return [data, of(BOOL, data.shape)]


def _halved(node: NodeContext) -> list[ValueType]:
    """The first input with half as many channels, on the last axis."""
    shape = node.shape(0)
    return [UNKNOWN] if shape is None else [of(node.element(0), [*shape[:-1], over(shape[-1], 2)])]


def _quantize(node: NodeContext) -> list[ValueType]:
    return [of(node.element(2) if node.has(2) else UINT8, node.shape(0))]


def _dequantize(node: NodeContext) -> list[ValueType]:
    return [of(node.element(1), node.shape(0))]


_LIKE_FIRST = """
    BiasAdd BiasGelu BiasSoftmax FastGelu Gelu Inverse LongformerAttention MoE
    QLinearLeakyRelu QLinearSigmoid QLinearSoftmax QMoE QuickGelu RotaryEmbedding SampleOp Trilu
"""

_OLDER = "Affine ImageScaler ParametricSoftplus ScaledTanh"
"""Experimental operators of the default domain, which ONNX no longer defines."""

RULES: dict[tuple[str, str], Rule] = {
    **{(MICROSOFT, kind): like_first for kind in _LIKE_FIRST.split()},
    **{("", kind): like_first for kind in _OLDER.split()},
    (MICROSOFT, "BiasDropout"): _dropout,
    (MICROSOFT, "BiasSplitGelu"): _halved,
    (MICROSOFT, "ComplexMul"): broadcast(0, 1),
    (MICROSOFT, "ComplexMulConj"): broadcast(0, 1),
    (MICROSOFT, "DequantizeLinear"): _dequantize,
    (MICROSOFT, "NGramRepeatBlock"): lambda node: [node.type(1)],
    (MICROSOFT, "QLinearAdd"): broadcast(0, 3),
    (MICROSOFT, "QLinearMul"): broadcast(0, 3),
    (MICROSOFT, "QLinearWhere"): broadcast(0, 1, 4, element=1),
    (MICROSOFT, "QuantizeLinear"): _quantize,
}
