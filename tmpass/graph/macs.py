"""Multiply-accumulate operations (MACs) of operators, from their kinds and the shapes of their tensors.

    convolution             elements of the output x elements of the weights / channels of the output
    transposed convolution  elements of the input x elements of the weights / channels of the input
    matrix product          elements of the output x length of the sums
    any other operator      one for each element of its outputs; 0 where it only passes bytes on, or calls bodies

The last row is far below the truth for operators such as LSTM, whose kernels multiply by matrices.
"""

from math import prod

from tmpass.base.record import record
from tmpass.graph.model import ABSENT, Op, Subgraph


@record
class _Weighted:
    """Where an operator has its weights.

    Fields:
        weights: the position of the weights among the inputs.
        channels: the axis of the weights that is not summed over.
        data: the position of the tensor whose elements count; None is the output.
    """

    weights: int
    channels: int
    data: int | None = None


_WEIGHTED = {
    # TFLite: OHWI, and 1HWO for depthwise; DHWIO for three dimensions
    "CONV_2D": _Weighted(1, 0),
    "DEPTHWISE_CONV_2D": _Weighted(1, 3),
    "CONV_3D": _Weighted(1, 4),
    "FULLY_CONNECTED": _Weighted(1, 0),
    "TRANSPOSE_CONV": _Weighted(1, 3, data=2),
    "CONV_3D_TRANSPOSE": _Weighted(1, 4, data=2),
    # ONNX: OIHW, and IOHW for the transposed one
    "Conv": _Weighted(1, 0),
    "FusedConv": _Weighted(1, 0),
    "ConvInteger": _Weighted(1, 0),
    "QLinearConv": _Weighted(3, 0),
    "ConvTranspose": _Weighted(1, 0, data=0),
}
"""Kind of a convolution or dense layer -> where its weights are."""

_PRODUCTS = ("MatMul", "MatMulInteger", "QLinearMatMul", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", "MatMulNBits")
"""Matrix products whose sums run over the last axis of the first input."""

_TRANSPOSABLE = ("BATCH_MATMUL", "Gemm", "QGemm", "FusedGemm", "FusedMatMul")
"""Matrix products whose first input may be transposed: the sums run over the axis that is not a row of the output."""


def count_macs(subgraph: Subgraph, op: Op) -> int:
    """The MACs of one run of an operator; 0 where a shape that decides it is not known."""
    kind = op.kind.rpartition("::")[2]
    if op.calls or op.moves is not None:
        return 0
    if (place := _WEIGHTED.get(kind)) is not None:
        weights = _shape(subgraph, op.inputs, place.weights)
        data = _shape(subgraph, op.outputs, 0) if place.data is None else _shape(subgraph, op.inputs, place.data)
        if weights is None or data is None or len(weights) <= place.channels or 0 in weights:
            return 0
        return prod(data) * (prod(weights) // weights[place.channels])
    if kind in _PRODUCTS or kind in _TRANSPOSABLE:
        left, result = _shape(subgraph, op.inputs, 0), _shape(subgraph, op.outputs, 0)
        if not left or result is None:
            return 0
        length = left[-1]
        if kind in _TRANSPOSABLE and len(left) > 1 and len(result) > 1 and result[-2]:
            length = left[-2] * left[-1] // result[-2]
        return prod(result) * length
    shapes = (_shape(subgraph, op.outputs, at) for at in range(len(op.outputs)))
    return sum(prod(shape) for shape in shapes if shape is not None)


def _shape(subgraph: Subgraph, tensors: tuple[int, ...], at: int) -> tuple[int, ...] | None:
    """The shape of the tensor at a position, or None without a tensor or a known shape."""
    if at >= len(tensors) or tensors[at] == ABSENT:
        return None
    shape = subgraph.tensors[tensors[at]].shape
    if shape is None or any(isinstance(dim, str) for dim in shape):
        return None
    return tuple(int(dim) for dim in shape)
