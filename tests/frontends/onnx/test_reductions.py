"""Reductions over unknown axes: their number decides the rank, and sometimes more."""

import numpy as np
import onnxruntime
import pytest
from onnx import helper, parser
from tmpass.frontends import onnx as frontend

import tmpass

KINDS = ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"]


def shape(kind, dims, count, **attributes):
    """The shape of a reduction of floats by axes that are an input."""
    given = [helper.make_tensor_value_info("x", 1, dims), helper.make_tensor_value_info("k", 7, [count])]
    node = helper.make_node(f"Reduce{kind}", ["x", "k"], ["z"], **attributes)
    graph = helper.make_graph([node], "g", given, [helper.make_tensor_value_info("z", 1, None)])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    found = frontend.load(model.SerializeToString(), {})
    return found.subgraphs[0].tensors[-1].shape, model


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("dims", "axes", "attributes", "wanted"),
    [
        ((2, 3, 4), [0, 1, 2], {}, (1, 1, 1)),
        ((2, 3, 4), [-1, -2, -3], {"keepdims": 0}, ()),
        ((2, 3, 4), [], {}, (1, 1, 1)),
        ((2, 3, 4), [], {"keepdims": 0}, ()),
        ((2, 3, 4), [], {"noop_with_empty_axes": 1}, (2, 3, 4)),
        ((3, 3, 3), [1], {"keepdims": 0}, (3, 3)),
        ((1, 1), [1], {}, (1, 1)),
    ],
)
def test_shapes_that_follow_from_how_many_axes_there_are(kind, dims, axes, attributes, wanted):
    found, model = shape(kind, dims, len(axes), **attributes)
    assert found == wanted
    session = onnxruntime.InferenceSession(model.SerializeToString())
    feeds = {"x": np.ones(dims, np.float32), "k": np.array(axes, np.int64)}
    assert session.run(None, feeds)[0].shape == wanted


def test_what_else_it_is_stays_open():
    assert shape("Sum", (2, 1, 4), 1)[0] == ("z:0", 1, "z:2")
    assert shape("Sum", (2, 3, 4), 1, keepdims=0)[0] == ("z:0", "z:1")
    assert shape("Sum", (2, 3, 4), "n", keepdims=0)[0] is None
    assert shape("Sum", (2, 3, 4), 5, keepdims=0)[0] is None


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "axes",
    [
        "k = Constant <value_ints = [1]> ()",
        "k = Cast <to = 7> (short)",
        "s = Shape(x) r = Size(s) q = Sub(r, two) k = Reshape(q, all)",
    ],
)
def test_axes_that_are_computed_are_followed(kind, axes):
    text = (
        '<ir_version: 8, opset_import: ["": 18]> g (float[2, 3, 4] x) => (float[a, b] z) '
        "<int32[1] short = {1}, int64 two = {2}, int64[1] all = {-1}> "
        f"{{ {axes} z = Reduce{kind} <keepdims = 0> (x, k) }}"
    )
    rows = {row.name: row.bytes for row in tmpass.plan(parser.parse_model(text).SerializeToString()).tensors}
    assert rows["z"] == 4 * 2 * 4


@pytest.mark.parametrize("opset", [11, 13, 16])
def test_a_normalization_before_onnx_has_it_gives_shapes_to_what_follows(opset):
    text = (
        f'<ir_version: 8, opset_import: ["": {opset}]> g (float[2, 3, 4] x) => (float[a, b, c] z) '
        "<float[4] w = {1, 1, 1, 1}> { y = LayerNormalization(x, w) r = Relu(y) z = Transpose <perm = [2, 0, 1]> (r) }"
    )
    graph = frontend.load(parser.parse_model(text).SerializeToString(), {})
    assert [t.shape for t in graph.subgraphs[0].tensors if t.name in "yrz"] == [(2, 3, 4), (2, 3, 4), (4, 2, 3)]
    assert not any(op.custom for op in graph.subgraphs[0].ops)
