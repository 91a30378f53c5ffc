"""Plans for the least time: no plan among those that are searched takes less."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from planning.run_time.test_find_time import weighted
from support.graphs import Sketch, graph_of
from support.planning import INFO
from support.timed import planned_for, timed, two_that_compute
from support.travelling import network, travelling

from tmpass.base.errors import UsageError
from tmpass.graph.model import Graph, TensorKind
from tmpass.loading.load import Model
from tmpass.planning.assemble import assemble
from tmpass.planning.choose_order import choose_order
from tmpass.planning.plan_model import find_request
from tmpass.planning.run_time.find_time import find_time
from tmpass.planning.run_time.layouts import layouts_in_one_order, layouts_with_transfers, prices
from tmpass.plans.plan import STOPPED, Plan
from tmpass.plans.planned_time import SECOND
from tmpass.targets import Memory, Sharing, Target


def all_times(graph: Graph, goal: Target, made: Plan) -> list[int]:
    """The times of all layouts that are searched, with every choice of constants that stay."""
    request, besides, _ = find_request(Model(INFO, graph), graph, goal, made.options)
    whole = choose_order(request)
    found = []
    count = 0 if besides.stored is None else len(besides.stored.constants)
    for ordered in layouts_in_one_order(request, whole):
        for resident in product((False, True), repeat=count):
            plan = assemble(INFO, request, replace(ordered, resident=resident), besides)
            found.append(find_time(plan, request.graph, goal))
    by_bytes = planned_for(graph, goal)
    found.append(by_bytes.time)
    if by_bytes.transfers is not None or len(by_bytes.arenas) > 1:
        plans = (assemble(INFO, request, one, besides) for one in layouts_with_transfers(request, whole, besides))
        found += [find_time(plan, request.graph, goal) for plan in plans]
    return [time.total for time in found if time is not None]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(4, 40), min_size=2, max_size=6), st.floats(0.4, 1), st.booleans())
def test_no_choice_of_residents_takes_less(sizes, share, prefetch):
    graph = weighted(*sizes)
    whole = planned_for(graph, timed(None, chunk=None)).memories[0].needed
    goal = timed(int(whole * share), prefetch=prefetch, chunk=None)
    made = planned_for(graph, goal, objective="time")
    if made.time is not None:
        assert made.time.total == min(all_times(graph, goal, made))
        assert made.time.total <= planned_for(graph, goal).time.total


@settings(max_examples=40, deadline=None)
@given(travelling(), st.sampled_from([0.5, 0.7, 0.85]), st.booleans())
def test_no_layout_that_is_searched_takes_less(graph, share, prefetch):
    whole = planned_for(graph, timed(None)).memories[0].needed
    goal = timed(max(1, int(whole * share)), prefetch=prefetch, read=1, write=4)
    made = planned_for(graph, goal, objective="time")
    assert made.fits == planned_for(graph, goal).fits
    if made.time is not None:
        assert made.time.total == min(all_times(graph, goal, made))
        assert made.time.total <= planned_for(graph, goal).time.total


def test_a_constant_whose_copy_is_hidden_is_streamed_rather_than_one_that_is_waited_for():
    """The constant of the first operator cannot be hidden. By bytes alone it may be the one that is streamed."""
    sketch = Sketch()
    at = sketch.input(10)
    for size, width in ((40, 10), (40, 90), (40, 10)):
        at = sketch.op([at, sketch.tensor(size, TensorKind.CONSTANT)], width)
    sketch.outputs = [at]
    goal = timed(220, prefetch=True, chunk=None)
    by_bytes, by_time = (planned_for(graph_of(sketch), goal, objective=word) for word in ("bytes", "time"))
    assert by_time.time.total <= by_bytes.time.total
    assert by_time.time.hidden >= by_bytes.time.hidden


def test_more_constants_than_can_be_tried_are_exchanged_as_long_as_that_saves_time():
    sizes = [30 + 7 * (at % 5) for at in range(14)]
    graph = weighted(*sizes, width=30)
    goal = timed(300, prefetch=True, chunk=None)
    by_bytes, by_time = (planned_for(graph, goal, objective=word) for word in ("bytes", "time"))
    assert by_time.time.total <= by_bytes.time.total
    assert by_time == planned_for(graph, goal, objective="time", threads=2)


def test_spills_and_fetches_cost_their_time():
    far = timed(88, read=2, write=5).memories[1]
    assert prices(far) == (2, 5)
    assert prices(replace(far, write_bandwidth=None)) == (1, 1)
    assert prices(replace(far, bandwidth=1, write_bandwidth=10**9)) == (64, 1)
    made = planned_for(network(), timed(88, read=2, write=5, alignment=8), objective="time")
    assert made.transfers is not None


def test_buffers_in_a_second_memory_are_weighed_against_copies():
    made = planned_for(network(), two_that_compute(88), objective="time")
    assert made.time.total <= planned_for(network(), two_that_compute(88)).time.total


def test_ctrl_c_ends_the_search_with_the_best_plan_so_far(monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("tmpass.planning.run_time.fastest.choose_for_time", interrupted)
    goal = timed(80, prefetch=True, chunk=None)
    made = planned_for(weighted(30, 30, 30), goal, objective="time", keep=True)
    assert made.fits
    assert made.warnings == (STOPPED,)
    with pytest.raises(KeyboardInterrupt):
        planned_for(weighted(30, 30, 30), goal, objective="time")


def test_a_target_without_a_bandwidth_is_refused():
    goal = timed(88)
    near, far = goal.memories
    with pytest.raises(UsageError, match="objective 'time' needs a bandwidth, and no memory has one"):
        planned_for(network(), replace(goal, memories=(near, replace(far, bandwidth=None))), objective="time")
    with pytest.raises(UsageError, match="objective is 'speed'"):
        planned_for(network(), goal, objective="speed")


def test_an_input_may_lie_in_a_memory_that_holds_no_activations():
    """With x in the slow memory the run takes 19 of the 99 that it takes with y there."""
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.input(10)], 9)]
    holds = ("activations", "variables", "inputs_outputs", "weights")
    near = Memory("near", 12, 1, holds, SECOND)
    slow = Memory("slow", None, 1, ("inputs_outputs", "weights"), SECOND, write_bandwidth=SECOND // 10)
    goal = Target("t", "s", "", (near, slow), Sharing(), macs_per_second=SECOND)
    made = planned_for(graph_of(sketch), goal)
    assert made.time is not None
    assert made.time.lower_bound <= 19


def test_a_speed_that_is_not_known_makes_no_plan_faster():
    sketch = Sketch()
    x = sketch.input(2)
    small, wide = sketch.op([x], 20), sketch.op([x], 60)
    y = sketch.op([wide, sketch.tensor(30, TensorKind.CONSTANT)], 2)
    for _ in range(8):
        y = sketch.op([small, y], 2)
    sketch.outputs = [y]
    every = ("activations", "variables", "inputs_outputs", "weights")
    far = Memory("far", None, 1, ("weights",), SECOND, compute=False, chunk=4)
    memories = (Memory("near", 70, 1, every), Memory("mid", None, 1, every[:3]), far)
    goal = Target("t", "s", "", memories, Sharing(), macs_per_second=SECOND)
    bytes_, time = (
        planned_for(graph_of(sketch), goal, objective=word, transfers="never") for word in ("bytes", "time")
    )
    assert bytes_.time is not None
    assert time.time is not None
    assert set(time.time.unknown) <= set(bytes_.time.unknown)


@pytest.mark.parametrize("transfers", ["auto", "never", "required"])
@pytest.mark.parametrize("objective", ["bytes", "time"])
def test_an_unlimited_scratchpad_before_a_memory_that_is_too_small_is_an_answer(objective, transfers):
    goal = timed(None)
    near, far = goal.memories
    made = planned_for(
        weighted(30, 30),
        replace(goal, memories=(near, replace(far, capacity=50))),
        objective=objective,
        transfers=transfers,
    )
    assert (made.fits, made.status, made.memories[1].shortfall) == (False, "infeasible", 64 - 50)


@pytest.mark.parametrize("transfers", ["auto", "never", "required"])
def test_an_unlimited_scratchpad_beside_a_second_memory_with_buffers(transfers):
    """Its inputs and outputs lie in the second one, which it has to write to: no spill would save anything."""
    goal = two_that_compute(88)
    near, far = goal.memories
    near = replace(near, capacity=None, holds=("activations", "variables", "weights"))
    made = planned_for(network(), replace(goal, memories=(near, far)), objective="time", transfers=transfers)
    assert made.fits
    assert made.transfers is None
    assert len(made.arenas) == 2
