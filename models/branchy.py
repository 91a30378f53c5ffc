"""branchy: an Inception cell inside a residual block, whose file order is not the best one.

    image - stem -+- a_wide - a -+
                  +- b_wide - b -+- joined - mixed -(+)- sum - pooled - logits - scores
                  +- c_wide - c -+                   |
                  +----------------------------------+

The file has the three wide convolutions one after the other, so that all their results are alive at once. Branch
by branch only one of them is.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper
from onnx_writer import value, write_onnx
from sketch import Sketch
from tflite_writer import options, write_model
from weights import Array, Weights

SIDE = 16
"""Height and width of the image and of every convolution's result."""

_RELU = 1

_FILTERS: dict[str, tuple[str, tuple[int, int, int, int], bool]] = {
    "stem": ("image", (8, 3, 3, 4), True),
    "a_wide": ("stem", (16, 1, 1, 8), True),
    "b_wide": ("stem", (16, 3, 3, 8), True),
    "c_wide": ("stem", (1, 3, 3, 16), True),
    "a": ("a_wide", (4, 3, 3, 16), False),
    "b": ("b_wide", (4, 1, 1, 16), False),
    "c": ("c_wide", (4, 1, 1, 16), False),
    "mixed": ("joined", (8, 1, 1, 12), False),
}
"""Convolution -> what it reads, its filter (channels out, height, width, channels in), and whether a ReLU follows.

In the order of the file. That of c_wide is depthwise: (1, height, width, channels out).
"""


def branchy_tflite() -> bytes:
    """Write the model for images [1, 16, 16, 4], float32, ReLU fused into the convolutions."""
    weights = _weights()
    main = Sketch()
    found = {"image": main.input("image", [1, SIDE, SIDE, 4])}
    for name, (source, (outer, *_, inner), relu) in _FILTERS.items():
        if name == "mixed":
            branches = [found[branch] for branch in "abc"]
            table = options("ConcatenationOptions", axis=3)
            found["joined"] = main.op("CONCATENATION", branches, "joined", [1, SIDE, SIDE, 12], table)
        constants = [main.constant(f"{name}/{part}", weights[f"{name}/{part}"]) for part in ("filter", "bias")]
        conv: dict[str, Any] = {"stride_w": 1, "stride_h": 1, "fused_activation_function": _RELU if relu else 0}
        if name == "c_wide":
            code, channels = "DEPTHWISE_CONV_2D", inner
            table = options("DepthwiseConv2DOptions", depth_multiplier=2, dilation_w_factor=1, **conv)
            # The writer knows no dilation_h_factor; where the field is left out, the schema says 1.
        else:
            code, channels = "CONV_2D", outer
            table = options("Conv2DOptions", dilation_w_factor=1, dilation_h_factor=1, **conv)
        found[name] = main.op(code, [found[source], *constants], name, [1, SIDE, SIDE, channels], table)
    table = options("AddOptions", fused_activation_function=_RELU)
    total = main.op("ADD", [found["stem"], found["mixed"]], "sum", [1, SIDE, SIDE, 8], table)
    axes = main.constant("axes", np.array([1, 2], np.int32))
    pooled = main.op("MEAN", [total, axes], "pooled", [1, 8], options("ReducerOptions", keep_dims=False))
    head = [main.constant(f"head/{part}", weights[f"head/{part}"]) for part in ("filter", "bias")]
    logits = main.op("FULLY_CONNECTED", [pooled, *head], "logits", [1, 4], options("FullyConnectedOptions"))
    main.outputs = [main.op("SOFTMAX", [logits], "scores", [1, 4], options("SoftmaxOptions", beta=1.0))]
    return write_model([main.subgraph()])


def branchy_onnx() -> bytes:
    """Write the same model for images [1, 4, 16, 16], ReLU as operators of their own."""
    constants: dict[str, NDArray[Any]] = {}
    for name, values in _weights().items():
        # Filters to (channels out, channels in, height, width); c_wide's has one channel in per group.
        order = (3, 0, 1, 2) if name == "c_wide/filter" else (0, 3, 1, 2)
        constants[name] = np.ascontiguousarray(values.transpose(order)) if values.ndim == 4 else values
    nodes: list[NodeProto] = []
    for name, (source, (_, side, *_), relu) in _FILTERS.items():
        if name == "mixed":
            nodes.append(helper.make_node("Concat", ["a", "b", "c"], ["joined"], axis=1))
        made = f"{name}_linear" if relu else name
        inputs = [source, f"{name}/filter", f"{name}/bias"]
        pads, group = [side // 2] * 4, 8 if name == "c_wide" else 1
        nodes.append(helper.make_node("Conv", inputs, [made], kernel_shape=[side, side], pads=pads, group=group))
        if relu:
            nodes.append(helper.make_node("Relu", [made], [name]))
    nodes += [
        helper.make_node("Add", ["stem", "mixed"], ["sum_linear"]),
        helper.make_node("Relu", ["sum_linear"], ["sum"]),
        helper.make_node("GlobalAveragePool", ["sum"], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["flat"]),
        helper.make_node("Gemm", ["flat", "head/filter", "head/bias"], ["logits"], transB=1),
        helper.make_node("Softmax", ["logits"], ["scores"]),
    ]
    return write_onnx("branchy", nodes, [value("image", [1, 4, SIDE, SIDE])], [value("scores", [1, 4])], constants)


def _weights() -> dict[str, Array]:
    """Return filters and biases by name, laid out as TFLite has them."""
    weights = Weights(seed=1)
    drawn: dict[str, Array] = {}
    for name, (_, shape, _) in _FILTERS.items():
        drawn[f"{name}/filter"] = weights.draw(*shape)
        drawn[f"{name}/bias"] = weights.draw(shape[3] if name == "c_wide" else shape[0])
    drawn["head/filter"], drawn["head/bias"] = weights.draw(4, 8), weights.draw(4)
    return drawn
