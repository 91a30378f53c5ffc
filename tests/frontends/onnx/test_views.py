"""Operators that only give their input another shape."""

import pytest
from onnx import parser
from tmpass.frontends import onnx as frontend


def views(nodes, opset=17, inputs="float[2, 3] x"):
    text = f'<ir_version: 8, opset_import: ["": {opset}, "x": 1]> g ({inputs}) => (y) '
    text += "<int64[1] s = {-1}, int64[1] axes = {0}, float r = {0.5}, bool on = {1}, bool off = {0}> "
    text += f"{{ {nodes} }}"
    graph = frontend.load(parser.parse_model(text).SerializeToString(), {})
    return graph.subgraphs[0].ops[-1].view


@pytest.mark.parametrize(
    "node",
    [
        "y = Reshape(x, s)",
        "y = Flatten(x)",
        "y = Identity(x)",
        "y = Unsqueeze(x, axes)",
        "u = Unsqueeze(x, axes) y = Squeeze(u, axes)",
        "y = Cast <to = 1> (x)",
        "y = Dropout(x)",
        "y = Dropout(x, r, off)",
        'y, "" = Dropout(x)',
        "c = Constant <value = bool {0}> () y = Dropout(x, r, c)",
    ],
)
def test_the_same_bytes_under_another_shape(node):
    assert views(node)


@pytest.mark.parametrize(
    "node",
    [
        "y = Relu(x)",
        "y = Transpose(x)",
        "y = Cast <to = 7> (x)",
        "y = Dropout(x, r, on)",
        "y, mask = Dropout(x)",
        "y = x.Reshape (x, s)",
    ],
)
def test_other_bytes(node):
    assert not views(node)


def test_dropout_may_be_told_to_train_at_run_time():
    assert not views("y = Dropout(x, r, t)", inputs="float[2, 3] x, bool t")


@pytest.mark.parametrize(("opset", "attribute", "view"), [(6, "", False), (6, "<is_test = 1>", True), (9, "", True)])
def test_dropout_of_old_operator_sets(opset, attribute, view):
    assert views(f"y = Dropout {attribute} (x)", opset=opset) is view


def test_a_sequence_is_no_storage_to_share():
    assert not views("q = SequenceConstruct(x) y = Identity(q)")
