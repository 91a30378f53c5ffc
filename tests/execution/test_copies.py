"""Copies of constants in the byte arrays: right ones lose nothing, and what overwrites one is found."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, graph_of, graphs
from support.planning import INFO
from support.toy_runner import ReferencedRunner

from tmpass.api.plan import plan
from tmpass.base.errors import BudgetError
from tmpass.execution.copies import has_copies
from tmpass.execution.limits import Limits
from tmpass.execution.memory_image import array_sizes
from tmpass.execution.run import execute_plan
from tmpass.graph.model import Graph, TensorKind
from tmpass.loading.load import Model
from tmpass.plans.plan import Plan
from tmpass.targets import EVERY, Memory, Sharing, Target

EVERYTHING = ("activations", "variables", "weights", "inputs_outputs")


def target(capacity: int | None, chunk: int | None = None, *, compute: bool = False) -> Target:
    far = Memory("far", None, 4, EVERYTHING, compute=compute, chunk=chunk)
    return Target("t", "s", "", (Memory("near", capacity, 8, EVERYTHING), far), Sharing((EVERY,), (EVERY,), (EVERY,)))


def network() -> Graph:
    """Three operators with weights of their own and one in common."""
    sketch = Sketch()
    x, shared = sketch.input(16), sketch.tensor(8, TensorKind.CONSTANT)
    for size in (40, 64, 24):
        x = sketch.op([x, sketch.tensor(size, TensorKind.CONSTANT), shared], 16)
    sketch.outputs = [x]
    return graph_of(sketch)


def planned(graph: Graph, goal: Target) -> Plan:
    return plan(Model(INFO, graph), goal)


def execute(made: Plan, graph: Graph):
    return execute_plan(made, graph, ReferencedRunner(graph))


@settings(max_examples=150, deadline=None)
@given(graphs(), st.sampled_from([None, 16, 48, 96]), st.sampled_from([None, 1, 4]))
def test_a_plan_with_copies_loses_nothing(graph, capacity, chunk):
    done = execute(planned(graph, target(capacity, chunk)), graph)
    assert (done.violations, done.unreached, done.notes) == ((), (), ())


@pytest.mark.parametrize("chunk", [None, 8])
def test_what_operators_read_of_copies_is_compared(chunk):
    graph = network()
    there = execute(planned(graph, target(None, compute=True)), graph).compared
    resident = planned(graph, target(None))
    assert {row.use for row in resident.constants} == {"stored", "resident"}
    assert execute(resident, graph).compared - there == 40 + 64 + 24 + 3 * 8
    streamed = planned(graph, target(72 if chunk is None else 56, chunk))
    assert "streamed" in {row.use for row in streamed.constants}
    assert execute(streamed, graph).compared > there + 128


def over(made: Plan, number: int, other) -> Plan:
    """`made` with one copy where another row begins."""
    rows = list(made.constants)
    rows[number] = replace(rows[number], offset=other.offset)
    return replace(made, constants=tuple(rows))


@pytest.mark.parametrize(("capacity", "chunk"), [(None, None), (72, None), (56, 8), (120, None)])
def test_a_copy_over_what_is_needed_meanwhile_is_found(capacity, chunk):
    graph = network()
    made, found = planned(graph, target(capacity, chunk)), 0
    for row in made.constants:
        for other in (*made.buffers, *made.constants):
            together = row.lower < other.upper and other.lower < row.upper and row.memory == other.memory
            if row.use == "stored" or other is row or not together:
                continue
            kinds = {violation.kind for violation in execute(over(made, row.id, other), graph).violations}
            assert kinds == {"overwritten"}, (row, other)
            found += 1
    assert found > 5


def test_a_copy_that_is_no_constant_of_the_model_is_found():
    graph = network()
    made = planned(graph, target(None))
    number = next(row.id for row in made.constants if row.use == "resident")
    for tensors in ((), ((0, 0),), ((9, 9),)):
        rows = tuple(replace(row, tensors=tensors) if row.id == number else row for row in made.constants)
        assert {v.kind for v in execute(replace(made, constants=rows), graph).violations} == {"constants"}


def test_copies_count_in_the_memory_that_a_run_may_take():
    graph = network()
    made = planned(graph, target(None))
    last = max(made.constants, key=lambda row: row.offset if row.use == "resident" else 0)
    rows = tuple(replace(row, offset=2**62) if row is last else row for row in made.constants)
    assert array_sizes(made)["near"] == last.offset + last.size
    with pytest.raises(BudgetError):
        execute_plan(replace(made, constants=rows), graph, ReferencedRunner(graph), limits=Limits(bytes=2**20))


def test_a_plan_without_copies_has_none_to_make():
    made = planned(network(), target(None, compute=True))
    assert not has_copies(made)
    assert array_sizes(made) == {memory.name: memory.peak for memory in made.memories}
