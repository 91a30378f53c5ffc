"""Operators and bodies with a wrong number of inputs or outputs are refused."""

import re

import pytest
from onnx import helper, parser
from tmpass.frontends import onnx as frontend

from tmpass.base.errors import ModelError

HEAD = '<ir_version: 8, opset_import: ["": 17]>'
THEN, ELSE = "then_branch = t () => (a) { a = Relu(x) }", "else_branch = e () => (b) { b = Neg(x) }"


def load(text):
    return frontend.load(parser.parse_model(HEAD + text).SerializeToString(), {})


def loop(node, body):
    return f"g (float[2] x, int64 m, bool c) => (y) {{ y = Loop ({node}) <body = b {body}> }}"


def scan(node, body, count):
    attributes = f"<num_scan_inputs = {count}, body = b {body}>"
    return f"g (float[2] s, float[5, 2] x) => (y, z) {{ y, z = Scan {attributes} ({node}) }}"


def branches(then, other):
    return f"g (bool c, float[2] x) => (y) {{ y = If (c) <{then}{other}> }}"


LOOP = "(int64 i, bool k, float[2] u) => (bool j, v) { j = Identity(k) v = Relu(u) }"
SCAN = "(float[2] u, float[2] w) => (v, o) { v = Add(u, w) o = Identity(v) }"


@pytest.mark.parametrize(
    "text",
    [
        branches(THEN, f", {ELSE}"),
        loop("m, c, x", LOOP),
        scan("s, x", SCAN, 1),
    ],
)
def test_bodies_that_match_are_called(text):
    assert load(text).subgraphs[0].ops[0].calls


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            branches(THEN, ", else_branch = e () => (b, d) { b = Neg(x) d = Abs(x) }"),
            "node 0 (If): its else_branch gives 2 values, but 1 are taken from it",
        ),
        (
            branches(THEN, ""),
            "node 0 (If): it has the branches then_branch, but needs then_branch and else_branch",
        ),
        (loop("m, c", LOOP), "node 0 (Loop): its body takes 3 values, but 2 are passed to it"),
        (
            loop("m, c, x", "(int64 i, bool k, float[2] u) => (bool k, v, u) { v = Relu(u) }"),
            "node 0 (Loop): its body gives 3 values, but 2 are taken from it",
        ),
        (loop("m, c, x, x", LOOP), "node 0 (Loop): it carries 2 values, but its number of outputs is 1"),
        (scan("s, x", SCAN, 99), "node 0 (Scan): num_scan_inputs is 99, but it has 2 inputs"),
        (scan("s, x", SCAN, 0), "node 0 (Scan): num_scan_inputs is 0, but it has 2 inputs"),
        (scan("s, s, x", SCAN, 1), "node 0 (Scan): its body takes 2 values, but 3 are passed to it"),
    ],
)
def test_bodies_that_do_not_match_are_refused(text, fault):
    with pytest.raises(ModelError, match=re.escape(fault)):
        load(text)


@pytest.mark.parametrize("kind", ["Loop", "Scan", "If"])
def test_control_flow_without_a_body_is_refused(kind):
    model = parser.parse_model(HEAD + "g (float[2] x) => (float[2] x) { }")
    model.graph.node.append(helper.make_node(kind, ["x", "x"], ["y"]))
    with pytest.raises(ModelError, match=rf"node 0 \({kind}\): it has no body"):
        frontend.load(model.SerializeToString(), {})


def test_a_branch_may_list_what_it_captures():
    """One of the real models does so."""
    graph = load(branches("then_branch = t (float[2] u) => (a) { a = Relu(x) }", f", {ELSE}"))
    assert [c.role for c in graph.subgraphs[0].ops[0].calls] == ["then_branch", "else_branch"]


NODES = [
    ("Gather", ["x"], ["y"], "it has 1 input, but Gather has at least 2"),
    ("Slice", ["x"], ["y"], "it has 1 input, but Slice has at least 3"),
    ("Reshape", [], ["y"], "it has 0 inputs, but Reshape has at least 2"),
    ("Relu", ["x", "x"], ["y"], "it has 2 inputs, but Relu has at most 1"),
    ("Shape", ["x"], ["y", "z"], "it has 2 outputs, but Shape has at most 1"),
    ("Concat", [], ["y"], "it has 0 inputs, but Concat has at least 1"),
    ("Gather", ["x", ""], ["y"], "input 1 (indices) is left out, but Gather needs it"),
    ("Expand", ["", "x"], ["y"], "input 0 (input) is left out, but Expand needs it"),
]


@pytest.mark.parametrize(("kind", "inputs", "outputs", "fault"), NODES)
@pytest.mark.parametrize("inside", [False, True])
def test_a_node_with_too_few_or_too_many_values_is_named(kind, inputs, outputs, fault, inside):
    model = parser.parse_model(HEAD + "g (float[2] x, bool c) => (y) { y = Relu(x) }")
    node = helper.make_node(kind, inputs, outputs)
    where = "node 0 "
    if inside:
        output = [helper.make_tensor_value_info("y", 1, None)]
        bodies = {
            "then_branch": helper.make_graph([node], "t", [], output),
            "else_branch": helper.make_graph(
                [helper.make_node("Relu", ["x"], ["b"])], "e", [], [helper.make_tensor_value_info("b", 1, None)]
            ),
        }
        node, where = helper.make_node("If", ["c"], ["r"], **bodies), "graph 't', node 0 "
        model.graph.output[0].name = "r"
    model.graph.node[0].CopyFrom(node)
    with pytest.raises(ModelError, match=re.escape(f"{where}({kind}): {fault}")):
        frontend.load(model.SerializeToString(), {})
