from dataclasses import replace

import numpy as np
import pytest
from support.graphs import Sketch, graph_of

from tmpass.api.plan import plan
from tmpass.base.dtypes import RESOURCE, DType
from tmpass.base.errors import UnknownSizeError, UsageError
from tmpass.graph.binding import bind, check_bindings, foreign_bindings, parse_bindings
from tmpass.graph.model import Graph, Op, TensorKind


def open_graph() -> Graph:
    """X [batch, 4] -> op -> y [batch]."""
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.input(("batch", 4), name="x")], "batch")]
    graph = graph_of(sketch)
    return Graph(graph.format, graph.subgraphs, graph.entries, symbols=("batch",))


def test_texts_become_a_mapping():
    assert parse_bindings(["batch=1", "input:0=4", "a=b=3"]) == {"batch": 1, "input:0": 4, "a=b": 3}


@pytest.mark.parametrize(
    "text", ["batch", "=1", "batch=", "batch=-1", "batch=0", "batch=1.5", "batch=x", "b=2147483648"]
)
def test_an_invalid_binding_is_an_error(text):
    with pytest.raises(UsageError):
        parse_bindings([text])


def test_two_numbers_for_one_name_are_an_error():
    with pytest.raises(UsageError, match="'a' is bound to 1 and to 2"):
        parse_bindings(["a=1", "a=2"])


def test_a_symbol_is_bound_everywhere():
    tensors = bind(open_graph(), {"batch": 3}).subgraphs[0].tensors
    assert [t.shape for t in tensors] == [(3, 4), (3,)]


def test_an_axis_of_a_tensor_can_be_bound():
    tensors = bind(open_graph(), {"x:0": 3}, allow_unplanned=True).subgraphs[0].tensors
    assert [t.shape for t in tensors] == [(3, 4), ("batch",)]


def test_an_unknown_size_is_an_error_that_lists_tensors_and_names():
    with pytest.raises(UnknownSizeError) as error:
        bind(open_graph(), {})
    assert error.value.symbols == ("batch",)
    assert error.value.tensors == ("'x' [batch, 4]", "'t1' [batch]")
    assert "give --bind batch=N, or --allow-unplanned to plan the rest" in str(error.value)


def test_the_list_of_an_error_is_short():
    sketch = Sketch()
    for _ in range(100):
        sketch.input("n")
    with pytest.raises(UnknownSizeError, match=r"100 tensors is not known: .* and 92 more"):
        bind(graph_of(sketch), {})


def test_the_rest_is_planned_on_request():
    assert bind(open_graph(), {}, allow_unplanned=True) == open_graph()


def test_only_tensors_that_need_storage_must_be_known():
    sketch = Sketch()
    sketch.input((), dtype=RESOURCE)
    sketch.op([sketch.tensor("n", TensorKind.CONSTANT)], 1)
    sketch.tensor("unused")
    assert bind(graph_of(sketch), {})


UNKNOWN = DType("unknown", None, "nothing states it", known=False)


def unknown_type() -> Graph:
    """X [4] -> op "root" -> u -> op -> v, with both types unknown."""
    sketch = Sketch()
    x = sketch.input(4, name="x")
    u = sketch.tensor(None, dtype=UNKNOWN, name="u")
    v = sketch.tensor(None, dtype=UNKNOWN, name="v")
    sketch.ops += [Op("CUSTOM", "root", (x,), (u,)), Op("RELU", "v", (u,), (v,))]
    return graph_of(sketch)


def test_an_unknown_type_is_an_error_that_names_its_operator_first():
    with pytest.raises(UnknownSizeError) as error:
        bind(unknown_type(), {})
    assert error.value.tensors == ("'u' of unknown type (made by CUSTOM 'root')", "'v' of unknown type")
    assert "state their types and shapes in the model, or give --allow-unplanned" in str(error.value)
    assert bind(unknown_type(), {}, allow_unplanned=True) == unknown_type()


def test_root_causes_come_before_what_follows_from_them():
    sketch = Sketch()
    sketch.outputs = [sketch.tensor("k", name="result"), sketch.tensor("m", name="cause")]
    sketch.ops += [Op("ROOT", "cause", (), (1,)), Op("REST", "result", (1,), (0,))]
    with pytest.raises(UnknownSizeError) as error:
        bind(graph_of(sketch), {})
    assert error.value.tensors == ("'cause' [m] (made by ROOT)", "'result' [k]")
    assert error.value.symbols == ("m",)


def test_an_error_says_why_where_the_frontend_knows():
    graph = replace(unknown_type(), causes={(0, 1): "it is written elsewhere"})
    with pytest.raises(
        UnknownSizeError, match=r"'u' of unknown type \(made by CUSTOM 'root'; it is written elsewhere\)"
    ):
        bind(graph, {})


def test_a_binding_that_cannot_give_a_size_is_an_error():
    with pytest.raises(UsageError, match="'u:0' has no effect: the rank of tensor 'u' is not known"):
        bind(unknown_type(), {"u:0": 4}, allow_unplanned=True)


def test_a_shape_of_many_dimensions_stays_short():
    sketch = Sketch()
    sketch.input(tuple(f"n{i}" for i in range(60)))
    with pytest.raises(UnknownSizeError, match=r"n7 and 52 more\]") as error:
        bind(graph_of(sketch), {})
    assert len(str(error.value)) < 300


def test_an_axis_that_is_not_there_is_an_error_with_those_that_are():
    with pytest.raises(UsageError, match="binding 'x:2': tensor 'x' has no axis 2; its axes are x:0 to x:1"):
        bind(open_graph(), {"x:2": 1})
    taken = replace(bind(open_graph(), {"batch": 2}), symbols=(), batches={"x:0": 2})
    with pytest.raises(UsageError, match="'bach' names no dimension of the model; known: x:0"):
        bind(taken, {"bach": 1})


@pytest.mark.parametrize("axis", ["²", "9" * 5000, "-1", ""])
def test_an_invalid_axis_is_an_error(axis):
    with pytest.raises(UsageError, match="names no dimension"):
        bind(open_graph(), {f"x:{axis}": 1})


@pytest.mark.parametrize("bindings", ["x=1", ["x=1"], {"x": True}, {"x": 1.0}, {1: 1}, {"x": None}])
def test_bindings_of_the_wrong_kind_are_an_error(bindings):
    with pytest.raises(UsageError):
        check_bindings(bindings)


def test_whole_numbers_of_any_kind_become_plain_ones():
    checked = check_bindings({"x": np.int64(3)})
    assert checked == {"x": 3}
    assert type(checked["x"]) is int


def test_a_binding_for_nothing_is_an_error_that_lists_what_there_is():
    with pytest.raises(UsageError, match="'bach' names no dimension of the model; known: batch"):
        bind(open_graph(), {"bach": 1})
    with pytest.raises(UsageError):
        bind(open_graph(), {"x:2": 1})


def test_a_captured_tensor_is_listed_once():
    pytest.importorskip("onnx")
    from onnx import parser

    text = """<ir_version: 8, opset_import: ["": 17]> g (bool c, float[n, 8] x) => (float[n, 8] y) {
        y = If(c) <
            then_branch = t () => (float[n, 8] p) { p = Relu(x) },
            else_branch = e () => (float[n, 8] q) { q = Tanh(x) }
        >
    }"""
    with pytest.raises(UnknownSizeError) as error:
        plan(parser.parse_model(text).SerializeToString())
    assert str(error.value).count("'x' [n, 8]") == 1


@pytest.mark.parametrize("name", ["x", ""])
def test_bindings_for_other_models_are_told_apart(name):
    """A tensor without a name is not meant by a binding without a colon."""
    sketch = Sketch()
    sketch.outputs = [sketch.unary(sketch.input("n", name=name))]
    tensors = tuple(replace(tensor, name=name) for tensor in sketch.tensors)
    graph = graph_of(sketch)
    graph = replace(graph, subgraphs=(replace(graph.subgraphs[0], tensors=tensors),), symbols=("n",))
    bindings = {"n": 1, f"{name}:0": 2, "batch": 3, "other:0": 4}
    assert foreign_bindings(graph, bindings) == ("batch", "other:0")
