"""Every value is made once, and before it is read."""

import pytest
from tflite_writer import Operator, Subgraph, Tensor, write_model
from tmpass.frontends import tflite

from tmpass.base.errors import ModelError
from tmpass.graph.model import Subgraph as Loaded
from tmpass.graph.model import TensorKind


def load(tensors: list[Tensor], *operators: Operator, inputs: tuple[int, ...] = (0,)) -> Loaded:
    return tflite.load(write_model([Subgraph(tensors, operators, inputs=inputs)]), {}).subgraphs[0]


def plain(count: int) -> list[Tensor]:
    return [Tensor(f"t{n}", [4]) for n in range(count)]


def test_a_tensor_that_two_operators_write_is_refused() -> None:
    fault = r"subgraph 0: operator 1 \(NEG\) writes tensor 1 't1', which operator 0 \(ABS\) writes too"
    with pytest.raises(ModelError, match=fault):
        load(plain(2), Operator("ABS", [0], [1]), Operator("NEG", [0], [1]))


def test_a_tensor_that_one_operator_writes_twice_is_refused() -> None:
    with pytest.raises(ModelError, match=r"operator 0 \(SPLIT\) writes tensor 1 't1', which operator 0"):
        load(plain(2), Operator("SPLIT", [0], [1, 1]))


def test_two_operators_may_write_a_variable() -> None:
    tensors = [Tensor("x", [4]), Tensor("v", [4], is_variable=True)]
    assert len(load(tensors, Operator("ABS", [0], [1]), Operator("NEG", [0], [1, 1])).ops) == 2


def test_two_outputs_may_be_left_out() -> None:
    assert load(plain(2), Operator("SPLIT", [0], [-1, -1, 1])).ops[0].outputs == (-1, -1, 1)


def test_an_input_that_an_operator_writes_is_refused() -> None:
    with pytest.raises(ModelError, match=r"writes tensor 1 't1', which is an input of the subgraph"):
        load(plain(2), Operator("ABS", [0], [1]), inputs=(0, 1))


def test_a_constant_that_an_operator_writes_is_refused() -> None:
    tensors = [Tensor("x", [4]), Tensor("w", [4], data=bytes(16))]
    with pytest.raises(ModelError, match=r"operator 0 \(ABS\) writes tensor 1 'w', for which the file holds data"):
        load(tensors, Operator("ABS", [0], [1]))


def test_a_tensor_that_nothing_writes_is_refused() -> None:
    fault = r"operator 0 \(ADD\) reads tensor 1 't1', which no operator writes and which has no data"
    with pytest.raises(ModelError, match=fault):
        load(plain(3), Operator("ADD", [0, 1], [2]))


def test_an_intermediate_is_nothing_to_read() -> None:
    with pytest.raises(ModelError, match=r"operator 1 \(ABS\) reads tensor 2 't2', which no operator writes"):
        load(plain(4), Operator("ABS", [0], [1], intermediates=[2]), Operator("ABS", [2], [3]))


def test_a_tensor_that_only_a_later_operator_writes_is_refused() -> None:
    fault = r"operator 0 \(ABS\) reads tensor 2 't2', which only operator 1 \(NEG\) writes"
    with pytest.raises(ModelError, match=fault):
        load(plain(3), Operator("ABS", [2], [1]), Operator("NEG", [0], [2]))


def test_the_law_holds_in_every_subgraph() -> None:
    bad = Subgraph(plain(2), [Operator("ABS", [0], [1])])
    with pytest.raises(ModelError, match="subgraph 1: operator 0"):
        tflite.load(write_model([Subgraph(), bad]), {})


def test_an_operator_that_reads_its_own_output_is_refused() -> None:
    with pytest.raises(ModelError, match=r"operator 0 \(ABS\) reads tensor 1 't1', which only operator 0"):
        load(plain(2), Operator("ABS", [1], [1]))


@pytest.mark.parametrize(
    "source",
    [
        Tensor("constant", [4], data=bytes(16)),
        Tensor("variable", [4], is_variable=True),
        Tensor("nothing", [4, 0]),
        Tensor("handle", [], dtype="RESOURCE"),
        Tensor("text", [3], dtype="STRING"),
    ],
    ids=lambda tensor: tensor.name,
)
def test_what_needs_no_writer(source: Tensor) -> None:
    assert load([Tensor("x", [4]), source, Tensor("y", [4])], Operator("ADD", [0, 1], [2])).ops


def test_a_custom_operator_may_be_handed_scratch() -> None:
    subgraph = load(plain(3), Operator("ethos-u", [0, 1], [2], custom=True))
    assert subgraph.tensors[1].kind is TensorKind.ACTIVATION


def test_a_custom_operator_may_work_in_place() -> None:
    assert load(plain(2), Operator("update", [0, 1], [1], custom=True)).ops[0].outputs == (1,)


def test_a_custom_operator_cannot_read_what_comes_later() -> None:
    with pytest.raises(ModelError, match=r"operator 0 \(op\) reads tensor 2 't2', which only operator 1"):
        load(plain(3), Operator("op", [2], [1], custom=True), Operator("NEG", [0], [2]))


def test_reshape_may_take_only_the_shape_of_its_second_input() -> None:
    tensors = [Tensor("x", [4]), Tensor("like", [2, 2]), Tensor("y", [2, 2])]
    assert load(tensors, Operator("RESHAPE", [0, 1], [2])).ops
    with pytest.raises(ModelError, match="reads tensor 1"):
        load(plain(3), Operator("RESHAPE", [0, 1], [2]))
