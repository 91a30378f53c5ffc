"""Constants in the byte arrays: right ones lose nothing; what overwrites one, or is not where it is read, is found."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, graph_of, graphs
from support.planning import INFO
from support.toy_runner import ReferencedRunner

from tmpass.api.plan import plan
from tmpass.base.errors import BudgetError
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
    stored = 40 + 64 + 24 + 8
    there = execute(planned(graph, target(None, compute=True)), graph).compared - (40 + 64 + 24 + 3 * 8)
    resident = planned(graph, target(None))
    assert {row.use for row in resident.constants} == {"stored", "resident"}
    assert execute(resident, graph).compared - there == stored + 40 + 64 + 24 + 3 * 8
    streamed = planned(graph, target(72 if chunk is None else 56, chunk))
    assert "streamed" in {row.use for row in streamed.constants}
    assert execute(streamed, graph).compared > there + stored + 128


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
            if other is row or not together:
                continue
            kinds = {violation.kind for violation in execute(over(made, row.id, other), graph).violations}
            assert kinds, (row, other)
            assert kinds <= {"overwritten", "offset"}, "an offset may be so high that the end is outside"
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


IN_PLACE = target(None, compute=True)


def with_row(made: Plan, number: int, **change: object) -> Plan:
    rows = list(made.constants)
    rows[number] = replace(rows[number], **change)
    return replace(made, constants=tuple(rows))


def stored(made: Plan) -> list[int]:
    return [number for number, row in enumerate(made.constants) if row.use == "stored"]


def kinds(made: Plan, graph: Graph) -> set[str]:
    return {violation.kind for violation in execute(made, graph).violations}


@pytest.mark.parametrize("goal", [IN_PLACE, target(None), target(72), target(56, 8)])
def test_a_stored_constant_over_another_one_is_found_where_it_is_read(goal):
    graph = network()
    made = planned(graph, goal)
    for number in stored(made):
        for other in stored(made):
            if number != other:
                done = execute(with_row(made, number, offset=made.constants[other].offset), graph)
                assert {violation.kind for violation in done.violations} <= {"overwritten", "offset"}
                assert any("the stored bytes of " in violation.message for violation in done.violations)


def test_a_buffer_over_a_stored_constant_is_found():
    """In a memory of both, the constants are above the buffers."""
    both = Memory("near", None, 8, EVERYTHING)
    graph = network()
    made = planned(graph, Target("t", "s", "", (both,), Sharing((EVERY,), (EVERY,), (EVERY,))))
    assert kinds(made, graph) == set()
    for number in stored(made):
        below = with_row(made, number, offset=max(buffer.offset for buffer in made.buffers))
        assert kinds(below, graph) == {"overwritten"}


@pytest.mark.parametrize("goal", [IN_PLACE, target(None), target(72)])
def test_a_stored_constant_outside_of_its_memory_is_found(goal):
    graph = network()
    made = planned(graph, goal)
    end = made.memory("far").constants
    for number in stored(made):
        for offset in (-8, end, 1 << 62):
            assert "offset" in kinds(with_row(made, number, offset=offset), graph)


def test_a_stored_constant_of_too_few_bytes_is_found():
    graph = network()
    for goal in (IN_PLACE, target(None)):
        made = planned(graph, goal)
        for number in stored(made):
            assert "size" in kinds(with_row(made, number, size=made.constants[number].size - 1), graph)


def test_a_constant_that_is_stored_nowhere_or_where_no_operator_reads_is_found():
    graph = network()
    made = planned(graph, IN_PLACE)
    for number in stored(made):
        rest = tuple(row for at, row in enumerate(made.constants) if at != number)
        (found,) = execute(replace(made, constants=rest), graph).violations
        assert found.kind == "constants"
        assert "which is in no memory that operators use" in found.message
    copied = planned(graph, target(None))
    only = tuple(row for row in copied.constants if row.use == "stored")
    assert len(execute(replace(copied, constants=only), graph).violations) == len(only)


def test_a_row_for_constants_that_the_file_does_not_store_once_is_found():
    graph = network()
    made = planned(graph, IN_PLACE)
    one, two = stored(made)[:2]
    both = (*made.constants[one].tensors, *made.constants[two].tensors)
    assert "constants" in kinds(with_row(made, one, tensors=both), graph)


def test_where_stored_constants_are_too_large_for_the_limit_they_stay_outside_with_a_note():
    graph = network()
    made = planned(graph, target(None))
    used = sum(array_sizes(made).values()) + sum(tensor.bytes for tensor in graph.subgraphs[0].tensors)
    done = execute_plan(made, graph, ReferencedRunner(graph), limits=Limits(bytes=used))
    assert done.violations == ()
    assert done.notes == ("stored constants are outside of the arrays: they would take more than --execute-bytes",)
    assert execute(made, graph).notes == ()
    assert array_sizes(made, stored=True)["far"] - array_sizes(made)["far"] == made.memory("far").constants
