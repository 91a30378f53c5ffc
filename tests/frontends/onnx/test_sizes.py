"""Bindings and declarations are compared with computed shapes, even where they fill every hole."""

import re
from dataclasses import replace

import numpy as np
import pytest
from onnx import TensorProto, helper, parser
from support.onnx_outputs import session
from tmpass.frontends.onnx.convert import convert

from tmpass.api.plan import plan
from tmpass.api.verify import verify
from tmpass.base.errors import ModelError, TmpassError
from tmpass.graph.binding import bind
from tmpass.loading.load import Model, load

HEAD = '<ir_version: 8, opset_import: ["": 17]>'

SHAPE = (
    "s = Shape(x) d0 = Gather(s, zero) e = Equal(d0, hundred) d = Where(e, two, d0) d1 = Unsqueeze(d, nil) "
    "c = Concat <axis = 0> (d1, eight) "
)
"""Computes the size of x in a way that ONNX's data propagation does not follow: c is [batch, 8]."""

OPERATORS = {
    "ConstantOfShape": "z = ConstantOfShape(c)",
    "Reshape": "k = Neg(row) t = Concat <axis = 0> (d1, minus) z = Reshape(k, t)",
    "Expand": "z = Expand(one, c)",
    "Range": "z = Range(zero, d, step)",
    "Tile": "z = Tile(row, d1)",
    "Slice": "z = Slice(row, nil, d1)",
    "Pad": "p = Concat <axis = 0> (d1, d1) z = Pad(row, p)",
    "Resize": 'w = Cast <to = 1> (d1) w4 = Concat <axis = 0> (one, one, one, w) z = Resize(image, "", w4)',
    "TopK": "z, places = TopK(row, d1)",
    "OneHot": "z = OneHot(nil, d, values)",
    "GatherND": "m = ConstantOfShape(d1) r = Cast <to = 7> (m) i = Unsqueeze(r, ax1) z = GatherND(row, i)",
    "behind a view": "q = ConstantOfShape(c) z = Transpose(q)",
    "behind a branch": "z = If (yes) <then_branch = t () => (a) { a = ConstantOfShape(c) }, "
    "else_branch = f () => (b) { b = Expand(one, c) }>",
    "behind a loop": "q = ConstantOfShape(c) z = Loop (two, yes, q) <body = l (int64 j, bool g, u) => (bool h, v) "
    "{ h = Identity(g) v = Relu(u) }>",
}

CONSTANTS = (
    "int64 zero = {0}, int64 step = {1}, int64 hundred = {100}, int64 two = {2}, int64[1] nil = {0}, "
    "int64[1] eight = {8}, int64[1] minus = {-1}, int64[1] ax1 = {1}, float[1] one = {1}, bool yes = {1}, "
    "float[8] row = {1, 2, 3, 4, 5, 6, 7, 8}, float[1, 1, 2, 2] image = {1, 2, 3, 4}, float[2] values = {0, 1}"
)


def model(operator, declared=None):
    """A model with an operator whose output z has a computed size; the file declares it as `declared`."""
    text = f"g (float[batch, 4] x) => (y) <{CONSTANTS}> {{ {SHAPE} {OPERATORS[operator]} y = Neg(z) }}"
    made = parser.parse_model(HEAD + text)
    element = TensorProto.INT64 if operator == "Range" else TensorProto.FLOAT
    if declared is not None:
        made.graph.value_info.append(helper.make_tensor_value_info("z", element, declared))
    return made


def made_by_onnx_runtime(proto):
    proto.graph.output.add(name="z")
    found = session(proto.SerializeToString()).run(["z"], {"x": np.ones((4, 4), np.float32)})[0].shape
    del proto.graph.output[1:]
    return found


def shapes(proto, bindings):
    graph = convert(proto.SerializeToString(), bindings)
    return {t.name: t.shape for t in bind(graph, bindings).subgraphs[0].tensors}, graph.warnings


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_size_that_the_graph_computes_is_that_of_onnx_runtime(operator):
    proto = model(operator)
    right = made_by_onnx_runtime(proto)
    found, warnings = shapes(proto, {"batch": 4})
    assert (found["z"], found["y"], warnings) == (right, right, ())


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("factor", [1, 3])
def test_a_binding_that_the_graph_contradicts_is_refused_with_both_numbers(operator, factor):
    proto = model(operator)
    right = made_by_onnx_runtime(proto)
    bindings = {f"z:{axis}": dim * factor + (factor > 1) for axis, dim in enumerate(right)} | {"batch": 4}
    if factor == 1:
        assert shapes(proto, bindings)[0]["z"] == right
        return
    fault = f"tensor 'z': axis 0 is {right[0]} as the model computes it, but z:0 binds it to {bindings['z:0']}"
    with pytest.raises(ModelError, match=re.escape(fault)):
        shapes(proto, bindings)


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_named_dimension_that_no_input_has_is_compared_too(operator):
    proto = model(operator)
    right = made_by_onnx_runtime(proto)
    named = model(operator, [f"n{axis}" for axis in range(len(right))])
    numbers = {f"n{axis}": dim for axis, dim in enumerate(right)} | {"batch": 4}
    assert shapes(named, numbers)[0]["z"] == right
    fault = f"axis 0 is {right[0]} as the model computes it, but 'n0', as the file calls it, is bound to {right[0] + 1}"
    with pytest.raises(ModelError, match=re.escape(fault)):
        shapes(named, numbers | {"n0": right[0] + 1})


@pytest.mark.parametrize(
    ("nodes", "hint"),
    [
        ("z = Slice(row, nil, d0)", "8 is the most for 'n'"),
        ("h = Div(d0, two) z = Slice(row, nil, h)", "bind another number to 'n'"),
    ],
)
def test_a_binding_above_what_a_table_has_is_refused_with_the_most(nodes, hint):
    constants = "int64[1] nil = {0}, int64[1] two = {2}, float[8] row = {1, 2, 3, 4, 5, 6, 7, 8}"
    made = parser.parse_model(HEAD + f"g (float[n] x) => (y) <{constants}> {{ d0 = Shape(x) {nodes} y = Neg(z) }}")
    made.graph.value_info.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, ["n"]))
    with pytest.raises(ModelError) as caught:
        shapes(made, {"n": 10})
    assert str(caught.value).endswith(f"'n', as the file calls it, is bound to 10; {hint}")
    if "most" in hint:
        assert shapes(made, {"n": 8})[0]["z"] == (8,)


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("add", [-1, 1])
def test_of_a_declared_and_a_computed_shape_the_larger_counts(operator, add):
    right = made_by_onnx_runtime(model(operator))
    declared = [dim + add for dim in right]
    if operator == "Reshape" and add > 0:  # a Reshape cannot make more elements than it reads
        with pytest.raises(ModelError, match=r"turns \[8\] with 8 elements into \[5, 3\] with 15 elements"):
            shapes(model(operator, declared), {"batch": 4})
        return
    counts = tuple(max(pair) for pair in zip(right, declared, strict=True))
    found, warnings = shapes(model(operator, declared), {"batch": 4})
    assert found["z"] == found["y"] == counts
    assert f"'z' is {list(right)}, but declared {declared}" in warnings[0]
    assert warnings[0].endswith("the larger one is planned")


@pytest.mark.parametrize("operator", ["Reshape", "Tile", "OneHot"])
def test_a_declared_shape_of_another_rank(operator):
    right = made_by_onnx_runtime(model(operator))
    with pytest.raises(ModelError, match=re.escape("tensor 'z': it is declared [9, 9, 9], but its operator makes")):
        shapes(model(operator, [9, 9, 9]), {"batch": 4})
    assert shapes(model(operator, [1, 1, 1]), {"batch": 4})[0]["z"] == right


EINSUMS = [
    ("bik,bkj->bij", (1, 3, 1), (2, 2, 4), (2, 3, 4)),
    ("bi,bj->bij", (1, 3), (5, 4), (5, 3, 4)),
    ("...ij,...jk->...ik", (1, 2, 3), (7, 3, 4), (7, 2, 4)),
]
"""Products for which the inference of some versions of onnx gives a wrong batch size."""


@pytest.mark.parametrize(("equation", "one", "two", "right"), EINSUMS)
def test_a_declaration_that_is_right_counts_where_inference_is_wrong(equation, one, two, right):
    nodes = [
        helper.make_node("Einsum", ["a", "b"], ["p"], equation=equation),
        helper.make_node("Relu", ["p"], ["q"]),
        helper.make_node("Shape", ["q"], ["s"]),
        helper.make_node("ConstantOfShape", ["s"], ["y"]),
    ]
    stated = zip("abpqy", (one, two, right, right, right), strict=True)
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in stated]
    graph = helper.make_graph(nodes, "g", values[:2], [values[4]], value_info=[values[2]])
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
    found, _ = shapes(proto, {})
    assert [found[name] for name in "pqy"] == [right] * 3


def test_what_cannot_be_read_in_its_declared_shape_is_refused():
    text = "g (float[4, 8] x) => (y) <float[5, 8] z> { z = Relu(x) y = Add(z, x) }"
    fault = "node 1 (Add): it cannot read 'z' as [5, 8], but its operator makes [4, 8]"
    with pytest.raises(ModelError, match=re.escape(fault)):
        shapes(parser.parse_model(HEAD + text), {})


def test_a_body_may_not_declare_more_than_is_passed_to_it():
    text = (
        "g (float[4] x, int64 n, bool c) => (y) { y = Loop (n, c, x) <body = l (int64 j, bool g, float[9] u) => "
        "(bool h, v) { h = Identity(g) v = Relu(u) }> }"
    )
    with pytest.raises(ModelError, match=re.escape("tensor 'u' of graph 'l': it is declared [9], but [4] is passed")):
        shapes(parser.parse_model(HEAD + text), {})


BRANCHES = (
    "g (float[4] x, bool c) => (y) {{ y = If (c) <then_branch = t () => (float[{0}] a) {{ a = Relu(x) }}, "
    "else_branch = e () => (float[{1}] b) {{ b = Concat <axis = 0> (x, x) }}> }}"
)


def test_the_results_of_branches_are_compared_with_what_the_branches_declare():
    proto = parser.parse_model(HEAD + BRANCHES.format(9, 7))
    graph = convert(proto.SerializeToString(), {"y:0": 9})
    found = {t.name: t.shape for s in graph.subgraphs for t in s.tensors}
    assert (found["a"], found["b"], found["y"]) == ((9,), (8,), (9,))
    assert "'a' is [4], but declared [9], and 1 more" in graph.warnings[0]


def test_a_name_that_two_branches_use_is_bound_where_it_is_open():
    text = (
        "g (float[4] x, bool c) => (y) { y = If (c) <then_branch = t () => (a) { r = Relu(x) "
        "a = Concat <axis = 0> (r, x) }, else_branch = e () => (b) { k = Cast <to = 9> (x) r = Compress(x, k) "
        "b = Concat <axis = 0> (r, x) }> }"
    )
    proto = parser.parse_model(HEAD + text)
    bindings = {"r:0": 3, "y:0": 8}
    graph = bind(convert(proto.SerializeToString(), bindings), bindings)
    assert sorted(t.shape for s in graph.subgraphs for t in s.tensors if t.name == "r") == [(3,), (4,)]


@pytest.mark.parametrize("operator", ["ConstantOfShape", "Range", "behind a loop"])
def test_plain_verify_finds_a_wrong_binding_in_a_plan_from_outside(operator):
    proto = model(operator)
    right = made_by_onnx_runtime(proto)
    data = proto.SerializeToString()
    wrong = {f"z:{axis}": dim + 1 for axis, dim in enumerate(right)} | {"batch": 4}
    loaded = load(data, bindings={"batch": 4})
    made = plan(Model(loaded.info, loaded.graph), bind={"batch": 4})
    with pytest.raises(ModelError, match="as the model computes it"):
        verify(with_bindings(made, wrong), data)


def with_bindings(made, bindings):
    return replace(made, options=replace(made.options, bind=bindings))


def test_initialisers_that_are_not_listed_below_ir_version_4_have_types():
    for version in (1, 2, 3):
        proto = parser.parse_model(
            '<ir_version: 3, opset_import: ["": 7]> g (float[1, 2, 8, 8] x) => (y) '
            "<float[3, 2, 3, 3] w> { y = Conv(x, w) }"
        )
        proto.graph.initializer.append(helper.make_tensor("w", TensorProto.FLOAT, [3, 2, 3, 3], [0.0] * 54))
        del proto.graph.input[1:]
        proto.ir_version = version
        assert shapes(proto, {})[0]["y"] == (1, 3, 6, 6)


def test_bindings_of_inputs_that_contradict_each_other_name_the_node():
    text = "g (float[n, 4] x, float[m, 4] z) => (y) { w = Add(x, z) y = Relu(w) }"
    with pytest.raises(TmpassError, match=r"node 0 \(Add\)"):
        shapes(parser.parse_model(HEAD + text), {"n": 3, "m": 2})
