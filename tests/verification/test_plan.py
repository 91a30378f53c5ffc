"""Plans that were tampered with: one test for each kind of violation, and none where nothing is wrong."""

import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.drawn import draw_graph, shuffled
from support.graphs import Sketch, graph_of, graphs

from tmpass.api.plan import plan
from tmpass.api.verify import verify
from tmpass.base.dtypes import FLOAT32, DType
from tmpass.base.errors import ModelError
from tmpass.graph.model import Call, Op, TensorKind
from tmpass.loading.load import Model
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.plan import PlannedStep, TargetInfo
from tmpass.verification.plan import check_plan


def model(graph) -> Model:
    return Model(ModelInfo("test", "test", "0" * 64), graph)


@pytest.fixture
def graph():
    """Input 0 [16] -> op0 -> 1 [32] -> view -> 2 -> op2 (+ weights 3, state 4) -> output 5 [8]."""
    sketch = Sketch()
    x = sketch.input(16)
    y = sketch.view(sketch.op([x], 32))
    weights, state = sketch.tensor(64, TensorKind.CONSTANT), sketch.tensor(8, TensorKind.VARIABLE)
    sketch.outputs = [sketch.op([y, weights, state], 8)]
    return graph_of(sketch)


@pytest.fixture
def good(graph):
    return plan(model(graph), alignment=16, budget=128)


def edit(rows, index, **changes):
    return (*rows[:index], replace(rows[index], **changes), *rows[index + 1 :])


def kinds(plan, graph):
    return [v.kind for v in check_plan(plan, graph)]


def move(plan, buffer, offset):
    """`plan` with a buffer, and the tensors in it, at another offset; its peak follows."""
    buffers = edit(plan.buffers, buffer, offset=offset)
    tensors = tuple(replace(t, offset=offset) if t.buffer == buffer else t for t in plan.tensors)
    peak = max(b.offset + b.size for b in buffers)
    memory = replace(plan.memories[0], peak=peak)
    status = "optimal" if peak == memory.lower_bound else "feasible"
    return replace(plan, buffers=buffers, tensors=tensors, memories=(memory,), status=status)


def test_a_good_plan_breaks_no_law(good, graph):
    assert check_plan(good, graph) == []


@settings(max_examples=200, deadline=None)
@given(graphs(), st.booleans(), st.sampled_from(["arena", "external"]), st.sampled_from(["views", "none"]))
def test_plans_are_good(graph, keep_inputs, io, share):
    made = plan(model(graph), keep_inputs=keep_inputs, io=io, share=share)
    assert check_plan(made, graph) == []


def test_overlap_names_both_tensors_the_step_and_the_bytes(good, graph):
    x, y = good.tensors[0].buffer, good.tensors[1].buffer
    moved = move(good, y, good.buffers[x].offset)
    overlap = next(v for v in check_plan(moved, graph) if v.kind == "overlap")
    assert (overlap.first, overlap.second, overlap.step) == ("tensor 0 't0'", "tensor 1 't1'", 0)
    assert overlap.high - overlap.low == 16
    bytes_shared = f"bytes {overlap.low}..{overlap.high - 1} of scratchpad"
    assert overlap.message == f"tensor 0 't0' and tensor 1 't1' share {bytes_shared} at step 0"


@settings(max_examples=200, deadline=None)
@given(graphs(), st.data())
def test_no_move_that_makes_buffers_collide_goes_unseen(graph, data):
    made = plan(model(graph), alignment=1)
    clashes = [
        (a.id, b.id)
        for a in made.buffers
        for b in made.buffers
        if a.id != b.id and a.lower < b.upper and b.lower < a.upper and a.size and b.size
        if not a.gaps and not b.gaps  # in which not all of a buffer is in use
    ]
    if clashes:
        a, b = data.draw(st.sampled_from(clashes))
        inside = data.draw(st.integers(0, made.buffers[b].size - 1))
        assert "overlap" in kinds(move(made, a, made.buffers[b].offset + inside), graph)


def test_alignment(good, graph):
    assert "alignment" in kinds(move(good, 0, 1), graph)


def test_capacity(good, graph):
    violation = next(v for v in check_plan(move(good, 0, 1024), graph) if v.kind == "capacity")
    assert "above the capacity 128 of scratchpad" in violation.message


@pytest.mark.parametrize("change", [{"lower": 1}, {"upper": 1}, {"upper": 9}])
def test_a_live_range_that_is_not_what_the_schedule_needs(good, graph, change):
    index = good.tensors[1].buffer
    assert kinds(replace(good, buffers=edit(good.buffers, index, **change)), graph) == ["live range"]


def test_a_shorter_live_range_hides_no_overlap(good, graph):
    """Overlap is judged by what the schedule needs."""
    y = good.tensors[1].buffer
    out = good.tensors[5].buffer
    claimed = replace(good, buffers=edit(good.buffers, y, upper=2))
    assert "overlap" in kinds(move(claimed, out, good.buffers[y].offset), graph)


def test_tensors_that_nothing_ties_together(good, graph):
    x, y = good.tensors[0].buffer, good.tensors[1].buffer
    tensors = edit(good.tensors, 0, buffer=y, offset=good.buffers[y].offset)
    buffers = edit(good.buffers, y, tensors=((0, 0), *good.buffers[y].tensors))
    found = check_plan(replace(good, tensors=tensors, buffers=edit(buffers, x, tensors=())), graph)
    assert found[0].kind == "alias"


def test_a_view_is_no_tie_when_sharing_is_off(good, graph):
    apart = replace(good, options=replace(good.options, share="none"))
    violation = check_plan(apart, graph)[0]
    assert (violation.kind, violation.first, violation.second) == ("alias", "tensor 1 't1'", "tensor 2 't2'")


def test_two_tensors_of_a_loop_that_would_overwrite_each_other():
    main, body = Sketch(), Sketch("body")
    body.outputs = [body.view(body.input(4))]
    main.op([main.input(4)], 4, calls=(Call(1, "body", repeats=True),))
    graph = graph_of(main, body)
    made = plan(model(graph))
    first, second = (made.tensors[i].buffer for i in (2, 3))
    assert first != second
    merged = replace(
        made,
        tensors=edit(made.tensors, 3, buffer=first, offset=made.buffers[first].offset),
        buffers=edit(edit(made.buffers, first, tensors=((1, 0), (1, 1))), second, tensors=((1, 1),)),
    )
    assert "alias" in kinds(merged, graph)


def test_a_tensor_that_is_missing_or_listed_twice(good, graph):
    assert kinds(replace(good, tensors=good.tensors[1:]), graph) == ["missing"]
    assert kinds(replace(good, tensors=(*good.tensors, good.tensors[0])), graph) == ["missing"]


def test_a_tensor_without_a_buffer(good, graph):
    row = replace(good, tensors=edit(good.tensors, 5, buffer=None, offset=None))
    assert kinds(row, graph) == ["missing"]


@pytest.mark.parametrize("role", ["unplanned", "constant", "activation"])
def test_a_role_that_is_not_true(good, graph, role):
    assert kinds(replace(good, tensors=edit(good.tensors, 5, role=role)), graph) == ["missing"]


@pytest.mark.parametrize("change", [{"bytes": 8}, {"shape": (8,)}, {"dtype": "int8"}, {"name": "other"}])
def test_a_tensor_that_is_not_the_model_s(good, graph, change):
    assert kinds(replace(good, tensors=edit(good.tensors, 0, **change)), graph) == ["size"]


def test_a_buffer_too_small_for_its_tensor(good, graph):
    index = good.tensors[1].buffer
    assert "size" in kinds(replace(good, buffers=edit(good.buffers, index, size=4)), graph)


def test_a_tensor_apart_from_its_buffer(good, graph):
    assert kinds(replace(good, tensors=edit(good.tensors, 0, offset=96)), graph) == ["offset"]


@pytest.mark.parametrize("buffer", [99, -1])
def test_a_buffer_that_is_not_listed(good, graph, buffer):
    assert "missing" in kinds(replace(good, tensors=edit(good.tensors, 0, buffer=buffer)), graph)


def test_a_buffer_in_no_memory(good, graph):
    assert "missing" in kinds(replace(good, buffers=edit(good.buffers, 0, memory="nowhere")), graph)


def test_memory_that_operators_do_not_use(good, graph):
    behind = replace(good, memories=edit(good.memories, 0, compute=False))
    violation = next(v for v in check_plan(behind, graph) if v.kind == "memory")
    assert violation.message.endswith("is in scratchpad, which operators do not use directly")


@pytest.mark.parametrize(
    "change", [{"peak": 1}, {"live_bytes": 1}, {"lower_bound": 1}, {"lower_bound": 100}, {"capacity": 16}]
)
def test_figures_that_do_not_follow(good, graph, change):
    assert set(kinds(replace(good, memories=(replace(good.memories[0], **change),)), graph)) & {"peak", "memory"}


@pytest.mark.parametrize("change", [{"status": "feasible"}, {"status": "infeasible"}, {"fits": False}])
def test_a_status_that_does_not_follow(good, graph, change):
    assert kinds(replace(good, **change), graph) == ["status"]


@pytest.mark.parametrize(
    "schedule",
    [
        lambda steps: steps[:-1],
        lambda steps: (*steps, steps[-1]),
        lambda steps: (replace(steps[0], op=1), replace(steps[1], op=0), *steps[2:]),
        lambda steps: edit(steps, 0, kind="OTHER"),
        lambda steps: edit(steps, 0, step=7),
        lambda steps: edit(steps, 0, subgraph=1),
        lambda steps: edit(steps, 0, op=-1),
    ],
)
def test_a_schedule_that_is_no_run_of_the_model(good, graph, schedule):
    assert kinds(replace(good, schedule=schedule(good.schedule)), graph) == ["schedule"]


def test_an_operator_before_what_it_reads_from(good, graph):
    first, second, third = good.schedule
    swapped = (replace(second, step=0), replace(first, step=1), third)
    violation = check_plan(replace(good, schedule=swapped), graph)[0]
    assert "tensor 1 't1' is not written yet" in violation.message


def test_unknown_sizes_need_the_option():
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.input("n", dtype=FLOAT32)], 8)]
    graph = graph_of(sketch)
    made = plan(model(graph), allow_unplanned=True)
    assert check_plan(made, graph) == []
    assert kinds(replace(made, options=replace(made.options, allow_unplanned=False)), graph) == ["missing"]


@pytest.mark.parametrize(("known", "found"), [(True, []), (False, ["missing"])])
def test_a_type_without_bytes_may_be_left_out_and_an_unknown_one_not(known, found):
    sketch = Sketch()
    sketch.input(4, dtype=DType("odd", None, "it is odd", known=known))
    graph = graph_of(sketch)
    made = plan(model(graph), allow_unplanned=True)
    assert kinds(made, graph) == []
    assert kinds(replace(made, options=replace(made.options, allow_unplanned=False)), graph) == found


def test_what_is_outside_the_arena_must_be_tied_to_an_end(graph):
    made = plan(model(graph), io="external")
    assert check_plan(made, graph) == []
    inner = made.tensors[1]
    lost = replace(
        made,
        tensors=edit(edit(made.tensors, 1, buffer=None, offset=None), 2, buffer=None, offset=None),
        buffers=tuple(b for b in made.buffers if b.id != inner.buffer),
    )
    assert "missing" in kinds(lost, graph)


def test_verify_takes_the_model_s_bytes_into_account(good, graph):
    other = Model(ModelInfo("other", "test", "1" * 64), graph)
    assert [v.kind for v in verify(good, other)] == ["model"]
    assert verify(good, model(graph)) == ()


def test_verify_against_a_target(good, graph):
    assert verify(good, model(graph), target="pixel6-tpu") == ()
    roomy = replace(good, options=replace(good.options, budget=None))
    assert {v.kind for v in verify(roomy, model(graph), target="pixel6-tpu")} == {"target"}
    assert {v.kind for v in verify(good, model(graph), target="tflm")} == {"target"}


@pytest.mark.parametrize(
    "change",
    [
        {"target": TargetInfo("pixel6-tpu", "nowhere")},
        {"options": {"budget": 64}},
        {"options": {"alignment": 32}},
        {"memory": {"alignment": 0}},
        {"memory": {"capacity": -1}},
        {"memories": 2},
    ],
)
def test_memories_that_are_not_those_asked_for(good, graph, change):
    memory = replace(good.memories[0], **change.get("memory", {}))
    broken = replace(
        good,
        target=change.get("target", good.target),
        options=replace(good.options, **change.get("options", {})),
        memories=(memory,) * change.get("memories", 1),
    )
    assert set(kinds(broken, graph)) == {"memory"}


def test_against_a_target_a_constant_with_a_buffer_is_a_violation_like_any_other(good, graph):
    odd = replace(good, tensors=edit(good.tensors, 3, buffer=0, offset=good.buffers[0].offset))
    assert "missing" in [v.kind for v in verify(odd, model(graph), target="pixel6-tpu")]


def test_an_entry_that_an_operator_runs_keeps_its_ends_in_the_arena():
    """Where the body is run by CALL, no caller brings memory for what goes in and comes out of it."""
    main, body = Sketch(), Sketch("body")
    x = main.input(8)
    main.outputs = [main.op([x], 8, calls=(Call(1, "call"),))]
    body.outputs = [body.op([body.input(8)], 8)]
    graph = graph_of(main, body, entries=(0, 1))
    made = plan(model(graph), io="external")
    assert [row.buffer is None for row in made.tensors] == [True, True, False, False]
    assert check_plan(made, graph) == []
    lost = replace(
        made,
        tensors=tuple(replace(row, buffer=None, offset=None) for row in made.tensors),
        buffers=(),
        memories=(replace(made.memories[0], peak=0, lower_bound=0, live_bytes=0, traffic=0),),
        order=replace(made.order, lower_bound=0),
    )
    assert kinds(lost, graph) == ["missing", "missing"]


def test_a_variable_has_storage_though_an_output_outside_shows_it():
    sketch = Sketch()
    state = sketch.tensor(8, TensorKind.VARIABLE)
    sketch.outputs = [sketch.view(state)]
    graph = graph_of(sketch)
    made = plan(model(graph), io="external")
    assert check_plan(made, graph) == []
    lost = replace(
        made,
        tensors=edit(made.tensors, 0, buffer=None, offset=None),
        buffers=(),
        memories=(replace(made.memories[0], peak=0, lower_bound=0, live_bytes=0),),
    )
    assert kinds(lost, graph) == ["missing"]


def test_a_buffer_that_claims_more_than_its_tensors_have(good, graph):
    """It would make a false lower bound, and so a false "infeasible", look right."""
    assert kinds(replace(good, buffers=edit(good.buffers, 0, size=1 << 20)), graph) == ["size"]


def test_an_offset_without_a_buffer(good, graph):
    constant = next(i for i, row in enumerate(good.tensors) if row.role == "constant")
    assert kinds(replace(good, tensors=edit(good.tensors, constant, offset=64)), graph) == ["offset"]


def test_messages_stay_short_whatever_a_plan_holds(good, graph):
    odd = replace(good, tensors=edit(good.tensors, 0, shape=(1,) * 100_000))
    assert all(len(v.message) < 600 for v in check_plan(odd, graph))


def test_bodies_deeper_than_any_plan():
    levels = []
    for depth in range(2000):
        sketch = Sketch(f"level {depth}")
        sketch.op([], 1, calls=(Call(depth + 1, "call"),))
        levels.append(sketch)
    graph = graph_of(*levels, Sketch("last"))
    steps = tuple(PlannedStep(d, d, 0, "OP", "op0") for d in range(2000))
    empty = plan(model(graph_of(Sketch())))
    assert kinds(replace(empty, schedule=steps), graph) == ["schedule"]


# The order.


def two_orders():
    """Two operators that can run in either order."""
    main = Sketch()
    x = main.input(4)
    main.outputs = [main.op([x], 4), main.op([x], 4)]
    return graph_of(main)


def test_a_bound_on_all_orders_that_this_one_is_below_is_wrong():
    graph = two_orders()
    made = plan(model(graph))
    wrong = replace(made, order=replace(made.order, lower_bound=made.memories[0].live_bytes + 1))
    assert [v.kind for v in check_plan(wrong, graph)] == ["order"]


def test_an_order_that_the_file_does_not_have_is_not_the_given_one():
    graph = two_orders()
    made = plan(model(graph))
    rows = made.schedule
    turned = (replace(rows[1], step=0), replace(rows[0], step=1))
    other = replace(made, schedule=turned, order=replace(made.order, method="least-peak"))
    kinds = {v.kind for v in check_plan(replace(made, schedule=turned), graph)}
    assert "order" in kinds
    assert "order" not in {v.kind for v in check_plan(other, graph)}


@pytest.mark.parametrize(
    ("asked", "method"), [("given", "least-peak"), ("topological", "given"), ("auto", "topological")]
)
def test_an_order_that_was_not_asked_for(asked, method):
    graph = two_orders()
    made = plan(model(graph), schedule=asked)
    wrong = replace(made, order=replace(made.order, method=method))
    assert "order" in {v.kind for v in check_plan(wrong, graph)}
    assert check_plan(made, graph) == []


@pytest.mark.parametrize("asked", ["topological", "auto"])
def test_another_order_than_the_topological_one_is_not_called_so(asked):
    """A file that is not sorted: the first operator reads what the last one makes."""
    main = Sketch()
    x, late = main.input(4), main.tensor(4)
    main.outputs = [main.op([late], 4), main.op([x], 4)]
    main.ops.append(Op("OP", "late", (x,), (late,)))
    graph = graph_of(main)
    made = plan(model(graph), schedule="topological")
    made = replace(made, options=replace(made.options, schedule=asked))
    assert [row.op for row in made.schedule] == [1, 2, 0]
    assert check_plan(made, graph) == []
    rows = (made.schedule[1], made.schedule[0], made.schedule[2])
    turned = replace(made, schedule=tuple(replace(row, step=at) for at, row in enumerate(rows)))
    message = "step 0: operator 2 of subgraph 0 is not where the topological order has it"
    assert message in [v.message for v in check_plan(turned, graph) if v.kind == "order"]


@pytest.mark.parametrize("seed", range(8))
def test_topological_plans_of_drawn_files_are_topological_to_the_verifier(seed):
    """With state, bodies that run several times, and files that are not sorted; each order is its own computation."""
    rng = random.Random(seed)
    sorted_anew = 0
    for _ in range(40):
        graph = shuffled(rng, draw_graph(rng, 8, groups=0.1))
        try:
            made = plan(model(graph), schedule="topological")  # verified
        except ModelError:  # state and data in a cycle
            continue
        sorted_anew += any(row.op < before.op for before, row in pairwise(made.schedule))
    assert sorted_anew > 10


def test_a_view_of_what_a_custom_operator_may_write_is_apart():
    main = Sketch()
    a = main.op([main.input(4)], 8)
    v = main.view(a)
    main.outputs = [main.op([v], 4), main.op([a], 4, custom=True)]
    graph = graph_of(main)
    made = plan(model(graph), alignment=1)
    assert made.tensors[a].buffer != made.tensors[v].buffer
    buffer = made.tensors[a].buffer
    together = replace(
        made,
        tensors=edit(made.tensors, v, buffer=buffer, offset=made.tensors[a].offset),
        buffers=tuple(replace(b, tensors=((0, a), (0, v)) if b.id == buffer else b.tensors) for b in made.buffers),
    )
    assert check_plan(together, graph) != []


def test_facts_that_others_kept_with_plan_and_graph_are_not_believed(good, graph):
    assert check_plan(good, graph) == []
    wrong = edit(good.tensors, 1, offset=64)
    assert kinds(replace(good, tensors=wrong), graph) != []
    listed = replace(good, tensors=list(good.tensors))
    assert check_plan(listed, graph) == []
    listed.tensors[1] = wrong[1]
    assert check_plan(listed, graph) == check_plan(replace(good, tensors=wrong), graph)
    main = graph.subgraphs[0]
    for record in (graph, main):
        assert record.fact(id) == id(record)
        for of in record._facts:
            record._facts[of] = None
    assert main.sizes is None
    assert check_plan(good, graph) == []
