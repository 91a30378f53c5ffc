"""Values that are known before a run are constants, and operators that only make constants never run."""

import numpy as np
import pytest
from onnx import TensorProto, numpy_helper, parser
from tmpass.frontends import onnx as frontend

HEAD = '<ir_version: 8, opset_import: ["": 17, "x": 1]>'


def load(text, head=HEAD):
    return frontend.load(parser.parse_model(head + text).SerializeToString(), {})


def kinds(graph, number=0):
    return {t.name: str(t.kind) for t in graph.subgraphs[number].tensors}


def test_what_constants_make_is_constant_and_not_run():
    graph = load(
        "g (float[2] x) => (float[2] y) <float[2] w = {1, 2}> "
        "{ c = Constant <value = float[2] {3, 4}> () s = Add(w, c) t = Relu(s) y = Mul(x, t) }"
    )
    assert [op.kind for op in graph.subgraphs[0].ops] == ["Mul"]
    assert kinds(graph) == {"x": "activation", "w": "constant"} | dict.fromkeys("cst", "constant") | {"y": "activation"}


def test_weights_made_by_constant_of_shape_are_constants():
    graph = load("g (float[1, 3, 8, 8] x) => (y) <int64[4] s = {4, 3, 3, 3}> { w = ConstantOfShape(s) y = Conv(x, w) }")
    assert [op.kind for op in graph.subgraphs[0].ops] == ["Conv"]
    assert graph.subgraphs[0].tensors[2].shape == (4, 3, 3, 3)


@pytest.mark.parametrize(
    "node",
    [
        "RandomNormal <shape = [2]> ()",
        "RandomUniformLike (w)",
        "Bernoulli (w)",
        "x.Custom (w)",
        "x.Source ()",
        "Nonesuch (w)",
        "Dropout (w, r, t)",
    ],
)
def test_what_may_differ_from_run_to_run_is_no_constant(node):
    graph = load(
        "g (float[2] x) => (y) <float[2] w = {1, 2}, float r = {0.5}, bool t = {1}> "
        f"{{ n = {node} y = Add(x, n) }}"
    )
    assert len(graph.subgraphs[0].ops) == 2
    assert kinds(graph)["n"] == "activation"


def test_shapes_known_at_plan_time_are_still_computed_in_a_run():
    graph = load("g (float[2, 3] x) => (y) { s = Shape(x) y = ConstantOfShape(s) }")
    assert kinds(graph)["s"] == "activation"
    assert graph.subgraphs[0].tensors[2].shape == (2, 3)


def test_control_flow_over_constants_alone_is_a_constant():
    graph = load(
        "g (float[2] x) => (y) <bool c = {1}, float[2] w = {1, 2}> { n = If (c) "
        "<then_branch = t () => (float[2] a) { a = Relu(w) }, else_branch = e () => (float[2] b) { b = Neg(w) }> "
        "y = Add(x, n) }"
    )
    assert len(graph.subgraphs) == 1
    assert kinds(graph)["n"] == "constant"


def test_control_flow_that_captures_what_runs_is_none():
    graph = load(
        "g (float[2] x) => (y) <bool c = {1}, float[2] w = {1, 2}> { y = If (c) "
        "<then_branch = t () => (float[2] a) { a = Relu(x) }, else_branch = e () => (float[2] b) { b = Neg(w) }> }"
    )
    assert kinds(graph)["y"] == "activation"


def test_control_flow_that_draws_random_numbers_is_none():
    graph = load(
        "g (float[2] x) => (y) <bool c = {1}> { n = If (c) <then_branch = t () => (float[2] a) "
        "{ a = RandomNormal <shape = [2]> () }, else_branch = e () => (float[2] b) "
        "{ b = Constant <value = float[2] {1, 2}> () }> "
        "y = Add(x, n) }"
    )
    assert kinds(graph)["n"] == "activation"


def test_constants_inside_a_body_are_folded_too():
    graph = load(
        "g (bool c, float[2] x) => (y) <float[2] w = {1, 2}> { y = If (c) <then_branch = t () => (float[2] a) "
        "{ n = Neg(w) a = Add(x, n) }, else_branch = e () => (float[2] b) { b = Relu(x) }> }"
    )
    body = graph.subgraphs[1]
    assert [op.kind for op in body.ops] == ["Add"]
    assert kinds(graph, 1) == {"n": "constant", "x": "capture", "a": "activation"}


def test_before_ir_version_4_a_listed_initialiser_is_no_input():
    text = "g (float[2] x, float[2] w) => (y) <float[2] w = {1, 2}> { y = Add(x, w) }"
    graph = load(text, '<ir_version: 3, opset_import: ["": 9]>')
    assert kinds(graph) == {"x": "activation", "w": "constant", "y": "activation"}
    assert graph.subgraphs[0].inputs == (0,)
    assert list(graph.entries[0].inputs) == ["x"]


def test_since_then_it_is_a_constant_too_and_a_warning_says_so():
    graph = load("g (float[2] x, float[2] w) => (y) <float[2] w = {1, 2}> { n = Neg(w) y = Add(x, n) }")
    assert kinds(graph)["w"] == kinds(graph)["n"] == "constant"
    assert graph.subgraphs[0].inputs == (0,)
    assert "1 inputs, such as 'w', have values in the file" in graph.warnings[0]


def test_sparse_initialisers_are_constants_of_their_dense_shape():
    model = parser.parse_model(HEAD + "g (float[4, 5] x) => (y) { y = Add(x, w) }")
    sparse = model.graph.sparse_initializer.add(dims=[4, 5])
    sparse.values.CopyFrom(numpy_helper.from_array(np.ones(2, "float32"), "w"))
    sparse.indices.CopyFrom(numpy_helper.from_array(np.array([0, 7]), "i"))
    tensors = {t.name: t for t in frontend.load(model.SerializeToString(), {}).subgraphs[0].tensors}
    assert (tensors["w"].shape, str(tensors["w"].kind)) == ((4, 5), "constant")


def test_initialisers_that_nothing_reads_are_listed():
    model = parser.parse_model(HEAD + "g (float[2] x) => (y) { y = Relu(x) }")
    model.graph.initializer.add(name="w", data_type=TensorProto.INT8, dims=[7], raw_data=bytes(7))
    assert kinds(frontend.load(model.SerializeToString(), {})) == {
        "x": "activation",
        "w": "constant",
        "y": "activation",
    }
