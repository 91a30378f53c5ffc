"""The writer of small models: other readers read its files in the same way as tmpass."""

from typing import Any

import numpy as np
import pytest
from tflite.Model import Model
from tflite_writer import Operator, Signature, Subgraph, Tensor, options, write_model
from tmpass.frontends import tflite


def floats(*values: float) -> bytes:
    return np.array(values, dtype="<f4").tobytes()


def integers(*values: int) -> bytes:
    return np.array(values, dtype="<i4").tobytes()


def one(tensors: list[Tensor], *operators: Operator, **keywords: Any) -> bytes:
    """Write a model from tensor 0 to the last tensor."""
    return write_model([Subgraph(tensors, operators, [0], [len(tensors) - 1])], **keywords)


def test_the_same_description_gives_the_same_bytes() -> None:
    tensors = [Tensor("x", [4]), Tensor("w", [4], data=floats(1, 2, 3, 4)), Tensor("y", [4])]
    operator = Operator("ADD", [0, 1], [2], options("AddOptions"))
    assert one(tensors, operator) == one(tensors, operator)


@pytest.mark.parametrize("appended", [False, True])
@pytest.mark.parametrize("name", ["w", "longer", "even longer"])
def test_data_is_aligned_to_16_bytes(appended: bool, name: str) -> None:
    mark = b"where is the data?"
    data = one([Tensor(name, [18], "INT8", data=mark, appended=appended)])
    assert data.index(mark) % 16 == 0


def test_another_reader_sees_what_was_described() -> None:
    tensors = [
        Tensor("x", [1, 2], "INT8", shape_signature=[-1, 2]),
        Tensor("v", [2], "FLOAT16", is_variable=True, has_rank=True),
        Tensor("w", [2], data=floats(1, 2)),
    ]
    operator = Operator("my op", [0, 2], [1], intermediates=[1], custom=True)
    data = one(tensors, operator, metadata={"m": b"123"}, signatures=[Signature("s", 0, [("in", 0)])])
    model = Model.GetRootAs(data)
    subgraph = model.Subgraphs(0)
    first, second, third = (subgraph.Tensors(n) for n in range(3))
    assert Model.ModelBufferHasIdentifier(data, 0)
    assert (first.Name(), list(first.ShapeAsNumpy()), first.Type()) == (b"x", [1, 2], 9)
    assert list(first.ShapeSignatureAsNumpy()) == [-1, 2]
    assert (second.IsVariable(), second.HasRank(), second.Type()) == (True, True, 1)
    assert model.Buffers(third.Buffer()).DataAsNumpy().tobytes() == floats(1, 2)
    assert model.OperatorCodes(0).CustomCode() == b"my op"
    assert model.OperatorCodes(0).BuiltinCode() == model.OperatorCodes(0).DeprecatedBuiltinCode() == 32
    assert list(subgraph.Operators(0).IntermediatesAsNumpy()) == [1]
    assert model.Metadata(0).Name() == b"m"
    assert model.Buffers(model.Metadata(0).Buffer()).DataAsNumpy().tobytes() == b"123"
    assert model.SignatureDefs(0).SignatureKey() == b"s"


def test_operators_of_one_kind_share_a_code() -> None:
    operators = [Operator("ABS", [0], [1]), Operator("NEG", [1], [2]), Operator("ABS", [2], [3])]
    model = Model.GetRootAs(one([Tensor(f"t{n}", [4]) for n in range(4)], *operators))
    assert model.OperatorCodesLength() == 2


def run(data: bytes, *values: Any) -> Any:
    """Run the main subgraph in LiteRT."""
    interpreter = pytest.importorskip("ai_edge_litert.interpreter").Interpreter(model_content=data)
    interpreter.allocate_tensors()
    for detail, value in zip(interpreter.get_input_details(), values, strict=True):
        interpreter.set_tensor(detail["index"], value)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


MATRIX = Tensor("w", [2, 2], data=floats(1, 2, 3, 4))
IMAGE = Tensor("x", [1, 2, 2, 1])
FILTER = Tensor("w", [1, 1, 1, 1], data=floats(2))
BIAS = Tensor("b", [1], data=floats(0.5))
PIXELS = np.array([[[[1], [2]], [[3], [4]]]], dtype="f4")
ROW = np.array([[1, -2]], dtype="f4")
RUNS = {
    "ADD": (
        [Tensor("x", [1, 2]), Tensor("w", [1, 2], data=floats(1, 1)), Tensor("y", [1, 2])],
        Operator("ADD", [0, 1], [2], options("AddOptions", fused_activation_function=1)),
        ROW,
        [[2, 0]],
    ),
    "appended data": (
        [Tensor("x", [1, 2]), Tensor("w", [1, 2], data=floats(1, 1), appended=True), Tensor("y", [1, 2])],
        Operator("MUL", [0, 1], [2], options("MulOptions")),
        ROW,
        [[1, -2]],
    ),
    "CONV_2D": (
        [IMAGE, FILTER, BIAS, Tensor("y", [1, 2, 2, 1])],
        Operator(
            "CONV_2D",
            [0, 1, 2],
            [3],
            options("Conv2DOptions", stride_w=1, stride_h=1, dilation_w_factor=1, dilation_h_factor=1),
        ),
        PIXELS,
        [[[[2.5], [4.5]], [[6.5], [8.5]]]],
    ),
    "DEPTHWISE_CONV_2D": (
        [IMAGE, FILTER, BIAS, Tensor("y", [1, 1, 1, 1])],
        Operator(
            "DEPTHWISE_CONV_2D",
            [0, 1, 2],
            [3],
            options("DepthwiseConv2DOptions", stride_w=2, stride_h=2, depth_multiplier=1),
        ),
        PIXELS,
        [[[[2.5]]]],
    ),
    "MAX_POOL_2D": (
        [IMAGE, Tensor("y", [1, 1, 1, 1])],
        Operator(
            "MAX_POOL_2D",
            [0],
            [1],
            options("Pool2DOptions", padding=1, stride_w=2, stride_h=2, filter_width=2, filter_height=2),
        ),
        PIXELS,
        [[[[4]]]],
    ),
    "FULLY_CONNECTED": (
        [Tensor("x", [1, 2]), MATRIX, Tensor("y", [1, 2])],
        Operator("FULLY_CONNECTED", [0, 1, -1], [2], options("FullyConnectedOptions")),
        ROW,
        [[-3, -5]],
    ),
    "BATCH_MATMUL": (
        [Tensor("x", [1, 2]), MATRIX, Tensor("y", [1, 2])],
        Operator("BATCH_MATMUL", [0, 1], [2], options("BatchMatMulOptions", adj_x=False, adj_y=False)),
        ROW,
        [[-5, -6]],
    ),
    "SOFTMAX": (
        [Tensor("x", [1, 2]), Tensor("y", [1, 2])],
        Operator("SOFTMAX", [0], [1], options("SoftmaxOptions", beta=1.0)),
        np.zeros((1, 2), "f4"),
        [[0.5, 0.5]],
    ),
    "RESHAPE": (
        [Tensor("x", [1, 2]), Tensor("s", [1], "INT32", data=integers(2)), Tensor("y", [2])],
        Operator("RESHAPE", [0, 1], [2], options("ReshapeOptions", new_shape=[2])),
        ROW,
        [1, -2],
    ),
    "CONCATENATION": (
        [Tensor("x", [1, 2]), Tensor("y", [1, 4])],
        Operator("CONCATENATION", [0, 0], [1], options("ConcatenationOptions", axis=1)),
        ROW,
        [[1, -2, 1, -2]],
    ),
}


@pytest.mark.runtime
@pytest.mark.parametrize("name", RUNS)
def test_litert_runs_what_is_written(name: str) -> None:
    tensors, operator, value, expected = RUNS[name]
    data = one(tensors, operator)
    assert np.allclose(run(data, value), expected)
    assert len(tflite.load(data, {}).subgraphs[0].ops) == 1


def loop(limit: float) -> bytes:
    """Write `while x < limit: x = x + x`."""
    x, y = Tensor("x", [1]), Tensor("y", [1])
    table = options("WhileOptions", cond_subgraph_index=1, body_subgraph_index=2)
    main = Subgraph([x, y], [Operator("WHILE", [0], [1], table)], [0], [1])
    bound = Tensor("limit", [1], data=floats(limit))
    less = Operator("LESS", [0, 1], [2], options("LessOptions"))
    condition = Subgraph([x, bound, Tensor("more", [1], "BOOL")], [less], [0], [2], name="cond")
    body = Subgraph([x, y], [Operator("ADD", [0, 0], [1], options("AddOptions"))], [0], [1], name="body")
    return write_model([main, condition, body])


def branch() -> bytes:
    """Write `x + x if c else x * x`."""
    x, y = Tensor("x", [2]), Tensor("y", [2])
    table = options("IfOptions", then_subgraph_index=1, else_subgraph_index=2)
    main = Subgraph([Tensor("c", [1], "BOOL"), x, y], [Operator("IF", [0, 1], [2], table)], [0, 1], [2])
    then = Subgraph([x, y], [Operator("ADD", [0, 0], [1], options("AddOptions"))], [0], [1], name="then")
    other = Subgraph([x, y], [Operator("MUL", [0, 0], [1], options("MulOptions"))], [0], [1], name="else")
    return write_model([main, then, other])


@pytest.mark.runtime
def test_litert_runs_loops_and_branches() -> None:
    assert run(loop(20), np.array([3], "f4")) == [24]
    value = np.array([3, 5], "f4")
    assert run(branch(), np.array([True]), value).tolist() == [6, 10]
    assert run(branch(), np.array([False]), value).tolist() == [9, 25]


@pytest.mark.runtime
def test_litert_sees_signatures() -> None:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter")
    signature = Signature("double", 0, [("in", 0)], [("out", 1)])
    operator = Operator("ADD", [0, 0], [1], options("AddOptions"))
    data = one([Tensor("x", [2]), Tensor("y", [2])], operator, signatures=[signature])
    runner = interpreter.Interpreter(model_content=data).get_signature_runner("double")
    assert runner(**{"in": np.array([1, 2], "f4")})["out"].tolist() == [2, 4]


@pytest.mark.runtime
@pytest.mark.parametrize("second", [Tensor("like", [2, 2]), Tensor("shape", [0], "INT32")])
def test_litert_needs_no_data_for_what_we_take_without(second: Tensor) -> None:
    rank = 1 if second.shape == [0] else 2
    tensors = [Tensor("x", [1] if rank == 1 else [4]), second, Tensor("y", [] if rank == 1 else [2, 2])]
    table = options("ReshapeOptions", new_shape=tensors[2].shape)
    data = one(tensors, Operator("RESHAPE", [0, 1], [2], table))
    assert tflite.load(data, {}).subgraphs[0].ops[0].view
    assert run(data, np.ones(tensors[0].shape or (), "f4")).shape == tuple(tensors[2].shape or ())
