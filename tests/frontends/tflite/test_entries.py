"""Entries: the subgraphs where a run can start."""

import pytest
from tflite_writer import Operator, Signature, Subgraph, Tensor, options, write_model
from tmpass.frontends import tflite
from tmpass.frontends.tflite.entries import unique

from tmpass.base.errors import ModelError
from tmpass.graph.model import Entry


def leaf(name: str | None) -> Subgraph:
    return Subgraph([Tensor("x", [4]), Tensor("y", [4])], [Operator("ABS", [0], [1])], [0], [1], name=name)


def caller(name: str | None, callee: int) -> Subgraph:
    table = options("CallOnceOptions", init_subgraph_index=callee)
    return Subgraph([], [Operator("CALL_ONCE", options=table)], name=name)


def once(name: str) -> Subgraph:
    """A subgraph without inputs and outputs, which an operator can run to set up variables."""
    return Subgraph([], [], name=name)


def entries(*subgraphs: Subgraph, signatures: tuple[Signature, ...] = ()) -> list[tuple[str, int]]:
    graph = tflite.load(write_model(subgraphs, signatures=signatures), {})
    return [(entry.name, entry.subgraph) for entry in graph.entries]


def test_no_subgraphs_no_entries() -> None:
    assert entries() == []


def test_a_subgraph_without_a_name_is_named_by_its_index() -> None:
    assert entries(leaf(None), leaf(None), leaf("")) == [("main", 0), ("subgraph 1", 1), ("subgraph 2", 2)]


def test_subgraph_0_comes_first_then_signatures_then_the_rest() -> None:
    signatures = (Signature("c", 2), Signature("b", 1), Signature("c again", 2))
    found = entries(leaf("first"), leaf("x"), leaf("y"), leaf("left over"), signatures=signatures)
    assert found == [("first", 0), ("c", 2), ("b", 1), ("left over", 3)]


def test_a_signature_names_subgraph_0() -> None:
    assert entries(leaf("main"), signatures=(Signature("serving_default", 0),)) == [("serving_default", 0)]


def test_a_subgraph_that_an_operator_calls_is_no_entry() -> None:
    assert entries(caller("main", 1), once("init")) == [("main", 0)]


def test_a_subgraph_that_an_operator_calls_may_have_a_signature() -> None:
    found = entries(caller("main", 1), once("init"), signatures=(Signature("reset", 1),))
    assert found == [("main", 0), ("reset", 1)]


def test_subgraphs_that_only_call_each_other_are_not_lost() -> None:
    assert entries(leaf("main"), caller("ping", 2), caller("pong", 1)) == [("main", 0), ("ping", 1)]


def test_entries_of_one_name_are_told_apart() -> None:
    assert entries(leaf("f"), leaf("f"), leaf("f")) == [("f", 0), ("f#1", 1), ("f#2", 2)]


def test_inputs_and_outputs_have_the_names_of_the_signature() -> None:
    signature = Signature("s", 0, inputs=[("in", 0)], outputs=[("out", 1), ("out", 1)])
    graph = tflite.load(write_model([leaf("main")], signatures=[signature]), {})
    assert graph.entries == (Entry("s", 0, {"in": 0}, {"out": 1, "out#1": 1}),)


def test_without_a_signature_they_have_the_names_of_the_tensors() -> None:
    subgraph = Subgraph([Tensor("x", [4]), Tensor("x", [4])], inputs=[1, 0, 1], outputs=[0])
    graph = tflite.load(write_model([subgraph]), {})
    assert graph.entries == (Entry("main", 0, {"x": 1, "x#1": 0}, {"x": 0}),)


def test_a_signature_of_a_subgraph_that_is_not_there_is_refused() -> None:
    with pytest.raises(ModelError, match="signature 0: names subgraph 1, but the file has 1 subgraphs"):
        entries(leaf("main"), signatures=(Signature("s", 1),))


@pytest.mark.parametrize("side", ["inputs", "outputs"])
def test_a_signature_of_a_tensor_that_is_not_there_is_refused(side: str) -> None:
    signature = Signature("s", 0, **{side: [("a", 0), ("b", 2)]})
    with pytest.raises(ModelError, match=f"{side[:-1]} 1 of signature 0: names tensor 2, but its subgraph has 2"):
        entries(leaf("main"), signatures=(signature,))


def test_a_name_that_looks_like_a_second_one_is_kept_apart() -> None:
    assert unique([("a#1", 0), ("a", 1), ("a", 2), ("a#1", 3)]) == {"a#1": 0, "a": 1, "a#2": 2, "a#1#1": 3}
