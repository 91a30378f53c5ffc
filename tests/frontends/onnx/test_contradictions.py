"""Shapes that contradict each other are refused, from the file or from bindings."""

import re

import pytest
from onnx import parser
from tmpass.frontends import onnx as frontend

from tmpass.base.errors import ModelError

HEAD = '<ir_version: 8, opset_import: ["": 17]>'


def load(text, bindings=None):
    return frontend.load(parser.parse_model(HEAD + text).SerializeToString(), bindings or {})


def shape(graph, name):
    return next(t.shape for t in graph.subgraphs[0].tensors if t.name == name)


BRANCHES = "<then_branch = t () => (a) { a = Relu(x) }, else_branch = e () => (b) { b = Concat <axis = 0> (x, x) }>"
IF = f"g (bool c, float[4] x) => (y) {{ y = If (c) {BRANCHES} }}"


@pytest.mark.parametrize("size", [8, 9])
def test_the_result_of_an_if_may_be_bound_to_what_holds_both_branches(size):
    assert shape(load(IF, {"y:0": size}), "y") == (size,)


@pytest.mark.parametrize(("size", "branch"), [(2, "then_branch gives 'a' [4]"), (7, "else_branch gives 'b' [8]")])
def test_the_result_of_an_if_cannot_be_bound_to_less_than_a_branch_gives(size, branch):
    fault = f"node 0 (If): its {branch}, which does not fit into 'y' [{size}]"
    with pytest.raises(ModelError, match=re.escape(fault)):
        load(IF, {"y:0": size})


def test_what_a_file_declares_of_an_if_must_hold_both_branches_too():
    with pytest.raises(ModelError, match="does not fit into"):
        load(IF.replace("=> (y)", "=> (float[4] y)"))


def test_a_branch_that_never_runs_needs_no_room():
    text = IF.replace("bool c, ", "").replace("(y) {", "(y) <bool c = {1}> {", 1)
    assert shape(load(text), "y") == (4,)


def test_a_reshape_keeps_the_number_of_elements():
    text = "g (float[4] x, int64[1] s) => (y) { y = Reshape(x, s) }"
    assert shape(load(text, {"y:0": 4}), "y") == (4,)
    with pytest.raises(ModelError, match=r"node 0 \(Reshape\): turns \[4\] with 4 elements into \[5\] with 5 elements"):
        load(text, {"y:0": 5})
