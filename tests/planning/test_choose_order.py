"""The order that a plan takes."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, chain, graph_of, graphs
from support.planning import INFO

from tmpass.api.plan import plan
from tmpass.base.choices import OrderMethod
from tmpass.base.errors import ModelError, UsageError
from tmpass.graph.model import Op, TensorKind
from tmpass.loading.load import Model
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.planned_order import PlannedOrder
from tmpass.targets import EVERY, Memory, Sharing, Target
from tmpass.targets.scratch.rule import ScratchRule


def planned(graph, **options):
    return plan(Model(ModelInfo("test", "test", "0" * 64), graph), alignment=1, **options)


def two_branches():
    """Two wide results before either is made small: the file's order keeps both alive."""
    main = Sketch()
    x = main.input(4)
    wide = [main.op([x], 50) for _ in range(2)]
    main.outputs = [main.op([main.op([w], 2) for w in wide], 2)]
    return graph_of(main)


def steps(made):
    return [row.op for row in made.schedule]


def test_auto_takes_the_order_with_the_smaller_arena():
    made = planned(two_branches())
    assert steps(made) == [0, 2, 1, 3, 4]
    assert made.memories[0].peak == 4 + 2 + 50
    assert (made.order.method, made.order.lower_bound) == ("least-peak", 4 + 2 + 50)


def test_given_keeps_the_file_and_says_what_another_order_could_do():
    made = planned(two_branches(), schedule="given")
    assert steps(made) == [0, 1, 2, 3, 4]
    assert made.memories[0].peak == 4 + 2 * 50
    assert made.order.method == "given"
    assert 4 + 50 <= made.order.lower_bound <= 4 + 2 + 50


def test_on_a_tie_the_file_is_kept():
    made = planned(chain(4, 9, 9, 4))
    assert (steps(made), made.order) == ([0, 1, 2], PlannedOrder("given", 18, 0))


def test_few_states_are_enough_for_a_lower_peak_than_the_file_has():
    assert planned(two_branches(), states=0).memories[0].peak <= 4 + 2 * 50
    assert planned(two_branches(), states=50).memories[0].peak == 4 + 2 + 50


@settings(max_examples=200, deadline=None)
@given(graphs(), st.booleans(), st.sampled_from(["arena", "external"]), st.sampled_from(["auto", "views", "none"]))
def test_auto_is_never_worse_than_the_file_and_every_order_is_verified(graph, keep_inputs, io, share):
    options = {"keep_inputs": keep_inputs, "io": io, "share": share}
    peaks = {
        schedule: sum(memory.peak for memory in planned(graph, schedule=schedule, **options).memories)
        for schedule in ("auto", "given", "topological", "least-peak")
    }
    assert peaks["auto"] <= peaks["given"] == peaks["topological"]


def test_a_file_that_is_not_sorted_is_refused_unless_it_may_be_sorted():
    graph = chain(4, 8, 2)
    [subgraph] = graph.subgraphs
    turned = replace(graph, subgraphs=(replace(subgraph, ops=subgraph.ops[::-1]),))
    with pytest.raises(ModelError, match="--schedule topological"):
        planned(turned, schedule="given")
    for schedule in ("topological", "auto", "least-peak"):
        made = planned(turned, schedule=schedule)
        assert (steps(made), made.order.method) == ([1, 0], "topological")
        told = [warning for warning in made.warnings if "the file's own order cannot run" in warning]
        assert len(told) == (schedule != "topological")


def test_a_file_that_is_not_sorted_is_planned_as_low_as_one_that_is():
    graph = two_branches()
    [subgraph] = graph.subgraphs
    turned = replace(graph, subgraphs=(replace(subgraph, ops=subgraph.ops[::-1]),))
    made = planned(turned)
    assert made.memories[0].peak == planned(graph).memories[0].peak < planned(graph, schedule="given").memories[0].peak


def test_a_file_that_is_not_sorted_does_not_say_when_variables_change():
    main = Sketch()
    state, late = main.tensor(4, TensorKind.VARIABLE), main.tensor(4)
    main.outputs = [main.op([late, state], 4)]
    main.ops.append(Op("READ", "", (state,), (late,)))
    with pytest.raises(ModelError, match="those that touch one state keep the order of the file"):
        planned(graph_of(main))


def test_no_order_mends_a_circle():
    sketch = Sketch()
    one, two = sketch.tensor(4), sketch.tensor(4)
    sketch.ops = [Op("ONE", "", (two,), (one,)), Op("TWO", "", (one,), (two,))]
    for schedule in OrderMethod:
        with pytest.raises(ModelError, match=r"no order can (run|mend this)"):
            planned(graph_of(sketch), schedule=schedule)


@given(graphs(), st.randoms(use_true_random=False), st.sampled_from(["auto", "topological", "least-peak"]))
def test_operators_that_stand_in_any_order_are_planned(graph, random, schedule):
    turned = replace(
        graph, subgraphs=tuple(replace(s, ops=tuple(random.sample(s.ops, len(s.ops)))) for s in graph.subgraphs)
    )
    if any(t.kind is TensorKind.VARIABLE for s in graph.subgraphs for t in s.tensors):
        return  # what variables hold at a time is what the file's order says
    made = planned(turned, schedule=schedule)  # and verified
    assert made.order.lower_bound <= made.memories[0].live_bytes


def test_an_unknown_schedule_is_an_error():
    with pytest.raises(UsageError, match="schedule is 'best'; choose one of auto, given, topological, least-peak"):
        planned(chain(1, 2), schedule="best")


def test_scratch_counts_in_the_order():
    # Where one of those that make small needs 100 bytes more, it is best late, with x and the other wide one gone.
    made = planned(two_branches(), scratch=[ScratchRule("", 100, subgraph=0, op=3, source="test")])
    assert steps(made) == [0, 1, 2, 3, 4]
    assert made.memories[0].peak == made.order.lower_bound == 2 + 50 + 2 + 100


def leaving():
    """What is joined with an input leaves the scratchpad with it, and then nothing says to run the join early."""
    sketch = Sketch()
    piece = sketch.op([sketch.input(40)], 40)
    last = piece
    for size in (16, 40, 4, 7):
        last = sketch.op([last], size)
    sketch.outputs = [last, sketch.concat(piece, sketch.input(1))]
    return graph_of(sketch)


@pytest.mark.parametrize("schedule", ["auto", "least-peak"])
def test_no_level_of_sharing_takes_less_where_tensors_leave_the_scratchpad(schedule):
    inner = Memory("inner", None, 1, ("activations", "variables"))
    outer = Memory("outer", None, 1, ("activations", "variables", "inputs_outputs"))
    target = Target("two", "", "", (inner, outer), Sharing((EVERY,), (), (EVERY,)))
    peaks = {}
    for share in ("auto", "views", "none"):
        made = plan(Model(INFO, leaving()), target, schedule=schedule, share=share, share_io=True)
        peaks[share] = sum(memory.peak for memory in made.memories)
    assert peaks["auto"] == peaks["none"] == 104


ALL_USES = ("activations", "variables", "inputs_outputs")
SHARES_ALL = Sharing((EVERY,), (EVERY,), (EVERY,))


def two_memories(capacity, outer_holds, sharing):
    """A target with a small memory for activations, and a large one."""
    inner, outer = Memory("inner", capacity, 1, ("activations",)), Memory("outer", None, 1, outer_holds)
    return Target("two", "two memories", "", (inner, outer), sharing)


def test_the_order_within_the_capacities_is_taken_though_its_peaks_add_up_to_more():
    # In the file's order inner needs 68 bytes and outer 128; with the second branch first 36 and 164.
    sketch = Sketch()
    x = sketch.input(100)
    a, b = sketch.op([x], 32), sketch.op([x], 32)
    c = sketch.op([a], 4)
    sketch.outputs = [sketch.op([b], 64), sketch.op([c], 64)]
    model = Model(INFO, graph_of(sketch))
    peaks = {}
    for capacity in (48, None):
        made = plan(model, two_memories(capacity, ("variables", "inputs_outputs"), Sharing((), (), ())))
        assert made.fits
        peaks[capacity] = [memory.peak for memory in made.memories]
    assert peaks == {48: [36, 164], None: [68, 128]}


def test_the_sharing_within_the_capacities_is_taken_though_its_peaks_add_up_to_more():
    # With x the activation a leaves the inner memory, and x is alive longer in the outer one.
    sketch = Sketch()
    x = sketch.input(64)
    a = sketch.unary(x)
    y = sketch.op([a], 64)
    b = sketch.op([y], 48)
    sketch.outputs = [y, sketch.op([b], 8)]
    model = Model(INFO, graph_of(sketch))
    peaks = {}
    for capacity in (48, None):
        made = plan(model, two_memories(capacity, ALL_USES, SHARES_ALL), share_io=True)
        assert made.fits
        peaks[capacity] = [memory.peak for memory in made.memories]
    assert peaks == {48: [48, 128], None: [64, 72]}
