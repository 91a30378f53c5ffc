"""Files in which a node comes before one that it reads from."""

import random
from pathlib import Path

import pytest
from onnx import ModelProto, NodeProto, checker, parser
from tmpass.frontends import onnx as frontend
from tmpass.frontends.onnx.sorting import sort_all

import tmpass
from tmpass.api.execute import execute
from tmpass.api.planned_model import original_model, planned_model
from tmpass.api.verify import verify
from tmpass.base.errors import ModelError
from tmpass.plans.plan_json import parse_plan

ROOT = Path(__file__).parents[3]

HEAD = '<ir_version: 8, opset_import: ["": 17]> '

CHAIN = "g (float[8] x) => (float[8] z) { z = Relu(b) b = Neg(a) a = Abs(x) }"
CONSTANT_LAST = "g (float[8] x) => (float[2, 4] z) { z = Reshape(x, s) s = Constant <value_ints = [2, 4]> () }"
IN_A_BODY = (
    "g (bool c, float[8] x) => (float[8] z) { z = If (c) "
    "<then_branch = t () => (float[8] b) { b = Neg(a) a = Abs(late) }, "
    "else_branch = e () => (float[8] d) { d = Relu(x) }> late = Exp(x) }"
)
TWO_BODIES = (
    "g (bool c, float[8] x) => (float[8] z) { "
    "z = If (c) <then_branch = t () => (float[8] b) { b = Neg(y) }, else_branch = e () => (float[8] d) { d = Abs(y) }> "
    "y = If (c) <then_branch = t () => (float[8] b) { b = Exp(x) }, else_branch = e () => (float[8] d) { d = Tanh(x) }>"
    "}"
)
DRAWS = (
    "g (float[8] x) => (float[8] z) { z = Add(a, r) r = RandomNormalLike(a) a = Add(x, q) q = RandomUniformLike(x) }"
)
TWO_DRAWS_TURNED = "g (float[8] x) => (float[8] z) { z = RandomNormalLike(a) a = RandomUniformLike(x) }"
UNKNOWN_OPERATORS = "g (float[8] x) => (float[8] z) <float[8] a> { z = some.Where (a) a = some.Thing (x) }"

FILES = {
    "chain": CHAIN,
    "constant last": CONSTANT_LAST,
    "in a body": IN_A_BODY,
    "two bodies": TWO_BODIES,
    "draws": DRAWS,
    "draws turned": TWO_DRAWS_TURNED,
}


def data_of(text, head=HEAD):
    return parser.parse_model(head + text).SerializeToString()


def shuffled(model, seed):
    """Return `model` with its nodes, and those of its bodies, in a random order."""
    order = random.Random(seed)
    graphs = [model.graph]
    while graphs:
        graph = graphs.pop()
        nodes = [NodeProto.FromString(node.SerializeToString()) for node in graph.node]
        order.shuffle(nodes)
        del graph.node[:]
        graph.node.extend(nodes)
        graphs += [a.g for node in graph.node for a in node.attribute if a.HasField("g")]
    return model


def sorted_model(data):
    model = ModelProto.FromString(data)
    assert not sort_all(model.graph)
    return model


def test_operators_stand_as_in_the_file():
    graph = frontend.load(data_of(CHAIN), {})
    assert [op.kind for op in graph.subgraphs[0].ops] == ["Relu", "Neg", "Abs"]
    assert [t.shape for t in graph.subgraphs[0].tensors] == [(8,)] * 4


def test_a_constant_behind_its_reader_gives_the_shape():
    graph = frontend.load(data_of(CONSTANT_LAST), {})
    assert [op.kind for op in graph.subgraphs[0].ops] == ["Reshape"]
    assert graph.subgraphs[0].tensors[-1].shape == (2, 4)


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
@pytest.mark.parametrize("schedule", ["topological", "auto", "least-peak"])
def test_they_are_planned_written_sorted_and_given_back(text, schedule):
    data = data_of(text)
    plan = tmpass.plan(data, schedule=schedule)
    assert verify(plan, data) == ()
    made = planned_model(plan, data)
    checker.check_model(sorted_model(made), full_check=True)
    assert original_model(made) == data


@pytest.mark.parametrize("text", [CHAIN, IN_A_BODY, TWO_BODIES])
def test_the_order_of_the_file_is_refused_with_what_to_do(text):
    with pytest.raises(ModelError, match=r"reads tensor .* which only operator .* writes; .*--schedule topological"):
        tmpass.plan(data_of(text), schedule="given")


@pytest.mark.parametrize("text", [CHAIN, CONSTANT_LAST, IN_A_BODY, TWO_BODIES])
def test_they_are_executed(text):
    data = data_of(text)
    made = execute(tmpass.plan(data, schedule="topological"), data)
    assert made.violations == ()


def test_operators_of_unknown_meaning_follow_the_data():
    data = data_of(UNKNOWN_OPERATORS, '<ir_version: 8, opset_import: ["": 17, "some": 1]> ')
    plan = tmpass.plan(data)
    assert [row.op for row in plan.schedule] == [1, 0]
    assert verify(plan, data) == ()


def test_an_order_that_cannot_run_is_refused_from_outside():
    data = data_of(CHAIN)
    text = tmpass.plan(data).to_json()
    rows = [line for line in text.splitlines() if '"step": ' in line and '"kind"' in line]
    turned = text.replace(rows[0], "#").replace(rows[1], rows[0]).replace("#", rows[1])
    assert [v.kind for v in verify(parse_plan(turned), data)] == ["schedule"]


@pytest.mark.parametrize("name", ["attention", "branchy", "control_flow"])
@pytest.mark.parametrize("seed", range(4))
def test_models_in_a_drawn_order_take_what_they_take_in_their_own(name, seed):
    bindings = {"batch": 2, "seq": 4} if name == "attention" else {}
    whole = (ROOT / "models" / f"{name}.onnx").read_bytes()
    data = shuffled(ModelProto.FromString(whole), seed).SerializeToString()
    plan = tmpass.plan(data, bind=bindings)
    assert plan.memories[0].peak == tmpass.plan(whole, bind=bindings).memories[0].peak
    made = planned_model(plan, data)
    sorted_model(made)
    assert original_model(made) == data
    assert execute(plan, data).violations == ()
