"""Inputs and outputs that a node leaves out, at the end or in the middle, do not become tensors."""

import itertools

import pytest
from onnx import helper, parser
from support.planning import ALL

import tmpass
from tmpass.api.execute import execute

NODES = {
    "lstm, last state": "gone, yh = LSTM <hidden_size = 8> (x, w4, r4) y = Relu(yh)",
    "lstm, cell only": '"", "", yc = LSTM <hidden_size = 8> (x, w4, r4) y = Relu(yc)',
    "lstm, first state": 'seq, "", yc = LSTM <hidden_size = 8> (x, w4, r4, "", "", h0) y = Relu(yc) z = Relu(seq)',
    "gru, last state": '"", yh = GRU <hidden_size = 8> (x, w3, r3, "", "", h0) y = Relu(yh)',
    "rnn, sequence": 'seq, "" = RNN <hidden_size = 8> (x, w1, r1, "", len) y = Relu(seq)',
    "dropout": 'd, "" = Dropout(x, "", off) y = Relu(d)',
    "max pool": 'p = Unsqueeze(x, nil) m, "" = MaxPool <kernel_shape = [2, 2]> (p) y = Relu(m)',
    "unique": 'u, "", places = Unique(x) y = Identity(places)',
    "unique, counts": 'u, "", "", counts = Unique(x) y = Identity(counts)',
    "clip": 'a = Clip(x, "", most) b = Clip(a, least) y = Relu(b)',
    "pad": 'a = Pad(x, pads, "", axes) y = Relu(a)',
    "resize": 'p = Unsqueeze(x, nil) m = Resize(p, "", "", sizes) y = Relu(m)',
    "slice": 'a = Slice(x, nil, one, "", one) y = Relu(a)',
    "custom": 'a, "", b = x.Custom (x, "", most, "") e, "" = x.Other ("", a) d = x.Third (b, "") y = Add(e, d)',
    "loop": 'y = Loop (n, "", x) <body = l (int64 i, bool g, u) => (bool h, v) { h = Identity(g) '
    'd, "" = Dropout(u, "", off) v = Clip(d, "", most) }>',
    "loop, state left": '"", piled = Loop (n, "", x) <body = l (int64 i, bool g, u) => (bool h, v, s) '
    "{ h = Identity(g) v = Relu(u) s = Neg(u) }> y = Relu(piled)",
    "if": 'y = If (c) <then_branch = t () => (a) { "", a = GRU <hidden_size = 8> (x, w3, r3) }, '
    'else_branch = e () => (b) { "", b, "" = LSTM <hidden_size = 8> (x, w4, r4) }>',
}

STORED = {"w4": (1, 32, 4), "r4": (1, 32, 8), "w3": (1, 24, 4), "r3": (1, 24, 8), "w1": (1, 8, 4), "r1": (1, 8, 8)}

CONSTANTS = (
    "float most = {1}, float least = {0}, int64[1] nil = {0}, int64[1] one = {1}, int64[2] pads = {0, 1}, "
    "bool off = {0}, int64[1] axes = {2}, int64[4] sizes = {1, 5, 2, 8}, int64 n = {3}"
)

CUSTOM = {"a": (5, 1, 4), "b": (5, 1, 4), "e": (5, 1, 4), "d": (5, 1, 4)}


def model(name):
    head = '<ir_version: 8, opset_import: ["": 18, "x": 1]>'
    nodes = NODES[name].replace("gone,", '"",')
    text = f"g (float[5, 1, 4] x, float[1, 1, 8] h0, int32[1] len, bool c) => (y) <{CONSTANTS}> {{ {nodes} }}"
    made = parser.parse_model(head + text)
    for tensor, shape in STORED.items():
        size = shape[1] * shape[2]
        made.graph.initializer.append(helper.make_tensor(tensor, 1, shape, [0.1] * size))
    if name == "custom":
        made.graph.value_info.extend(helper.make_tensor_value_info(n, 1, shape) for n, shape in CUSTOM.items())
    if "unique" in name:
        made.graph.output[0].type.tensor_type.elem_type = 7
    return made


BINDINGS = {"unique": {"u:0": 9, "places:0": 9}, "unique, counts": {"u:0": 9, "counts:0": 9}}

OPTIONS = [
    {"io": io, "share": share, "inplace": inplace, "share_io": share_io, "keep_inputs": keep_inputs}
    for io, share, inplace, share_io, keep_inputs in itertools.product(
        ("arena", "external"), ("auto", "views", "none"), (True, False), (True, False), (True, False)
    )
]


@pytest.mark.parametrize("name", NODES)
def test_a_node_that_leaves_something_out_has_a_plan_under_all_options(name):
    data = model(name).SerializeToString()
    bindings = BINDINGS.get(name, {})
    loaded = tmpass.load(data, bindings=bindings)
    for options in OPTIONS:
        plan = tmpass.plan(loaded, ALL, bind=bindings, **options)
        assert tmpass.verify(plan, loaded) == ()


NOT_RUN = ("custom", "loop, state left", "unique", "unique, counts")
"""ONNX Runtime crashes on a loop without a state. For the others, inputs decide the sizes, or there is no kernel."""


@pytest.mark.parametrize("name", [name for name in NODES if name not in NOT_RUN])
def test_it_runs_in_the_planned_bytes(name):
    data = model(name).SerializeToString()
    plan = tmpass.plan(data, ALL)
    assert execute(plan, data).violations == ()
