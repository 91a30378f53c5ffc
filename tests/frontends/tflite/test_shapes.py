"""Scalars, unknown ranks, open dimensions, and what binds them."""

import pytest
from tflite_writer import Subgraph, Tensor, write_model
from tmpass.frontends import tflite

from tmpass.errors import ModelError, UsageError
from tmpass.graph import Dim, Graph


def load(*tensors: Tensor, **bindings: int) -> Graph:
    return tflite.load(write_model([Subgraph(tensors)]), {key.replace("_", ":"): n for key, n in bindings.items()})


def shapes(*tensors: Tensor, **bindings: int) -> list[tuple[Dim, ...] | None]:
    return [tensor.shape for tensor in load(*tensors, **bindings).subgraphs[0].tensors]


def test_the_static_shape_counts_and_not_its_signature() -> None:
    graph = load(Tensor("x", [1, 8], shape_signature=[-1, 8]))
    assert graph.subgraphs[0].tensors[0].shape == (1, 8)
    assert graph.symbols == ()


def test_a_negative_dimension_is_open() -> None:
    graph = load(Tensor("x", [-1, 8, -1]), Tensor("y", [-7]))
    assert [t.shape for t in graph.subgraphs[0].tensors] == [("x:0", 8, "x:2"), ("y:0",)]
    assert graph.symbols == ("x:0", "x:2", "y:0")


def test_a_binding_closes_an_open_dimension() -> None:
    assert shapes(Tensor("x", [-1, 8, -1]), x_0=3) == [(3, 8, "x:2")]
    assert load(Tensor("x", [-1]), x_0=3).symbols == ("x:0",)


def test_a_binding_may_repeat_what_the_file_says() -> None:
    assert shapes(Tensor("x", [4, 8]), x_0=4) == [(4, 8)]


def test_a_binding_that_contradicts_the_file_is_refused() -> None:
    with pytest.raises(ModelError, match="dimension 'x:0' is 4 in the file, not 5"):
        load(Tensor("x", [4, 8]), x_0=5)


def test_of_two_tensors_of_one_name_the_open_one_is_meant() -> None:
    assert shapes(Tensor("x", [4]), Tensor("x", [-1]), x_0=5) == [(4,), (5,)]


def test_a_negative_binding_is_refused() -> None:
    with pytest.raises(UsageError, match="dimension 'x:0' is bound to -1"):
        load(Tensor("x", [-1]), x_0=-1)


def test_unknown_bindings_are_left_to_others() -> None:
    assert shapes(Tensor("x", [4]), batch=1) == [(4,)]


def test_an_absent_shape_is_a_scalar_only_if_something_says_so() -> None:
    assert shapes(Tensor("x", None)) == [None]
    assert shapes(Tensor("x", None, data=bytes(4))) == [()]
    assert shapes(Tensor("x", None, has_rank=True)) == [()]


def test_an_empty_shape_is_a_scalar_in_files_that_mark_no_ranks() -> None:
    assert shapes(Tensor("x", []), Tensor("y", [4])) == [(), (4,)]


def test_an_empty_shape_without_the_mark_is_unknown_in_files_that_mark_ranks() -> None:
    marked = Tensor("y", [4], has_rank=True)
    assert shapes(Tensor("x", []), marked) == [None, (4,)]
    assert shapes(Tensor("x", [], has_rank=True), marked) == [(), (4,)]
    assert shapes(Tensor("x", [], data=bytes(4)), marked) == [(), (4,)]


def test_the_mark_may_be_in_another_subgraph() -> None:
    first, second = Subgraph([Tensor("x", [])]), Subgraph([Tensor("y", [4], has_rank=True)])
    assert tflite.load(write_model([first, second]), {}).subgraphs[0].tensors[0].shape is None


def test_names_of_open_dimensions_cannot_fill_the_memory() -> None:
    with pytest.raises(ModelError, match="the names of the open dimensions are far longer than the file"):
        load(Tensor("x" * 10_000, [-1] * 64))
