"""attention: one transformer block without norms, residuals around the attention and around the MLP.

Of `x` [batch, seq, 16] two heads of 8 are made by reshaping, which costs nothing, and transposing, which does.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper
from onnx_writer import value, write_onnx
from sketch import ABSENT, Sketch
from tflite_writer import options, write_model
from weights import Array, Weights

SEQ, WIDTH, HEADS, HIDDEN = 16, 16, 2, 32
"""Tokens of the static version; numbers per token; heads; numbers per token inside the MLP."""

_HEAD = WIDTH // HEADS
_SCALE = np.float32(_HEAD**-0.5)
_RELU = 1


def attention_tflite() -> bytes:
    """Write the block for one sequence of 16 tokens, float32."""
    weights = _weights()
    main = Sketch()
    split = main.constant("split", np.array([1, SEQ, HEADS, _HEAD], np.int32))
    join = main.constant("join", np.array([1, SEQ, WIDTH], np.int32))
    swap = main.constant("swap", np.array([0, 2, 1, 3], np.int32))

    def project(source: int, name: str, width: int, activation: int = 0) -> int:
        filters = main.constant(f"{name}/filter", weights[name])
        table = options("FullyConnectedOptions", fused_activation_function=activation, keep_num_dims=True)
        return main.op("FULLY_CONNECTED", [source, filters, ABSENT], name, [1, SEQ, width], table)

    def heads(source: int, name: str) -> int:
        table = options("ReshapeOptions", new_shape=[1, SEQ, HEADS, _HEAD])
        parts = main.op("RESHAPE", [source, split], f"{name}_parts", [1, SEQ, HEADS, _HEAD], table)
        return main.op("TRANSPOSE", [parts, swap], f"{name}_heads", [1, HEADS, SEQ, _HEAD])

    x = main.input("x", [1, SEQ, WIDTH])
    projected = [project(x, name, WIDTH) for name in "qkv"]
    q, k, v = (heads(source, name) for source, name in zip(projected, "qkv", strict=True))
    square = [1, HEADS, SEQ, SEQ]
    scores = main.op("BATCH_MATMUL", [q, k], "scores", square, options("BatchMatMulOptions", adj_y=True))
    scale = main.constant("scale", np.array([_SCALE], np.float32))
    scaled = main.op("MUL", [scores, scale], "scaled", square, options("MulOptions"))
    shares = main.op("SOFTMAX", [scaled], "shares", square, options("SoftmaxOptions", beta=1.0))
    mixed = main.op("BATCH_MATMUL", [shares, v], "mixed", [1, HEADS, SEQ, _HEAD], options("BatchMatMulOptions"))
    turned = main.op("TRANSPOSE", [mixed, swap], "turned", [1, SEQ, HEADS, _HEAD])
    table = options("ReshapeOptions", new_shape=[1, SEQ, WIDTH])
    joined = main.op("RESHAPE", [turned, join], "joined", [1, SEQ, WIDTH], table)
    attended = project(joined, "attended", WIDTH)
    middle = main.op("ADD", [x, attended], "middle", [1, SEQ, WIDTH], options("AddOptions"))
    hidden = project(middle, "hidden", HIDDEN, _RELU)
    change = project(hidden, "change", WIDTH)
    main.outputs = [main.op("ADD", [middle, change], "y", [1, SEQ, WIDTH], options("AddOptions"))]
    return write_model([main.subgraph()])


def attention_onnx() -> bytes:
    """Write the same block with `batch` and `seq` left open."""
    constants: dict[str, NDArray[Any]] = {
        f"{name}/matrix": np.ascontiguousarray(filters.T) for name, filters in _weights().items()
    }
    # A 0 in the shape of a Reshape copies the dimension, so both stay symbolic.
    constants["split"] = np.array([0, 0, HEADS, _HEAD], np.int64)
    constants["join"] = np.array([0, 0, WIDTH], np.int64)
    constants["scale"] = np.array(_SCALE)
    node = helper.make_node

    def project(source: str, name: str) -> NodeProto:
        return node("MatMul", [source, f"{name}/matrix"], [name])

    nodes = [project("x", name) for name in "qkv"]
    for name, order in (("q", [0, 2, 1, 3]), ("k", [0, 2, 3, 1]), ("v", [0, 2, 1, 3])):
        nodes.append(node("Reshape", [name, "split"], [f"{name}_parts"]))
        nodes.append(node("Transpose", [f"{name}_parts"], [f"{name}_heads"], perm=order))
    nodes += [
        node("MatMul", ["q_heads", "k_heads"], ["scores"]),
        node("Mul", ["scores", "scale"], ["scaled"]),
        node("Softmax", ["scaled"], ["shares"]),
        node("MatMul", ["shares", "v_heads"], ["mixed"]),
        node("Transpose", ["mixed"], ["turned"], perm=[0, 2, 1, 3]),
        node("Reshape", ["turned", "join"], ["joined"]),
        project("joined", "attended"),
        node("Add", ["x", "attended"], ["middle"]),
        project("middle", "hidden_linear"),
        node("Relu", ["hidden_linear"], ["hidden"]),
        project("hidden", "change"),
        node("Add", ["middle", "change"], ["y"]),
    ]
    constants["hidden_linear/matrix"] = constants.pop("hidden/matrix")
    shape: list[int | str] = ["batch", "seq", WIDTH]
    return write_onnx("attention", nodes, [value("x", shape)], [value("y", shape)], constants)


def _weights() -> dict[str, Array]:
    """Return what each projection multiplies with, (numbers out, numbers in)."""
    weights = Weights(seed=2)
    drawn = {name: weights.draw(WIDTH, WIDTH) for name in ("q", "k", "v", "attended")}
    return drawn | {"hidden": weights.draw(HIDDEN, WIDTH), "change": weights.draw(WIDTH, HIDDEN)}
