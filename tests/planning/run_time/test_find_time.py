"""The time of a run: what its parts are, that it is what a clock shows, and what it is not less than."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, graph_of
from support.timed import planned_for, ticks, timed, two_that_compute
from support.travelling import network, travelling

from tmpass.graph.model import Call, TensorKind
from tmpass.planning.run_time.copies import TimedCopy
from tmpass.planning.run_time.find_time import end_of_run, find_time


def weighted(*sizes: int, width: int = 10):
    """A chain of operators, each with a constant of its own."""
    sketch = Sketch()
    at = sketch.input(width)
    for size in sizes:
        at = sketch.op([at, sketch.tensor(size, TensorKind.CONSTANT)], width)
    sketch.outputs = [at]
    return graph_of(sketch)


def test_without_overlap_the_parts_add_up():
    made = planned_for(weighted(30, 30, 30), timed(80, chunk=None))
    time = made.time
    assert [row.use for row in made.constants].count("streamed") == 2
    assert (time.compute, time.copies, time.accesses, time.hidden, time.total) == (30, 60, 0, 0, 90)
    assert time.lower_bound == 30 + 30  # 60 bytes are free beside the buffers, so that 30 have to be streamed


def test_a_copy_overlaps_with_the_operators_before_it_where_its_bytes_are_free():
    goal = timed(80, chunk=None, prefetch=True)
    made = planned_for(weighted(30, 30, 30), goal)
    assert made.time.hidden > 0
    assert made.time.total == 90 - made.time.hidden == ticks(made, weighted(30, 30, 30), goal)


def test_what_is_streamed_in_pieces_waits_for_its_own_operator_but_for_the_first_piece():
    assert end_of_run([10, 10], [TimedCopy(1, 0, 4, 6)]) == 10 + 6 + 10
    assert end_of_run([10, 10], [TimedCopy(1, 1, 4, 6)]) == 10 + 10 + 10
    assert end_of_run([10, 10], [TimedCopy(1, 0, 10)]) == 20


def test_copies_follow_each_other_on_the_channel():
    assert end_of_run([10, 10, 10], [TimedCopy(1, 0, 15), TimedCopy(2, 0, 15)]) == 15 + 15 + 10
    assert end_of_run([10, 10, 10], [TimedCopy(1, 1, 5), TimedCopy(2, 0, 10)]) == 10 + 5 + 10 + 10


def test_spills_are_written_and_fetches_are_read():
    made = planned_for(network(), timed(88, read=2, write=5, compute=None, alignment=8))
    moved = made.transfers
    assert made.time.copies == 5 * moved.spilled + 2 * moved.fetched == made.time.total
    assert made.time.compute is None
    assert made.time.unknown == ("macs_per_second",)


def test_operators_read_and_write_what_lies_in_a_slower_memory():
    sketch = Sketch()
    x = sketch.input(10)
    sketch.outputs = [sketch.op([sketch.op([x, sketch.tensor(7, TensorKind.CONSTANT)], 40)], 10)]
    made = planned_for(graph_of(sketch), two_that_compute(20))
    outside = [row.memory for row in made.buffers if row.size == 40]
    assert outside == ["far"]
    assert made.time.accesses == 2 * 7 + 5 * 40 + 2 * 40  # the constant, then the buffer written and read
    assert made.time.total == made.time.accesses + 50


def test_a_target_without_speeds_has_no_time():
    goal = timed(80, compute=None)
    far = replace(goal.memories[1], bandwidth=None)
    graph = weighted(30, 30, 30)
    assert planned_for(graph, replace(goal, memories=(goal.memories[0], far))).time is None
    assert planned_for(graph, timed(None, compute=None)).time is None  # all constants stay, nothing is copied
    assert (
        planned_for(graph, replace(goal, memories=(replace(goal.memories[0], capacity=1), goal.memories[1]))).time
        is None
    )


def test_a_missing_bandwidth_is_named():
    goal = timed(80)
    far = replace(goal.memories[1], bandwidth=None)
    time = planned_for(weighted(30, 30, 30), replace(goal, memories=(goal.memories[0], far))).time
    assert (time.copies, time.unknown) == (0, ("far.bandwidth",))


def test_assumed_speeds_that_count_are_named():
    goal = timed(80)
    near, far = goal.memories
    far = replace(far, sources={"bandwidth": "assumed: it", "write_bandwidth": "assumed: it"})
    near = replace(near, bandwidth=1, sources={"bandwidth": "assumed: it"})
    goal = replace(goal, memories=(near, far), sources={"macs_per_second": "assumed", "prefetch": "assumed"})
    assert planned_for(weighted(30, 30, 30), goal).time.assumed == ("far.bandwidth", "macs_per_second")


def test_no_copy_begins_while_bodies_run():
    sketch = Sketch()
    x = sketch.input(10)
    y = sketch.op([x], 10, calls=(Call(1, "body"),))
    sketch.outputs = [sketch.op([y, sketch.tensor(30, TensorKind.CONSTANT)], 10)]
    body = Sketch("body")
    a = body.input(10)
    body.outputs = [body.op([body.op([a], 10)], 10)]
    graph = graph_of(sketch, body)
    goal = timed(55, chunk=None, prefetch=True)
    near = replace(goal.memories[0], survives=False)
    made = planned_for(graph, replace(goal, memories=(near, goal.memories[1])))
    assert made.time.copies == 30
    assert made.time.hidden in (0, 20)  # it begins before the operator with bodies, or after it


@settings(max_examples=60, deadline=None)
@given(travelling(), st.booleans(), st.sampled_from([0.5, 0.7, 0.9, 1]), st.sampled_from([None, 4]), st.booleans())
def test_a_drawn_plan_takes_as_long_as_a_clock_shows(graph, prefetch, share, chunk, survives):
    whole = planned_for(graph, timed(None, chunk=chunk)).memories[0].needed
    goal = timed(max(1, int(whole * share)), prefetch=prefetch, read=2, write=5, chunk=chunk)
    near = replace(goal.memories[0], survives=survives)
    goal = replace(goal, memories=(near, goal.memories[1]))
    made = planned_for(graph, goal)
    if not made.fits:
        assert made.time is None
        return
    time = made.time
    assert time.total == ticks(made, graph, goal, read=2, write=5)
    assert time.lower_bound <= time.total <= time.compute + time.copies
    assert 0 <= time.hidden <= min(time.compute, time.copies)
    if not prefetch:
        assert time.hidden == 0


@pytest.mark.parametrize("prefetch", [False, True])
def test_overlap_never_takes_longer(prefetch):
    graph = network()
    goal = timed(88, alignment=8, prefetch=prefetch)
    made = planned_for(graph, goal)
    apart = find_time(made, graph, replace(goal, prefetch=False))
    assert made.time.total <= apart.total == apart.compute + apart.copies
