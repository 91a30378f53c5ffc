"""Operators between floats and the integers that stand for them."""

from collections.abc import Sequence

from onnx import NodeProto

from tmpass.graph.model import Quantization, Tensor, TensorKind

_KINDS = {
    "DequantizeLinear": Quantization.DEQUANTIZE,
    "QuantizeLinear": Quantization.QUANTIZE,
    "Relu": Quantization.CLAMP,
    "Clip": Quantization.CLAMP,
}

_MICROSOFT = "com.microsoft"


def quantization_of(node: NodeProto, inputs: Sequence[Tensor | None]) -> Quantization | None:
    """Return how `node` converts between floats and integers; None where its scale, zero point or limits may change.

    Args:
        node: a node.
        inputs: the inputs of the node, None for one that is left out.
    """
    kind = _KINDS.get(node.op_type)
    if kind is None or len(node.output) != 1 or not inputs or inputs[0] is None:
        return None
    if node.domain and (node.domain != _MICROSOFT or kind is Quantization.CLAMP):
        return None
    if inputs[0].kind is TensorKind.CONSTANT:
        return None
    fixed = all(t is None or t.kind is TensorKind.CONSTANT for t in inputs[1:])
    return kind if fixed else None
