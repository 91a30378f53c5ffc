"""Open dimensions have names, and bindings give them numbers before shapes are inferred."""

import pytest
from onnx import parser
from tmpass.frontends import onnx as frontend

from tmpass.base.errors import ModelError, UnknownSizeError
from tmpass.graph.binding import bind

HEAD = '<ir_version: 8, opset_import: ["": 17, "x": 1]>'


def parse(text):
    return parser.parse_model(HEAD + text)


def load(model, bindings=None):
    if isinstance(model, str):
        model = parse(model)
    return frontend.load(model.SerializeToString(), bindings or {})


def shapes(graph, number=0):
    return {t.name: t.shape for t in graph.subgraphs[number].tensors}


TEXT = "g (float[batch, 3, seq] x, int64[seq] ids) => (y) { t = Transpose <perm = [0, 2, 1]> (x) y = Relu(t) }"


def test_symbols_are_named_in_order_of_appearance():
    graph = load(TEXT)
    assert graph.symbols == ("batch", "seq")
    assert shapes(graph)["y"] == ("batch", "seq", 3)


def test_a_binding_by_symbol_reaches_every_tensor():
    graph = load(TEXT, {"batch": 2, "seq": 5})
    assert graph.symbols == ("batch", "seq")
    assert shapes(graph) == {"x": (2, 3, 5), "ids": (5,), "t": (2, 5, 3), "y": (2, 5, 3)}


def test_a_binding_by_tensor_and_axis_binds_the_symbol_there():
    assert shapes(load(TEXT, {"ids:0": 5, "x:0": 2}))["y"] == (2, 5, 3)


def test_two_bindings_of_one_dimension_must_agree():
    assert shapes(load(TEXT, {"seq": 5, "x:2": 5}))["ids"] == (5,)
    with pytest.raises(ModelError, match="'seq' is bound to 5, but 'x:2' to 6"):
        load(TEXT, {"seq": 5, "x:2": 6})


def test_a_nameless_dimension_is_named_by_tensor_and_axis():
    model = parse("g (float[1, 3] x) => (y) { y = Relu(x) }")
    model.graph.input[0].type.tensor_type.shape.dim[0].ClearField("dim_value")
    graph = load(model)
    assert (graph.symbols, shapes(graph)["y"]) == (("x:0",), ("x:0", 3))
    assert shapes(load(model, {"x:0": 4}))["y"] == (4, 3)


def test_a_tensor_name_may_hold_a_colon():
    model = parse("g (float[1] x) => (y) { y = Relu(x) }")
    model.graph.input[0].name = model.graph.node[0].input[0] = "x:0"
    model.graph.input[0].type.tensor_type.shape.dim[0].ClearField("dim_value")
    assert load(model).symbols == ("x:0:0",)
    assert shapes(load(model, {"x:0:0": 4}))["y"] == (4,)


def test_a_negative_dimension_is_open_and_zero_is_not():
    model = parse("g (float[1, 3] x) => (y) { y = Relu(x) }")
    dims = model.graph.input[0].type.tensor_type.shape.dim
    dims[0].dim_value, dims[1].dim_value = -1, 0
    graph = load(model)
    assert (graph.symbols, shapes(graph)["y"]) == (("x:0",), ("x:0", 0))


def test_a_binding_that_contradicts_the_file():
    with pytest.raises(ModelError, match=r"tensor 'x': axis 1 is 3 in the file, but x:1 binds it to 4"):
        load(TEXT, {"x:1": 4})
    assert shapes(load(TEXT, {"x:1": 3}))["x"] == ("batch", 3, "seq")


def test_dimensions_that_only_a_run_tells_can_be_bound_too():
    text = "g (float[2, 3] x) => (y) { n = NonZero(x) y = Transpose(n) }"
    assert shapes(load(text)) == {"x": (2, 3), "n": (2, "n:1"), "y": ("y:0", 2)}
    assert shapes(load(text, {"n:1": 4}))["y"] == (4, 2)


def test_bound_symbols_reach_what_the_file_declares_of_inner_tensors():
    text = "g (float[N] x) => (y) <float[N, 4] c> { c = x.Custom (x) y = Relu(c) }"
    assert shapes(load(text))["y"] == ("N", 4)
    assert shapes(load(text, {"N": 3}))["y"] == (3, 4)


def test_a_binding_that_a_table_is_too_small_for_is_refused():
    text = "g (float[1, N] x) => (y) <float[3] w = {1, 2, 3}, float[N] p> { p = Relu(w) y = Relu(x) }"
    assert shapes(load(text, {"N": 3}))["p"] == (3,)
    with pytest.raises(ModelError, match=r"tensor 'p': axis 0 is 3 as the model computes it, but 'N', .* bound to 5"):
        load(text, {"N": 5})


def test_bindings_reach_bodies():
    text = (
        "g (bool c, float[N] x) => (z) { z = If (c) <then_branch = t () => (float[N] a) { a = Relu(x) }, "
        "else_branch = e () => (float[N] b) { b = Neg(x) }> }"
    )
    graph = load(text, {"N": 6})
    assert (shapes(graph)["z"], shapes(graph, 1)) == ((6,), {"x": (6,), "a": (6,)})


def test_strange_bindings_are_left_to_others():
    assert load(TEXT, {"nothing": 4, "nothing:0": 4, ":": 1, "x:99": 2, "x:٣": 1}).symbols == ("batch", "seq")


def test_names_that_stand_only_in_outputs_and_inner_values_can_be_bound():
    text = "g (float[4] x) => (int64[1, K] z) { z = NonZero(x) }"
    assert load(text).symbols == ()
    assert load(text).other_symbols == ("K",)
    assert shapes(load(text, {"K": 3}))["z"] == (1, 3)
    inner = "g (float[4] x) => (y) <int64[1, K] q> { q = NonZero(x) y = Identity(q) }"
    assert shapes(load(inner, {"K": 3}))["y"] == (1, 3)


def test_the_dimensions_in_a_sequence_are_symbols():
    text = "g (seq(float[N, 4]) s) => (y) <int64 i = {0}> { y = SequenceAt(s, i) }"
    assert load(text).symbols == ("N",)
    assert shapes(load(text, {"N": 3}))["y"] == (3, 4)


@pytest.mark.parametrize("text", ["g (float[4] x) => (int64[1, K] z) { z = NonZero(x) }", TEXT])
def test_what_an_error_suggests_to_bind_works(text):
    with pytest.raises(UnknownSizeError) as error:
        bind(load(text), {})
    assert error.value.symbols
    numbers = dict.fromkeys(error.value.symbols, 3)
    assert bind(load(text, numbers), numbers)


def test_a_name_made_up_for_an_axis_is_not_one_of_the_file():
    model = parse("g (float[1, 4] x, float[clash, 5] y) => (z) { z = Relu(x) }")
    model.graph.input[0].type.tensor_type.shape.dim[0].ClearField("dim_value")
    model.graph.input[1].type.tensor_type.shape.dim[0].dim_param = "x:0"
    with pytest.raises(ModelError, match="tensor 'x': axis 0 has no name, and 'x:0', which stands for it"):
        load(model)
