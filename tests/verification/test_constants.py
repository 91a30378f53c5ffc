"""Constants in a plan: each kind of wrong row is found, from the model and the plan alone."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, graph_of, graphs
from support.planning import INFO

from tmpass.api.plan import plan
from tmpass.graph.model import Graph, Stored, TensorKind
from tmpass.loading.load import Model
from tmpass.plans.left_out import NotCounted
from tmpass.plans.plan import Plan, PlannedConstant
from tmpass.targets import Memory, Target
from tmpass.verification.plan import check_plan

EVERY = ("activations", "variables", "weights", "inputs_outputs")
WRITTEN = ("activations", "variables", "inputs_outputs")


def network() -> Graph:
    """Two operators with weights of their own and one constant in common."""
    sketch = Sketch()
    x, shared = sketch.input(16), sketch.tensor(4, TensorKind.CONSTANT)
    one, two = (sketch.tensor(size, TensorKind.CONSTANT) for size in (64, 96))
    y = sketch.op([x, one, shared], 32)
    sketch.outputs = [sketch.op([y, two, shared], 8)]
    return graph_of(sketch)


def target(scratchpad: int | None, *, compute: bool = False, chunk: int | None = None) -> Target:
    inner = Memory("sram", scratchpad, 8, EVERY if not compute else WRITTEN)
    return Target("t", "s", "assumed", (inner, Memory("dram", None, 4, EVERY, compute=compute, chunk=chunk)))


def planned(graph: Graph, goal: Target) -> Plan:
    return plan(Model(INFO, graph), goal)


def with_row(made: Plan, number: int, **change: object) -> Plan:
    rows = list(made.constants)
    rows[number] = replace(rows[number], **change)
    return replace(made, constants=tuple(rows))


def kinds(made: Plan, graph: Graph) -> set[str]:
    return {violation.kind for violation in check_plan(made, graph)}


STREAMED = planned(network(), target(200))
READ_IN_PLACE = planned(network(), target(None, compute=True))


def test_the_plans_that_are_broken_here_are_right():
    assert check_plan(STREAMED, network()) == check_plan(READ_IN_PLACE, network()) == []
    assert [row.use for row in READ_IN_PLACE.constants] == ["stored"] * 3
    assert {row.use for row in STREAMED.constants} == {"stored", "resident", "streamed"}
    assert (STREAMED.fits, READ_IN_PLACE.fits) == (True, True)


def test_nothing_stays_in_a_memory_that_loses_its_content_between_runs():
    goal = target(400)
    scratchpad, dram = goal.memories
    made = planned(network(), replace(goal, memories=(replace(scratchpad, survives=False), dram)))
    assert {row.use for row in planned(network(), goal).constants} == {"stored", "resident"}
    assert {row.use for row in made.constants} == {"stored", "streamed"}


@pytest.mark.parametrize("bound", [STREAMED.order.streamed_bound, 0, None])
def test_a_bound_on_what_any_order_streams_may_be_as_high_as_what_the_plan_does(bound):
    assert STREAMED.order.streamed_bound is not None
    assert check_plan(replace(STREAMED, order=replace(STREAMED.order, streamed_bound=bound)), network()) == []


@pytest.mark.parametrize("made", [STREAMED, READ_IN_PLACE])
def test_a_bound_on_what_any_order_streams_is_not_above_what_the_plan_does(made):
    claimed = replace(made, order=replace(made.order, streamed_bound=(STREAMED.order.streamed_bound or 0) + 1))
    assert kinds(claimed, network()) == {"order"}
    bare = replace(claimed, constants=())
    assert "order" in kinds(bare, network())


@pytest.mark.parametrize("made", [STREAMED, READ_IN_PLACE])
def test_a_constant_that_is_left_out_is_missed(made):
    for number, row in enumerate(made.constants):
        rest = [other for other in made.constants if other is not row]
        rows = tuple(replace(other, id=at) for at, other in enumerate(rest))
        assert "constants" in kinds(replace(made, constants=rows), network()), number


def test_all_of_them_may_only_be_left_out_where_they_are_listed_as_not_counted():
    assert "constants" in kinds(replace(STREAMED, constants=()), network())
    bare = replace(READ_IN_PLACE, constants=(), memories=READ_IN_PLACE.memories[:1])
    bare = replace(bare, model=replace(bare.model, bytes=100))
    assert kinds(bare, network()) == {"not counted"}
    listed = replace(bare, not_counted=(*bare.not_counted, NotCounted("weights", 3, 164)))
    assert kinds(listed, network()) == set()


@pytest.mark.parametrize(
    ("number", "change"),
    [
        (0, {"id": 7}),
        (0, {"memory": "nowhere"}),
        (0, {"memory": "sram"}),
        (0, {"size": 0}),
        (0, {"size": 5}),
        (1, {"size": 60}),
        (0, {"lower": 1}),
        (0, {"upper": 1}),
        (0, {"use": "kept"}),
        (0, {"use": "resident"}),
        (0, {"use": "streamed"}),
        (0, {"tensors": ()}),
        (0, {"tensors": ((0, 2),)}),
        (0, {"tensors": ((0, 0),)}),
        (0, {"tensors": ((9, 9),)}),
    ],
)
def test_a_stored_constant_that_is_not_that_of_the_model(number, change):
    assert "constants" in kinds(with_row(STREAMED, number, **change), network())


def streamed_row() -> int:
    return next(row.id for row in STREAMED.constants if row.use == "streamed")


@pytest.mark.parametrize(
    "change",
    [{"memory": "dram"}, {"lower": 0, "upper": 2}, {"size": 1000}, {"use": "stored"}, {"tensors": ((0, 1),)}],
)
def test_a_copy_that_its_operator_does_not_find(change):
    assert "constants" in kinds(with_row(STREAMED, streamed_row(), **change), network())


def test_a_copy_for_another_step():
    row = STREAMED.constants[streamed_row()]
    other = 1 - row.lower
    assert "constants" in kinds(with_row(STREAMED, row.id, lower=other, upper=other + 1), network())


def test_a_memory_that_operators_do_not_use_holds_nothing_that_they_read():
    memories = tuple(replace(memory, compute=memory.name != "dram") for memory in READ_IN_PLACE.memories)
    found = check_plan(replace(READ_IN_PLACE, memories=memories), network())
    assert {violation.kind for violation in found} == {"constants"}
    assert "which is in no memory that operators use" in found[0].message


def test_offsets_are_aligned():
    assert "alignment" in kinds(with_row(READ_IN_PLACE, 1, offset=READ_IN_PLACE.constants[1].offset + 1), network())


def test_constants_lie_over_nothing_else():
    for made in (STREAMED, READ_IN_PLACE):
        for row in made.constants:
            others = [
                other
                for other in (*made.constants, *made.buffers)
                if other is not row and other.memory == row.memory
                if row.lower < other.upper and other.lower < row.upper
            ]
            for other in others:
                assert "overlap" in kinds(with_row(made, row.id, offset=other.offset), network())


def test_the_bytes_of_a_memory_are_counted():
    for made in (STREAMED, READ_IN_PLACE):
        for at, memory in enumerate(made.memories):
            for change in ({"constants": memory.constants + 8}, {"loaded": memory.loaded + 8}):
                memories = [*made.memories]
                memories[at] = replace(memory, **change)
                assert "constants" in kinds(replace(made, memories=tuple(memories)), network())


def test_tensors_of_one_buffer_of_the_file_are_stored_once():
    graph = replace(network(), stored={(0, 2): Stored((0, 2), 64), (0, 3): Stored((0, 2), 64)})
    made = planned(graph, target(None, compute=True))
    assert [(row.tensors, row.size) for row in made.constants] == [(((0, 1),), 4), (((0, 2), (0, 3)), 64)]
    assert check_plan(made, graph) == []
    assert "constants" in kinds(READ_IN_PLACE, graph)


@settings(max_examples=150, deadline=None)
@given(graphs(), st.sampled_from([None, 8, 16, 64, 200]), st.booleans(), st.sampled_from([None, 4, 8]))
def test_drawn_graphs_are_planned_and_what_fits_is_within_the_capacity(graph, capacity, compute, chunk):
    made = planned(graph, target(capacity, compute=compute, chunk=chunk))
    assert check_plan(made, graph) == []
    for memory in made.memories if made.fits else ():
        ends = [row.offset + row.size for row in (*made.buffers, *made.constants) if row.memory == memory.name]
        assert memory.capacity is None or max(ends, default=0) + memory.reserve <= memory.capacity


def test_rows_say_what_they_are():
    assert PlannedConstant(0, "m", 0, 4, 0, 1, ((0, 0),)).use == "stored"
