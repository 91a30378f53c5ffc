"""A small model that a split helps: a wide tensor between two narrow ones."""

from dataclasses import replace

import numpy as np
from tflite_writer import Operator, Subgraph, Tensor, options, write_model

Q = {"scales": [0.05], "zero": 3}


def bottleneck(side=32, wide=48, *, floats=False, open_batch=False):
    """X -> CONV 1x1 to many channels -> DEPTHWISE of stride 2 -> CONV 1x1 to few: the wide tensor makes the peak."""
    rng = np.random.default_rng(0)

    def weights(name, shape):
        data = rng.integers(-100, 100, shape).astype("i1")
        return Tensor(name, shape, "INT8", data=data.tobytes(), scales=[0.01])

    def bias(name, count):
        return Tensor(name, [count], "INT32", data=np.arange(count, dtype="<i4").tobytes(), scales=[0.0005])

    tensors = [
        Tensor("x", [1, side, side, 4], "INT8", **Q), weights("w1", [wide, 1, 1, 4]), bias("b1", wide),
        Tensor("wide", [1, side, side, wide], "INT8", **Q), weights("w2", [1, 3, 3, wide]), bias("b2", wide),
        Tensor("half", [1, side // 2, side // 2, wide], "INT8", **Q), weights("w3", [4, 1, 1, wide]), bias("b3", 4),
        Tensor("y", [1, side // 2, side // 2, 4], "INT8", **Q),
    ]  # fmt: skip
    conv = options("Conv2DOptions", stride_w=1, stride_h=1, dilation_w_factor=1, dilation_h_factor=1)
    depthwise = options(
        "DepthwiseConv2DOptions", stride_w=2, stride_h=2, depth_multiplier=1, dilation_w_factor=1, dilation_h_factor=1
    )
    operators = [
        Operator("CONV_2D", [0, 1, 2], [3], conv, version=3),
        Operator("DEPTHWISE_CONV_2D", [3, 4, 5], [6], depthwise, version=3),
        Operator("CONV_2D", [6, 7, 8], [9], conv, version=3),
    ]
    if open_batch:
        tensors = [replace(t, shape_signature=[-1, *t.shape[1:]]) if t.data is None else t for t in tensors]
    tensors = [_float(tensor) for tensor in tensors] if floats else tensors
    return write_model([Subgraph(tensors, operators, [0], [9])])


def _float(tensor):
    """The tensor with floats instead of integers."""
    values = np.linspace(-1, 1, int(np.prod(tensor.shape)), dtype="<f4")
    return Tensor(tensor.name, tensor.shape, "FLOAT32", data=None if tensor.data is None else values.tobytes())
