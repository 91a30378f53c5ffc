"""Tensors, operators, entries: names and order as in the file."""

import pytest
from onnx import parser
from tmpass.frontends import onnx as frontend

from tmpass.base.errors import ModelError
from tmpass.graph.model import ABSENT

HEAD = '<ir_version: 8, opset_import: ["": 17, "com.microsoft": 1, "ai.onnx.ml": 3]>'


def load(text):
    return frontend.load(parser.parse_model(HEAD + text).SerializeToString(), {})


def test_tensors_come_inputs_first_then_initialisers_then_results():
    graph = load("g (float[2] x, float[2] y) => (float[2] z) <float[2] w = {1, 2}> { s = Add(y, w) z = Mul(x, s) }")
    (main,) = graph.subgraphs
    assert [t.name for t in main.tensors] == ["x", "y", "w", "s", "z"]
    assert [(op.kind, op.name, op.inputs, op.outputs) for op in main.ops] == [
        ("Add", "s", (1, 2), (3,)),
        ("Mul", "z", (0, 3), (4,)),
    ]
    assert (main.inputs, main.outputs) == ((0, 1), (4,))


def test_the_entry_is_the_main_graph_by_its_public_names():
    graph = load("net (float[2] x) => (float[2] y) { y = Relu(x) }")
    (entry,) = graph.entries
    assert (graph.format, entry.name, entry.subgraph) == ("onnx", "net", 0)
    assert (dict(entry.inputs), dict(entry.outputs)) == ({"x": 0}, {"y": 1})


def test_metadata_is_bytes():
    model = parser.parse_model(HEAD + "g (float[2] x) => (float[2] y) { y = Relu(x) }")
    model.metadata_props.add(key="author", value="né")
    assert frontend.load(model.SerializeToString(), {}).metadata == {"author": "né".encode()}


def test_left_out_inputs_and_outputs_are_absent():
    graph = load('g (float[4] x, float[] m) => (float[4] y) { y = Clip(x, "", m) }')
    assert graph.subgraphs[0].ops[0].inputs == (0, ABSENT, 1)
    model = parser.parse_model(HEAD + "g (float[4] x) => (int64[2] i) { v, i = TopK(x, k) }")
    model.graph.node[0].output[0] = ""
    model.graph.initializer.add(name="k", data_type=7, dims=[1], int64_data=[2])
    assert frontend.load(model.SerializeToString(), {}).subgraphs[0].ops[0].outputs == (ABSENT, 2)


def test_operators_of_other_domains_carry_them_and_may_do_anything():
    graph = load(
        "g (float[2] x) => (a) { a = com.microsoft.Fused (x) b = ai.onnx.ml.Scaler (x) c = Nonesuch(x) d = Relu(x) }"
    )
    ops = graph.subgraphs[0].ops
    assert [(op.kind, op.custom) for op in ops] == [
        ("com.microsoft::Fused", True),
        ("ai.onnx.ml::Scaler", False),
        ("Nonesuch", True),
        ("Relu", False),
    ]


def test_operators_that_a_function_defines_stay_one_operator():
    model = parser.parse_model('<ir_version: 9, opset_import: ["": 20]> g (float[2] x) => (float[2] y) { y = Gelu(x) }')
    assert [op.kind for op in frontend.load(model.SerializeToString(), {}).subgraphs[0].ops] == ["Gelu"]


def test_a_node_has_its_own_name_or_that_of_its_first_output():
    model = parser.parse_model(HEAD + "g (float[2] x) => (float[2] z) { y = Relu(x) z = Relu(y) }")
    model.graph.node[0].name = "first"
    assert [op.name for op in frontend.load(model.SerializeToString(), {}).subgraphs[0].ops] == ["first", "z"]


def test_an_input_may_be_an_output_and_need_not_be_read():
    graph = load("g (float[2] x, float[3] unread) => (float[2] x) { }")
    main = graph.subgraphs[0]
    assert (main.ops, main.inputs, main.outputs) == ((), (0, 1), (0,))


def test_an_initialiser_may_be_an_output():
    main = load("g () => (float[2] w) <float[2] w = {1, 2}> { }").subgraphs[0]
    assert (main.tensors[main.outputs[0]].kind, main.inputs) == ("constant", ())


def test_a_node_that_makes_nothing_stays():
    model = parser.parse_model(HEAD + "g (float[2] x) => (float[2] x) { y = com.microsoft.Log (x) }")
    del model.graph.node[0].output[:]
    (op,) = frontend.load(model.SerializeToString(), {}).subgraphs[0].ops
    assert (op.name, op.outputs) == ("Log:0", ())


CYCLE_THROUGH_A_BODY = (
    "g (bool c, float[2] x) => (z) { z = If (c) <then_branch = t () => (float[2] a) { a = Relu(late) }, "
    "else_branch = e () => (float[2] b) { b = Relu(x) }> late = Relu(z) }"
)
ITSELF_IN_A_BODY = (
    "g (bool c, float[2] x) => (y) { y = If (c) <then_branch = t () => (float[2] a) { a = Relu(y) }, "
    "else_branch = e () => (float[2] b) { b = Relu(x) }> }"
)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (
            "g (float[2] x) => (float[2] z) { z = Add(x, y) y = Relu(w) w = Neg(z) }",
            r"cycle: node 0 \(Add\) -> node 2 \(Neg\) -> node 1 \(Relu\) -> node 0 \(Add\); no order of",
        ),
        ("g (float[2] x) => (float[2] y) { y = Add(x, y) }", r"node 0 \(Add\): reads 'y', .* makes itself"),
        ("g (float[2] x) => (float[2] y) { y = Add(x, q) }", r"node 0 \(Add\): reads 'q', which nothing makes"),
        ("g (float[2] x) => (float[2] q) { y = Relu(x) }", "outputs: reads 'q', which nothing makes"),
        (
            "g (float[2] x) => (float[2] y) { y = Relu(x) y = Tanh(x) }",
            r"tensor 'y': is made twice, by node 0 \(Relu\) and node 1 \(Tanh\)",
        ),
        ("g (float[2] x) => (float[2] x) { x = Relu(x) }", "tensor 'x': is made twice"),
        ("g (float[2] x, float[2] x) => (float[2] x) { }", "tensor 'x': is made twice"),
        (CYCLE_THROUGH_A_BODY, r"cycle: node 0 \(If\) -> node 1 \(Relu\) -> node 0 \(If\)"),
        (ITSELF_IN_A_BODY, r"node 0 \(If\): reads 'y', which node 0 \(If\) makes itself"),
    ],
)
def test_a_broken_order_names_who_reads_what(text, what):
    with pytest.raises(ModelError, match=what):
        load(text)


def test_the_same_file_gives_the_same_graph():
    model = parser.parse_model(HEAD + "g (float[2] x) => (float[2] y) { y = Relu(x) }").SerializeToString()
    assert frontend.load(model, {}) == frontend.load(model, {})
