import pytest
from support.graphs import Sketch, graph_of

from tmpass.bind import bind, parse_bindings
from tmpass.dtypes import RESOURCE
from tmpass.errors import UnknownSizeError, UsageError
from tmpass.graph import Graph, TensorKind


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
def test_what_is_no_binding_is_an_error(text):
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


def test_what_stays_open_is_an_error_that_lists_tensors_and_names():
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


def test_a_binding_for_nothing_is_an_error_that_lists_what_there_is():
    with pytest.raises(UsageError, match="'bach' names no dimension of the model; known: batch"):
        bind(open_graph(), {"bach": 1})
    with pytest.raises(UsageError):
        bind(open_graph(), {"x:2": 1})
