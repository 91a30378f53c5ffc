"""Spills and fetches in the byte arrays: plans with transfers lose nothing, and lost bytes are found."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from make_models import FOLDER
from support.graphs import graphs
from support.toy_runner import ReferencedRunner
from support.travelling import budgets, least_with_transfers, planned, target, travelling, written_over

import tmpass
from tmpass.api.execute import execute as execute_model
from tmpass.execution.run import execute_plan
from tmpass.graph.model import Graph
from tmpass.plans.plan import Plan
from tmpass.plans.transfers import buffer_copies
from tmpass.verification.plan import check_plan

OPTIONS = st.sampled_from([{}, {"share": "none"}, {"io": "external"}, {"keep_inputs": True}, {"share_io": True}])


def execute(made: Plan, graph: Graph):
    return execute_plan(made, graph, ReferencedRunner(graph))


@settings(max_examples=30, deadline=None)
@given(travelling() | graphs(), st.sampled_from([1, 4]), OPTIONS)
def test_a_plan_with_transfers_loses_nothing(graph, alignment, options):
    made = least_with_transfers(graph, alignment, **options)
    if made is not None:
        done = execute(made, graph)
        assert (done.violations, done.unreached, done.notes) == ((), (), ())


def test_a_buffer_that_is_written_over_after_its_fetch_is_spilled_again():
    graph = written_over()
    made = planned(graph, target(72, 8), schedule="given")
    copies = [copy.direction.value for copy in buffer_copies(made) if (0, 1) in copy.target.tensors]
    assert copies == ["spill", "fetch", "spill", "fetch"]
    done = execute(made, graph)
    assert (done.violations, done.unreached, done.notes) == ((), (), ())


def changed(made: Plan, number: int, **change: int) -> Plan:
    return replace(made, buffers=tuple(replace(b, **change) if b.id == number else b for b in made.buffers))


@settings(max_examples=30, deadline=None)
@given(travelling(), st.data())
def test_the_run_finds_what_the_verifier_finds(graph, data):
    """A wrong copy that loses bytes in the arrays is also wrong by the laws."""
    made = least_with_transfers(graph)
    rows = [] if made is None else [b for b in made.buffers if b.first is not None]
    if made is None or not rows:
        return
    b = data.draw(st.sampled_from(rows))
    change = data.draw(
        st.sampled_from([{"lower": b.lower + 1}, {"lower": max(0, b.lower - 1)}, {"upper": b.upper - 1}])
        | st.fixed_dictionaries({"offset": st.integers(0, 40)})
    )
    if change.get("lower", b.lower) >= change.get("upper", b.upper):
        return
    wrong = changed(made, b.id, **change)
    if execute(wrong, graph).violations:
        assert check_plan(wrong, graph)


def test_a_value_written_while_its_buffer_is_away_is_found():
    """The operator that makes `a` runs, but the first residence of `a` begins a step later: nobody has its bytes."""
    graph = written_over()
    made = planned(graph, target(72, 8), schedule="given")
    for first in {b.first for b in made.buffers if b.first is not None}:
        row = made.buffers[first]
        wrong = changed(made, first, upper=row.lower)
        found = [v for v in execute(wrong, graph).violations if "which has no place: its buffer is not in" in v.message]
        assert [v.step for v in found] == [row.lower]
        assert check_plan(wrong, graph)


def test_a_result_that_comes_after_its_buffer_has_left_is_found():
    """`b` is written over `a` after a fetch. In the wrong plan the fetch comes a step later."""
    graph = written_over()
    made = planned(graph, target(72, 8), schedule="given")
    b = next(op for op in graph.subgraphs[0].ops if op.elementwise).outputs[0]
    birth = made.tensor((0, b)).live_range[0]
    row = next(row for row in made.buffers if row.first is not None and row.memory == "near" and row.lower == birth)
    wrong = changed(made, row.id, lower=birth + 1)
    found = [v.message for v in execute(wrong, graph).violations]
    assert any(f"step {birth} " in text and "its buffer is not in the scratchpad" in text for text in found)
    assert check_plan(wrong, graph)


@pytest.fixture(scope="module")
def branchy():
    pytest.importorskip("onnxruntime")
    return FOLDER / "branchy.onnx"


@pytest.mark.parametrize("budget", ["M_R", "M_H", "90 %"])
def test_a_model_runs_with_outputs_equal_to_those_of_the_engine(branchy, budget):
    made = tmpass.plan(branchy, budget=budgets(branchy)[budget])
    assert made.fits
    assert made.transfers is not None
    done = execute_model(made, branchy)
    assert (done.violations, done.notes, done.unreached) == ((), (), ())
    assert done.outputs == 1


def test_a_lost_fetch_is_found_in_a_model(branchy):
    whole = tmpass.plan(branchy, transfers="never")
    made = tmpass.plan(branchy, budget=whole.memories[0].peak * 9 // 10)
    fetch = next(b for b in made.buffers if b.first is not None and b.memory == made.memories[0].name)
    wrong = changed(made, fetch.id, lower=fetch.lower + 1, upper=fetch.upper + 1)
    found = execute_model(wrong, branchy).violations
    assert found
    assert "has no place" in found[0].message
