"""Plans that move nodes of local functions: these are inlined in the planned file, and restored by strip."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import ModelProto, helper, parser
from tmpass.frontends import onnx as frontend
from tmpass.frontends.onnx.planned.inlined import before_inlining, inline_file
from tmpass.frontends.onnx.sorting import sort_all

import tmpass
from tmpass.api.planned_model import original_model, planned_model
from tmpass.base.errors import ModelError

HEAD = '<ir_version: 10, opset_import: ["": 18, "loc": 1]> g (float[4, 8] x, bool c) => (float[4, 1] z) '

WIDE = "<int64[2] r = {1, 64}, int64[1] last = {1}> "

AROUND = "{ a = loc.f (x, r) b = loc.f (x, r) p = ReduceSum(a, last) q = ReduceMax(b, last) z = Add(p, q) }"
"""Two wide results before one of them is made small: another order needs less."""


def function(name, body, *, head="(a, r) => (b)", imports='"": 18, "loc": 1', domain="loc"):
    return f' <domain: "{domain}", opset_import: [{imports}]> {name} {head} {{ {body} }}'


SORTED, NOT_SORTED = "t = Neg(a) u = Exp(t) b = Tile(u, r)", "b = Tile(u, r) u = Exp(t) t = Neg(a)"

FUNCTIONS = {
    "called twice": function("f", "t = Tile(a, r) b = Exp(t)"),
    "nested": function("f", "t = loc.h(a) b = Tile(t, r)") + function("h", "t = Neg(a) b = Exp(t)", head="(a) => (b)"),
    "attributes": (
        function("f", "t = loc.h <slope = 0.3> (a) b = Tile(t, r)")
        + function("h", "b = LeakyRelu <alpha: float = @slope> (a)", head="<slope> (a) => (b)")
    ),
    "defaults": (
        function("f", "t = loc.h (a) b = Tile(t, r)")
        + function("h", "b = LeakyRelu <alpha: float = @slope> (a)", head="<slope: float = 0.7> (a) => (b)")
    ),
    "bodies": function(
        "f",
        "s = ReduceSum(a) o = CastLike(s, s) big = Greater(o, s) e = If (big) "
        "<then_branch = t () => (p) { p = Exp(a) }, else_branch = k () => (q) { u = Neg(a) q = Abs(u) }> "
        "b = Tile(e, r)",
    ),
    "constants": function("f", "k = Constant <value_floats = [1.5]> () t = Mul(a, k) b = Tile(t, r)"),
    "names of the model": function("f", "x = Neg(a) z = Exp(x) b = Tile(z, r)"),
    "another domain": function(
        "f", "t = com.microsoft.Gelu(a) b = Tile(t, r)", imports='"": 18, "com.microsoft": 1, "loc": 1'
    ),
    "not sorted": function("f", NOT_SORTED),
    "never called": function("f", "t = Neg(a) b = Tile(t, r)") + function("h", "b = Exp(a)", head="(a) => (b)"),
}

MAIN = {
    "called in the main graph": AROUND,
    "called in a branch": (
        "{ y = If (c) <then_branch = t () => (float[4, 1] o) "
        "{ a = loc.f (x, r) b = loc.f (x, r) p = ReduceSum(a, last) q = ReduceMax(b, last) o = Add(p, q) }, "
        "else_branch = k () => (float[4, 1] o) { a = loc.f (x, r) o = ReduceMin(a, last) }> z = Neg(y) }"
    ),
    "not sorted": "{ z = Add(p, q) p = ReduceSum(a, last) q = ReduceMax(b, last) b = loc.f (x, r) a = loc.f (x, r) }",
}


def data_of(functions, main=AROUND):
    return parser.parse_model(HEAD + WIDE + main + functions).SerializeToString(deterministic=True)


def results(data):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    x = np.random.default_rng(1).standard_normal((4, 8)).astype(np.float32)
    return [session.run(None, {"x": x, "c": np.array(c)})[0] for c in (True, False)]


@pytest.mark.parametrize("main", MAIN.values(), ids=MAIN)
@pytest.mark.parametrize("functions", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_file_with_moved_nodes_computes_the_same_and_is_given_back(functions, main):
    data = data_of(functions, main)
    plan = tmpass.plan(data, schedule="least-peak")
    assert plan.order.method != "given"
    made = planned_model(plan, data)
    model = ModelProto.FromString(made)
    assert not any(node.domain == "loc" for node in model.graph.node)
    assert not sort_all(model.graph)
    assert len(model.functions) == len(ModelProto.FromString(data).functions)
    same = data_of(functions.replace(NOT_SORTED, SORTED), main)  # ONNX Runtime sorts no functions
    for one, two in zip(results(made), results(same), strict=True):
        np.testing.assert_array_equal(one, two)
    assert original_model(made) == data
    again = planned_model(tmpass.plan(data, schedule="least-peak"), made)
    assert again == made


@pytest.mark.parametrize("functions", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_plan_in_the_order_of_the_file_leaves_the_calls(functions):
    data = data_of(functions.replace(NOT_SORTED, SORTED))
    made = planned_model(tmpass.plan(data, schedule="given"), data)
    assert [n.op_type for n in ModelProto.FromString(made).graph.node].count("f") == 2
    assert original_model(made) == data


def test_functions_of_one_name_are_told_apart_by_their_overload():
    data = data_of(function("f", "t = Exp(a) b = Tile(t, r)") + function("f", "t = Neg(a) b = Tile(t, r)"))
    model = ModelProto.FromString(data)
    model.functions[0].overload, model.functions[1].overload = "one", "two"
    model.graph.node[0].overload, model.graph.node[1].overload = "one", "two"
    data = model.SerializeToString(deterministic=True)
    plan = tmpass.plan(data, schedule="least-peak")
    made = planned_model(plan, data)
    kinds = [node.op_type for node in ModelProto.FromString(made).graph.node]
    assert {"Exp", "Neg"} < set(kinds)
    assert "f" not in kinds
    assert original_model(made) == data


def test_defaults_of_functions_count():
    head = "<perm: ints = [1, 0]> (a) => (b)"
    text = (
        '<ir_version: 10, opset_import: ["": 18, "loc": 1]> g (float[2, 3] x) => (y) { y = loc.f (x) }'
        + function("f", "t = loc.h <shift = 1> (a) b = Transpose <perm: ints = @perm> (t)", head=head)
        + function("h", "b = Flatten <axis: int = @shift> (a)", head="<shift: int = 0> (a) => (b)")
    )
    graph = frontend.load(parser.parse_model(text).SerializeToString(), {})
    assert graph.subgraphs[0].tensors[-1].shape == (3, 2)
    text = text.replace("h <shift = 1>", "h")
    graph = frontend.load(parser.parse_model(text).SerializeToString(), {})
    assert graph.subgraphs[0].tensors[-1].shape == (6, 1)


def test_operators_of_a_domain_that_only_a_function_imports_have_its_version():
    scaler = "b = ai.onnx.ml.Scaler <scale = [2.0], offset = [0.0]> (a)"
    text = (
        '<ir_version: 10, opset_import: ["": 18, "loc": 1]> g (float[2, 3] x) => (float[2, 3] y) { y = loc.f (x) }'
        + function("f", scaler, head="(a) => (b)", imports='"ai.onnx.ml": 3')
    )
    model = ModelProto.FromString(inline_file(parser.parse_model(text).SerializeToString()))
    assert ("ai.onnx.ml", 3) in [(o.domain, o.version) for o in model.opset_import]


@pytest.mark.parametrize("order", ["nodes first", "nodes last", "nodes in between"])
def test_fields_in_any_order_come_back(order):
    data = data_of(FUNCTIONS["called twice"])
    model = ModelProto.FromString(data)
    nodes = [field(1, node.SerializeToString()) for node in model.graph.node]
    del model.graph.node[:]
    rest = model.graph.SerializeToString()
    half = ModelProto.FromString(data).graph
    del half.node[:], half.initializer[:], half.input[:], half.output[:]
    graph = {
        "nodes first": b"".join(nodes) + rest,
        "nodes last": rest + b"".join(nodes),
        "nodes in between": nodes[0] + field(2, b"g") + b"".join(nodes[1:3]) + rest + b"".join(nodes[3:]),
    }[order]
    model.ClearField("graph")
    data = model.SerializeToString(deterministic=True) + field(7, graph)
    made = inline_file(data)
    assert made != data
    assert before_inlining(made, exactly=True) == data
    plan = tmpass.plan(data, schedule="least-peak")
    assert original_model(planned_model(plan, data)) == data


def test_after_another_program_wrote_the_file_its_nodes_stay():
    data = data_of(FUNCTIONS["nested"])
    made = ModelProto.FromString(planned_model(tmpass.plan(data, schedule="least-peak"), data))
    made.producer_name = "another"
    left = ModelProto.FromString(original_model(made.SerializeToString()))
    assert "tmpass" not in str(left)
    assert [n.op_type for n in left.graph.node] == [n.op_type for n in made.graph.node]
    onnx.checker.check_model(left)


def test_kept_nodes_that_are_damaged():
    data = data_of(FUNCTIONS["nested"])
    made = inline_file(data)
    model = ModelProto.FromString(made)
    entry = next(p for p in model.graph.metadata_props if p.key == "tmpass.nodes")
    for wrong in ("0:!", "x:AAAA", "0:AAAA", ":"):
        entry.value = wrong
        with pytest.raises(ModelError, match="the original nodes in it are damaged"):
            before_inlining(model.SerializeToString(), exactly=True)


def field(number, value):
    size, length = len(value), b""
    while size >= 128:
        length += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + value


def test_large_weights_stay_where_they_are():
    data = data_of(FUNCTIONS["called twice"])
    model = ModelProto.FromString(data)
    model.graph.initializer.append(helper.make_tensor("w", 1, [5000], b"\1" * 20000, raw=True))
    data = model.SerializeToString(deterministic=True)
    made = planned_model(tmpass.plan(data, schedule="least-peak"), data)
    assert len(made) < len(data) + 12000
    assert ModelProto.FromString(made).graph.initializer[-1].raw_data == b"\1" * 20000
    assert original_model(made) == data
