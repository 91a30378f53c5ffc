"""Operators for which ONNX's own inference computes another shape than ONNX Runtime makes."""

import contextlib

import numpy as np
import onnxruntime
import pytest
from onnx import ModelProto, TensorProto, helper, numpy_helper
from tmpass.frontends import onnx as frontend
from tmpass.frontends.onnx.einsum import einsum

from tmpass.base.errors import ModelError

Node = helper.make_node
FLOAT, INT, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL

SPREADING = [Node("Einsum", ["a", "b"], ["s"], equation="ij,jk->ikj")]
SCALED = [Node("Resize", ["a", "", "scales"], ["s"], mode="nearest")]
BACKWARDS = [Node("Slice", ["a", "minus", "largest", "zero", "minus"], ["s"])]
CEILING = [
    Node("Unsqueeze", ["a", "zero"], ["u"]),
    Node("MaxPool", ["u"], ["s"], kernel_shape=[1], strides=[2], ceil_mode=1),
]

FOLLOWING = {
    "elementwise": [Node("Relu", ["s"], ["y"])],
    "by a shape": [
        Node("Shape", ["s"], ["n"]),
        Node("ReduceProd", ["n"], ["p"], keepdims=1),
        Node("Reshape", ["s", "p"], ["f"]),
        Node("Concat", ["f", "f"], ["y"], axis=0),
    ],
    "in branches": [
        Node(
            "If",
            ["c"],
            ["y"],
            **{
                f"{branch}_branch": helper.make_graph(
                    [Node(kind, ["s"], [f"o {branch}"])],
                    branch,
                    [],
                    [helper.make_tensor_value_info(f"o {branch}", FLOAT, None)],
                )
                for branch, kind in (("then", "Neg"), ("else", "Abs"))
            },
        )
    ],
    "in a loop": [
        Node(
            "Loop",
            ["three", "", "s"],
            ["last", "y"],
            body=helper.make_graph(
                [Node("Identity", ["go"], ["goes"]), Node("Neg", ["state"], ["after"]), Node("Abs", ["s"], ["pile"])],
                "body",
                [
                    helper.make_tensor_value_info("round", INT, []),
                    helper.make_tensor_value_info("go", BOOL, []),
                    helper.make_tensor_value_info("state", FLOAT, None),
                ],
                [
                    helper.make_tensor_value_info("goes", BOOL, []),
                    helper.make_tensor_value_info("after", FLOAT, None),
                    helper.make_tensor_value_info("pile", FLOAT, None),
                ],
            ),
        )
    ],
}


def model_of(nodes, a, b) -> ModelProto:
    inputs = [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in (("a", a), ("b", b))]
    inputs.append(helper.make_tensor_value_info("c", BOOL, []))
    stored = {
        "scales": np.array([2.6, 1], np.float32),
        "minus": np.array([-1], np.int64),
        "largest": np.array([2**63 - 1], np.int64),
        "zero": np.array([0], np.int64),
        "three": np.array(3, np.int64),
    }
    graph = helper.make_graph(
        nodes,
        "g",
        inputs,
        [helper.make_tensor_value_info("y", FLOAT, None)],
        [numpy_helper.from_array(values, name) for name, values in stored.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize("following", FOLLOWING)
@pytest.mark.parametrize("nodes", [SPREADING, SCALED, BACKWARDS, CEILING], ids=lambda nodes: nodes[-1].op_type)
@pytest.mark.parametrize("open_", [False, True])
def test_what_follows_has_the_size_of_a_run(nodes, following, open_):
    a, b = (5, 1) if nodes is not CEILING else (4, 8), (3, 4)
    nodes = [*nodes, *FOLLOWING[following]]
    # With the numbers in the file, ONNX Runtime trusts ONNX's inference, and fails.
    session = onnxruntime.InferenceSession(
        model_of(nodes, ["m", "n"], ["k", "l"]).SerializeToString(), providers=["CPUExecutionProvider"]
    )
    made = session.run(None, {"a": np.ones(a, np.float32), "b": np.ones(b, np.float32), "c": np.array(True)})
    dims = [["m", *a[1:]], ["k", *b[1:]]] if open_ else [a, b]
    graph = frontend.load(model_of(nodes, *dims).SerializeToString(), {"m": a[0], "k": b[0]} if open_ else {})
    tensors = {t.name: t for t in graph.subgraphs[0].tensors}
    assert tensors["y"].shape == made[0].shape


def test_a_declaration_that_ones_do_not_spread_does_not_count():
    model = model_of([*SPREADING, Node("Relu", ["s"], ["y"])], (5, 1), (3, 4))
    model.graph.value_info.append(helper.make_tensor_value_info("s", FLOAT, [5, 4, 1]))
    tensors = {t.name: t for t in frontend.load(model.SerializeToString(), {}).subgraphs[0].tensors}
    assert tensors["y"].shape == tensors["s"].shape == (5, 4, 3)


@pytest.mark.parametrize(
    "equation", ["i,->", "ij", "......i", "", "->", "i" * 9, "ij,jk,kl->il", "ij,jk->iz", "i.j,jk"]
)
def test_an_equation_that_does_not_fit_is_no_accident(equation):
    assert einsum(equation, [(5, 1), (3, 4)]) is None


@pytest.mark.parametrize("factor", [1e20, np.inf, np.nan, -1])
def test_a_scale_that_makes_no_dimension_leaves_it_open(factor):
    model = model_of(
        [Node("Resize", ["a", "", "scales"], ["s"], mode="nearest"), Node("Relu", ["s"], ["y"])], (5, 1), (3, 4)
    )
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.array([factor, 1], np.float32), "scales"))
    with contextlib.suppress(ModelError):
        tensors = {t.name: t for t in frontend.load(model.SerializeToString(), {}).subgraphs[0].tensors}
        assert not isinstance(tensors["y"].shape[0], int)
