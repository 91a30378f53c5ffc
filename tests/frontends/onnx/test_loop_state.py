"""The state of a loop keeps its size and type, or there is no plan."""

import itertools
import re
from dataclasses import replace

import numpy as np
import pytest
from onnx import parser
from support.onnx_outputs import session
from tmpass.frontends.onnx.convert import convert

from tmpass.api.plan import plan
from tmpass.api.verify import verify
from tmpass.base.errors import ModelError, TmpassError, UnknownSizeError
from tmpass.graph.binding import bind
from tmpass.loading.load import Model
from tmpass.loading.load import load as load_model

HEAD = '<ir_version: 8, opset_import: ["": 17]>'

STEADY = {
    "relu": "v = Relu(u)",
    "chain": "a = Identity(u) d = Identity(a) v = Identity(d)",
    "and back": "a = Concat <axis = 0> (u, u) v = Slice(a, nil, four)",
    "reshaped and back": "a = Reshape(u, rows) b = Transpose(a) v = Reshape(b, four)",
    "summed up": "a = ReduceSum(u) v = Add(a, u)",
    "from outside": "a = Neg(u) v = Add(x, x)",
    "scattered": "v = ScatterElements(u, at, one)",
}
"""Steps that return a state u [4] as v [4]."""

CHANGING = {
    "concat": "v = Concat <axis = 0> (u, one)",
    "doubled": "v = Concat <axis = 0> (u, u)",
    "shrinks": "v = Slice(u, nil, two)",
    "padded": "v = Pad(u, pads)",
    "tiled": "v = Tile(u, two)",
    "of another rank": "v = Unsqueeze(u, nil)",
    "no axis": "v = ReduceSum <keepdims = 0> (u)",
    "reshaped": "v = Reshape(u, rows)",
    "chain": "a = Identity(u) d = Concat <axis = 0> (a, one) v = Identity(d)",
    "from outside": "a = Neg(u) v = Concat <axis = 0> (x, one)",
    "by its shape": "s = Shape(u) t = Add(s, two) v = Expand(one, t)",
}

CONSTANTS = (
    "int64[1] nil = {0}, int64[1] two = {2}, int64[1] four = {4}, float[1] one = {1}, int64[2] rows = {2, 2}, "
    "int64[2] pads = {1, 1}, int64[1] at = {2}, int64 rounds = {3}, int64 once = {1}, bool yes = {1}"
)
LOOP = (
    "y = Loop (rounds, yes, x) <body = body (int64 i, bool k, float{shape} u) => (bool m, float{out} v) "
    "{{ m = Identity(k) {step} }}>"
)
SCAN = "y = Scan <num_scan_inputs = 1, body = body (float{shape} u, float e) => (float{out} v) {{ {step} }}> (x, xs)"
PLACES = {
    "loop": LOOP,
    "scan": SCAN,
    "in a branch": "y = If (c) <then_branch = t () => (float{shape} p) {{ " + LOOP.replace("y =", "p =", 1) + " }}, "
    "else_branch = e () => (float{shape} q) {{ q = Neg(x) }}>",
    "in a loop": 'y = Loop (rounds, "", x) <body = outer (int64 j, bool g, float{shape} z) => (bool h, float{shape} w) '
    "{{ h = Identity(g) " + LOOP.replace("y =", "w =", 1).replace("yes, x", "yes, z") + " }}>",
}


def model(place, step, *, shape="[]", out="[]", result="[]"):
    """A model with a node that repeats `step`; "[]" stands for a shape that is not declared."""
    nodes = PLACES[place].format(step=step, shape=shape, out=out)
    text = f"g (float[4] x, float[3] xs, bool c) => (float{result} y) <{CONSTANTS}> {{ {nodes} }}"
    made = parser.parse_model(HEAD + text)
    for value in _values(made.graph):
        if value.type.tensor_type.HasField("shape") and value.name in ("u", "v", "y", "p", "q", "z", "w"):
            dims = value.type.tensor_type.shape.dim
            if not dims:
                value.type.tensor_type.ClearField("shape")
    return made


def _values(graph):
    yield from (*graph.input, *graph.output)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _values(attribute.g)


def sizes(proto, bindings=None):
    graph = bind(convert(proto.SerializeToString(), bindings or {}), bindings or {})
    return {t.name: t.shape for s in graph.subgraphs for t in s.tensors}


def feeds():
    return {"x": np.ones(4, np.float32), "xs": np.ones(3, np.float32), "c": np.array(True)}


def inputs_of(proto):
    used = {name for node in proto.graph.node for name in node.input} | {"x", "xs", "c"}
    return {name: value for name, value in feeds().items() if name in used}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("step", STEADY)
def test_a_state_that_keeps_its_size_is_planned_with_the_size_that_it_has(place, step):
    proto = model(place, STEADY[step])
    found = sizes(proto)
    assert (found["u"], found["v"], found["y"]) == ((4,), (4,), (4,))
    (made,) = session(proto.SerializeToString()).run(["y"], inputs_of(proto))
    assert made.shape == (4,)


DECLARED = [("[]", "[]", "[]"), ("[4]", "[4]", "[4]"), ("[4]", "[]", "[]"), ("[n]", "[n]", "[n]"), ("[]", "[5]", "[5]")]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("step", CHANGING)
@pytest.mark.parametrize(("shape", "out", "result"), DECLARED)
def test_a_state_that_changes_has_no_plan_whatever_is_declared(place, step, shape, out, result):
    proto = model(place, CHANGING[step], shape=shape, out=out, result=result)
    with pytest.raises(
        TmpassError,
        match=r"4\] before a round \('u'\) and .* after it \('v'\)|does not fit into|it is declared \[[45]\], but its",
    ):
        sizes(proto)


@pytest.mark.parametrize("step", ["concat", "by its shape", "of another rank"])
@pytest.mark.parametrize(("state", "after", "result"), list(itertools.product([4, 9], [5, 10], [4, 10, 99])))
def test_no_number_that_is_bound_makes_a_changing_state_right(step, state, after, result):
    with pytest.raises(TmpassError):
        sizes(model("loop", CHANGING[step]), {"u:0": state, "v:0": after, "y:0": result})


def test_it_is_said_that_the_state_changes_and_no_binding_is_asked_for():
    with pytest.raises(UnknownSizeError) as error:
        sizes(model("loop", CHANGING["concat"], shape="[4]", out="[5]"), {"y:0": 10})
    fault = "'y' [y:0] (made by Loop; the loop's state is [4] before a round ('u') and [5] after it ('v'): it has no"
    assert fault in str(error.value)
    assert error.value.symbols == ()
    assert "give the state of the loop one size in the model, or give --allow-unplanned" in str(error.value)


def test_what_follows_from_a_changing_state_has_no_size_either():
    proto = model("loop", "a = Exp(u) v = Concat <axis = 0> (a, one)", shape="[4]", out="[5]", result="[5]")
    body = proto.graph.node[0].attribute[0].g
    body.value_info.add(name="a", type=body.input[2].type)
    graph = bind(convert(proto.SerializeToString(), {}), {"a:0": 4, "y:0": 10}, allow_unplanned=True)
    open_ = {t.name for s in graph.subgraphs for t in s.tensors if t.bytes is None}
    assert open_ == {"u", "a", "v", "y"}


@pytest.mark.parametrize("step", CHANGING)
def test_a_loop_of_one_round_may_change_its_state(step):
    proto = model("loop", CHANGING[step])
    proto.graph.node[0].input[0] = "once"
    found = sizes(proto)
    (made,) = session(proto.SerializeToString()).run(["y"], inputs_of(proto))
    assert found["u"] == (4,)
    assert found["v"] == found["y"] == made.shape


def test_states_that_swap_need_one_size():
    text = (
        f"g (float[A] x, float[B] z) => (y, w) <{CONSTANTS}> {{ y, w = Loop (rounds, yes, x, z) <body = body "
        "(int64 i, bool k, u, v) => (bool m, a, b) { m = Identity(k) a = Identity(v) b = Identity(u) }> }"
    )
    proto = parser.parse_model(HEAD + text)
    assert sizes(proto, {"A": 3, "B": 3})["y"] == (3,)
    with pytest.raises(UnknownSizeError, match=re.escape("is [3] before a round ('u') and [2] after it ('a')")):
        sizes(proto, {"A": 3, "B": 2})


def test_what_a_round_piles_up_may_grow():
    text = (
        f"g (float[4] x, int64 n) => (y, piled) <{CONSTANTS}> {{ y, piled = Loop (n, yes, x) <body = body "
        "(int64 i, bool k, u) => (bool m, v, s) { m = Identity(k) v = Relu(u) s = Neg(u) }> }"
    )
    proto = parser.parse_model(HEAD + text)
    with pytest.raises(UnknownSizeError) as error:
        sizes(proto)
    assert error.value.symbols == ("piled:0",)
    assert sizes(proto, {"piled:0": 7})["piled"] == (7, 4)


OPEN = "c1 = Cast <to = 9> (u) v = Compress(u, c1)"
"""Steps that keep some elements of the state; their number is unknown."""


@pytest.mark.parametrize(
    ("bindings", "right"),
    [
        ({"v:0": 4}, True),
        ({"v:0": 4, "u:0": 4, "y:0": 4}, True),
        ({"v:0": 3}, False),
        ({"v:0": 4, "y:0": 9}, False),
        ({"v:0": 9, "u:0": 9, "y:0": 9, "c1:0": 9}, False),
        ({"u:0": 9, "y:0": 9}, False),
    ],
)
def test_a_state_of_unknown_size_must_be_bound_to_the_size_that_goes_in(bindings, right):
    proto = model("loop", OPEN)
    with pytest.raises(UnknownSizeError) as error:
        sizes(proto)
    assert error.value.symbols == ("v:0",)
    if right:
        assert sizes(proto, bindings)["y"] == (4,)
    else:
        with pytest.raises(TmpassError):
            sizes(proto, bindings)


def test_a_state_of_another_element_type():
    proto = model("loop", "v = Cast <to = 11> (u)", shape="[4]", out="[4]")
    proto.graph.node[0].attribute[0].g.output[1].type.tensor_type.elem_type = 11
    with pytest.raises(ModelError):
        sizes(proto)


def test_the_state_of_a_scan_with_a_batch_axis():
    text = (
        "g (float[2, 4] x, float[2, 3, 5] xs) => (y) { y = Scan <num_scan_inputs = 1, body = body (float[4] u, "
        'float[5] e) => (float[8] v) { v = Concat <axis = 0> (u, u) }> ("", x, xs) }'
    )
    proto = parser.parse_model('<ir_version: 3, opset_import: ["": 8]>' + text)
    with pytest.raises(ModelError, match=re.escape("its state is [4] before a round ('u') and [8] after it ('v')")):
        sizes(proto)


def test_plain_verify_finds_it_in_a_plan_from_outside():
    data = model("loop", CHANGING["concat"], shape="[4]", out="[5]").SerializeToString()
    loaded = load_model(data)
    guessed = {"u": (4,), "v": (5,), "y": (10,)}
    subgraphs = tuple(
        replace(s, tensors=tuple(replace(t, shape=guessed.get(t.name, t.shape)) for t in s.tensors))
        for s in loaded.graph.subgraphs
    )
    wrong = plan(Model(loaded.info, replace(loaded.graph, subgraphs=subgraphs, varying=frozenset())))
    with pytest.raises(UnknownSizeError, match="no single size"):
        verify(wrong, data)
