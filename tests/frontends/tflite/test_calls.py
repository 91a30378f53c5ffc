"""Operators that run other subgraphs."""

from dataclasses import replace

import pytest
from tflite_writer import Operator, Options, Subgraph, Tensor, options, write_model
from tmpass.frontends import tflite

from tmpass.base.errors import ModelError
from tmpass.graph.model import Call

CALLS = {
    "IF": (
        options("IfOptions", then_subgraph_index=1, else_subgraph_index=2),
        (Call(1, "then"), Call(2, "else")),
    ),
    "WHILE": (
        options("WhileOptions", cond_subgraph_index=1, body_subgraph_index=2),
        (Call(1, "cond", repeats=True), Call(2, "body", repeats=True)),
    ),
    "CALL_ONCE": (options("CallOnceOptions", init_subgraph_index=2), (Call(2, "init", once=True),)),
    "CALL": (options("CallOptions", subgraph=2), (Call(2, "call"),)),
    "STABLEHLO_COMPOSITE": (
        options("StableHLOCompositeOptions", name="norm", decomposition_subgraph_index=1),
        (Call(1, "decomposition"),),
    ),
    "STABLEHLO_WHILE": (
        options("StablehloWhileOptions", cond_subgraph_index=2, body_subgraph_index=1),
        (Call(2, "cond", repeats=True), Call(1, "body", repeats=True)),
    ),
    "STABLEHLO_CASE": (
        options("StablehloCaseOptions", branch_subgraph_indices=[2, 1, 2]),
        (Call(2, "branch 0"), Call(1, "branch 1"), Call(2, "branch 2")),
    ),
    "STABLEHLO_REDUCE": (
        options("StablehloReduceOptions", body_subgraph_index=1),
        (Call(1, "body", repeats=True),),
    ),
    "STABLEHLO_SCATTER": (
        options("StablehloScatterOptions", update_computation_subgraph_index=2),
        (Call(2, "update", repeats=True),),
    ),
    "STABLEHLO_REDUCE_WINDOW": (
        options("StablehloReduceWindowOptions", body_subgraph_index=1),
        (Call(1, "body", repeats=True),),
    ),
    "STABLEHLO_SORT": (
        options("StablehloSortOptions", comparator_subgraph_index=2),
        (Call(2, "comparator", repeats=True),),
    ),
    "STABLEHLO_CUSTOM_CALL": (
        options("StablehloCustomCallOptions", call_target_name="f", called_computations=[1]),
        (Call(1, "computation 0", repeats=True),),
    ),
}


def calls(kind: str, table: Options | None) -> tuple[Call, ...]:
    leading = 1 if kind in ("IF", "STABLEHLO_CASE") else 0
    ends = ([], []) if kind == "CALL_ONCE" else ([0] * (1 + leading), [1])
    main = Subgraph([Tensor("x", [4]), Tensor("y", [4])], [Operator(kind, *ends, table)], inputs=[0])
    callee = Subgraph([Tensor("x", [4])], inputs=[] if kind == "CALL_ONCE" else [0])
    callee = replace(callee, outputs=callee.inputs)
    graph = tflite.load(write_model([main, callee, callee]), {})
    return graph.subgraphs[0].ops[0].calls


@pytest.mark.parametrize("kind", CALLS)
def test_an_operator_calls_the_subgraphs_in_its_options(kind: str) -> None:
    table, expected = CALLS[kind]
    assert calls(kind, table) == expected


@pytest.mark.parametrize("kind", CALLS)
def test_options_that_are_absent_are_refused(kind: str) -> None:
    with pytest.raises(ModelError, match=rf"operator 0 of subgraph 0: {kind} needs \w+ \(type \d+\), but has none"):
        calls(kind, None)


@pytest.mark.parametrize("kind", CALLS)
def test_options_of_another_operator_are_refused(kind: str) -> None:
    other = Options(1, second=CALLS[kind][0].second)
    with pytest.raises(ModelError, match=rf"{kind} needs \w+ \(type \d+\), but has options of type 1"):
        calls(kind, other)


@pytest.mark.parametrize("index", [3, -1, 2**31 - 1])
def test_a_subgraph_that_is_not_there_is_refused(index: int) -> None:
    table = options("IfOptions", then_subgraph_index=1, else_subgraph_index=index)
    with pytest.raises(ModelError, match=rf"IF names subgraph {index} as its else, but the file has 3 subgraphs"):
        calls("IF", table)
    table = options("StablehloCaseOptions", branch_subgraph_indices=[1, index])
    with pytest.raises(ModelError, match=rf"STABLEHLO_CASE names subgraph {index} as its branch"):
        calls("STABLEHLO_CASE", table)


def test_a_large_unsigned_index_is_not_taken_for_a_negative_one() -> None:
    with pytest.raises(ModelError, match=r"CALL names subgraph 4294967295 as its call"):
        calls("CALL", options("CallOptions", subgraph=2**32 - 1))
