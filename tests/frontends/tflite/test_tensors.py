"""The kinds of storage of tensors, and tensors that are refused."""

import pytest
from tflite_writer import Operator, Subgraph, Tensor, write_model
from tmpass.frontends import tflite

from tmpass.base import dtypes
from tmpass.base.errors import ModelError
from tmpass.graph.model import TensorKind


def kinds(subgraph: Subgraph) -> list[TensorKind]:
    graph = tflite.load(write_model([subgraph]), {})
    return [tensor.kind for tensor in graph.subgraphs[0].tensors]


def kind(tensor: Tensor) -> TensorKind:
    return kinds(Subgraph([tensor]))[0]


def test_what_operators_compute_is_an_activation() -> None:
    assert kind(Tensor("x", [4])) is TensorKind.ACTIVATION


def test_data_in_the_file_makes_a_constant() -> None:
    assert kind(Tensor("w", [4], data=bytes(16))) is TensorKind.CONSTANT


def test_data_behind_the_flatbuffer_makes_a_constant() -> None:
    assert kind(Tensor("w", [4], data=bytes(16), appended=True)) is TensorKind.CONSTANT


def test_data_in_another_file_makes_a_constant() -> None:
    assert kind(Tensor("w", [4], external_buffer=1)) is TensorKind.CONSTANT


def test_an_empty_buffer_makes_no_constant() -> None:
    assert kind(Tensor("x", [4], data=b"")) is TensorKind.ACTIVATION


def test_a_variable_is_a_variable_even_with_data() -> None:
    assert kind(Tensor("v", [4], is_variable=True)) is TensorKind.VARIABLE
    assert kind(Tensor("v", [4], is_variable=True, data=bytes(16))) is TensorKind.VARIABLE


def test_a_tensor_of_no_elements_that_nothing_writes_is_a_constant() -> None:
    assert kind(Tensor("shape", [0], dtype="INT32")) is TensorKind.CONSTANT


def test_a_tensor_of_no_elements_that_something_writes_is_an_activation() -> None:
    nothing = Tensor("nothing", [0])
    assert kinds(Subgraph([nothing], inputs=[0])) == [TensorKind.ACTIVATION]
    operators = [Operator("ABS", [0], [1], intermediates=[2])]
    assert kinds(Subgraph([nothing] * 3, operators, inputs=[0])) == [TensorKind.ACTIVATION] * 3


def test_an_input_with_data_is_refused() -> None:
    with pytest.raises(ModelError, match="subgraph 0: tensor 0 'x' is an input, but the file has data for it"):
        kinds(Subgraph([Tensor("x", [4], data=bytes(16))], inputs=[0]))


def test_a_variable_with_data_may_be_an_input() -> None:
    tensor = Tensor("v", [4], data=bytes(16), is_variable=True)
    assert kinds(Subgraph([tensor], inputs=[0])) == [TensorKind.VARIABLE]


def test_a_name_that_is_absent_is_made_from_the_index() -> None:
    graph = tflite.load(write_model([Subgraph([Tensor("x", [4]), Tensor(None, [4])])]), {})
    assert [tensor.name for tensor in graph.subgraphs[0].tensors] == ["x", "tensor_1"]


def test_a_name_that_is_no_utf8_is_escaped() -> None:
    graph = tflite.load(write_model([Subgraph([Tensor(b"\xffx", [4])])]), {})
    assert graph.subgraphs[0].tensors[0].name == "\\xffx"


@pytest.mark.parametrize(
    ("name", "dtype"),
    [("INT4", dtypes.INT4), ("BFLOAT16", dtypes.BFLOAT16), ("STRING", dtypes.STRING), ("BOOL", dtypes.BOOL)],
)
def test_element_types(name: str, dtype: dtypes.DType) -> None:
    graph = tflite.load(write_model([Subgraph([Tensor("x", [4], dtype=name)])]), {})
    assert graph.subgraphs[0].tensors[0].dtype == dtype


@pytest.mark.parametrize("number", [23, 127, -1])
def test_an_unknown_element_type_is_refused(number: int) -> None:
    subgraph = Subgraph([Tensor("x", [4]), Tensor("y", [4], dtype=number)])
    with pytest.raises(ModelError, match=f"tensor 1 of subgraph 0: has the unknown element type {number}"):
        kinds(subgraph)


def test_an_absurd_rank_is_refused() -> None:
    assert kind(Tensor("x", [1] * 64)) is TensorKind.ACTIVATION
    with pytest.raises(ModelError, match="tensor 0 of subgraph 0: has 65 dimensions"):
        kind(Tensor("x", [1] * 65))
