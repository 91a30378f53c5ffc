"""Scalars, unknown ranks, open dimensions, and bindings."""

import pytest
from tflite_writer import Operator, Subgraph, Tensor, write_model
from tmpass.frontends import tflite

from tmpass.base.errors import ModelError, UsageError
from tmpass.graph.model import Dim, Graph


def load(*tensors: Tensor, **bindings: int) -> Graph:
    inputs = [t for t, tensor in enumerate(tensors) if tensor.data is None]
    model = write_model([Subgraph(tensors, [], inputs)])
    return tflite.load(model, {key.replace("_", ":"): n for key, n in bindings.items()})


def shapes(*tensors: Tensor, **bindings: int) -> list[tuple[Dim, ...] | None]:
    return [tensor.shape for tensor in load(*tensors, **bindings).subgraphs[0].tensors]


@pytest.mark.parametrize("number", [1, 0, 7, -1])
def test_what_the_signature_leaves_open_is_open_whatever_the_shape_says(number: int) -> None:
    graph = load(Tensor("x", [number, 8], shape_signature=[-1, 8]))
    assert graph.subgraphs[0].tensors[0].shape == ("x:0", 8)
    assert graph.symbols == ("x:0",)


def test_a_signature_without_open_dimensions_changes_nothing() -> None:
    assert shapes(Tensor("x", [1, 8], shape_signature=[1, 8])) == [(1, 8)]
    assert shapes(Tensor("x", [1, 8], shape_signature=[])) == [(1, 8)]


def test_what_has_data_has_the_shape_of_its_data() -> None:
    assert shapes(Tensor("x", [1, 8], data=bytes(32), shape_signature=[-1, 8])) == [(1, 8)]


def test_a_signature_says_the_rank_where_the_shape_is_left_out() -> None:
    assert shapes(Tensor("x", [], shape_signature=[-1, 8]), Tensor("y", None, shape_signature=[2])) == [
        ("x:0", 8),
        (2,),
    ]


def test_a_signature_of_another_rank_is_damage() -> None:
    with pytest.raises(ModelError, match="its shape has 2 dimensions, but its signature has 3; the file is trunc"):
        load(Tensor("x", [1, 8], shape_signature=[-1, 8, 8]))


def test_a_negative_dimension_is_open() -> None:
    graph = load(Tensor("x", [-1, 8, -1]), Tensor("y", [-7]))
    assert [t.shape for t in graph.subgraphs[0].tensors] == [("x:0", 8, "x:2"), ("y:0",)]
    assert graph.symbols == ("x:0", "x:2", "y:0")


def test_a_negative_dimension_of_what_nothing_touches_is_refused() -> None:
    with pytest.raises(ModelError, match="tensor 0 of subgraph 0: 'x' has -7 in its shape, and nothing says what"):
        tflite.load(write_model([Subgraph([Tensor("x", [4, -7])])]), {})


def test_a_binding_closes_an_open_dimension() -> None:
    assert shapes(Tensor("x", [-1, 8, -1]), x_0=3) == [(3, 8, "x:2")]
    assert shapes(Tensor("x", [1, 8], shape_signature=[-1, 8]), x_0=3) == [(3, 8)]
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


def test_an_empty_or_absent_shape_is_a_scalar_only_if_something_says_so() -> None:
    for shape in (None, []):
        assert shapes(Tensor("x", shape)) == [None]
        assert shapes(Tensor("x", shape), Tensor("y", [4], has_rank=True)) == [None, (4,)]
        assert shapes(Tensor("x", shape, data=bytes(4))) == [()]
        assert shapes(Tensor("x", shape, has_rank=True)) == [()]


def test_an_operator_says_that_its_result_is_a_scalar() -> None:
    """A scalar of a writer that does not set has_rank, such as a loop counter."""
    one, other, sum_ = Tensor("a", [], data=bytes(4)), Tensor("b", [], data=bytes(4)), Tensor("c", [])
    graph = tflite.load(write_model([Subgraph([one, other, sum_], [Operator("ADD", [0, 1], [2])])]), {})
    assert graph.subgraphs[0].tensors[2].shape == ()


def test_a_shape_that_nobody_knows_can_be_bound_whole() -> None:
    assert shapes(Tensor("x", []), x_0=3, x_1=5) == [(3, 5)]
    assert shapes(Tensor("x", []), x_1=5) == [None]  # without the first, the second says nothing
    graph = load(Tensor("x", []))
    assert graph.symbols == ()


def test_names_of_open_dimensions_cannot_fill_the_memory() -> None:
    with pytest.raises(ModelError, match="the names of the open dimensions are far longer than the file"):
        load(Tensor("x" * 10_000, [-1] * 64))
    with pytest.raises(ModelError, match="has 65 dimensions, more than 64"):
        load(Tensor("x", [], shape_signature=[-1] * 65))
