"""Plans with spills and fetches: right ones pass, and each kind of wrong one is found from the model and the plan."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from support.graphs import Sketch, graph_of
from support.travelling import least_with_transfers, network, planned, target, travelling

from tmpass.graph.model import Call, Graph
from tmpass.plans.plan import Plan, PlannedBuffer, PlannedTransfers
from tmpass.targets import Target
from tmpass.verification.conformance import check_target
from tmpass.verification.plan import check_plan
from tmpass.verification.trust import taken_on_trust

PLAN = planned(network(), target(88, 8))
"""Tensor 1, `far`, and tensor 2, `old`, leave once each."""

FAR = next(b for b in PLAN.buffers if (0, 1) in b.tensors and b.first is None)


def kinds(made: Plan, graph: Graph | None = None) -> set[str]:
    return {violation.kind for violation in check_plan(made, graph or network())}


def messages(made: Plan) -> str:
    return "\n".join(violation.message for violation in check_plan(made, network()))


def row(memory: str, which: int = -1) -> PlannedBuffer:
    """A further row of `far` in a memory."""
    return [b for b in PLAN.buffers if b.first == FAR.id and b.memory == memory][which]


def with_rows(changes: dict[int, dict[str, int]]) -> Plan:
    rows = tuple(replace(b, **changes.get(b.id, {})) for b in PLAN.buffers)
    return replace(PLAN, buffers=rows)


def with_row(number: int, **change: object) -> Plan:
    return with_rows({number: change})


def without(*numbers: int) -> Plan:
    """The plan without some of its last rows, and with figures that fit the rest."""
    rows = [b for b in PLAN.buffers if b.id not in numbers]
    rows = [replace(b, id=at) for at, b in enumerate(rows)]
    spilled, fetched = (sum(b.size for b in rows if b.first is not None and b.memory == m) for m in ("far", "near"))
    figures = PlannedTransfers("far", spilled, fetched, 0)
    return replace(PLAN, buffers=tuple(rows), transfers=figures, status="feasible")


def test_the_plan_that_is_broken_here_is_right():
    assert check_plan(PLAN, network()) == []
    assert PLAN.transfers is not None
    assert PLAN.transfers.moved == PLAN.transfers.lower_bound > 0
    assert (PLAN.fits, PLAN.status) == (True, "optimal")
    assert row("far").lower == FAR.upper
    assert row("near").lower < row("far").upper


def with_range(index: int, live_range: tuple[int, int] | None, made: Plan = PLAN) -> Plan:
    rows = tuple(replace(t, live_range=live_range) if t.index == index else t for t in made.tensors)
    return replace(made, tensors=rows)


def test_a_wrong_live_range():
    lower, upper = PLAN.tensor((0, 1)).live_range
    for wrong in (None, (lower, upper + 1), (lower, upper - 1), (lower + 1, upper)):
        assert f"is needed in the steps [{lower}, {upper})" in messages(with_range(1, wrong))
    stays = next(t for t in PLAN.tensors if t.live_range is None)
    assert "but its buffer does not leave the scratchpad" in messages(with_range(stays.index, (0, 1)))
    whole = planned(network(), target(200, 8))
    assert "but the plan has no transfers" in messages(with_range(1, (lower, upper), whole))


def test_a_missing_spill():
    assert "no spill has put it into the memory behind" in messages(without(row("far").id))


def test_a_missing_fetch():
    broken = without(row("near").id)
    assert "is not in the scratchpad at step 7, where its operator needs it" in messages(broken)


def test_a_copy_that_is_made_after_its_fetch():
    late = with_row(row("far").id, lower=row("near").lower + 1, upper=row("near").lower + 2)
    assert "no spill has put it" in messages(late)


def test_a_spill_of_what_is_not_there():
    assert "is spilled before step 0, but is not in the scratchpad" in messages(with_row(row("far").id, lower=0))


def test_a_copy_that_is_older_than_the_bytes():
    # The output of the second half is written in place over `far`, after its copy was made.
    sketch = Sketch()
    x = sketch.input(8)
    a = sketch.op([x], 32)
    y = sketch.op([a], 40)
    y = sketch.op([y], 8)
    b = sketch.unary(a)
    y = sketch.op([y], 40)
    y = sketch.op([y], 8)
    sketch.outputs = [sketch.op([y, b], 8)]
    graph = graph_of(sketch)
    made = planned(graph, target(72, 8), schedule="given")
    assert made.fits
    assert check_plan(made, graph) == []
    first = next(i for i in made.buffers if {(0, a), (0, b)} <= set(i.tensors) and i.first is None)
    away = [i for i in made.buffers if i.first == first.id and i.memory == "far"]
    assert len(away) == 2  # one copy of each version
    rows = [i for i in made.buffers if i != away[1]]
    rows = [replace(i, upper=away[1].upper) if i == away[0] else i for i in rows]
    figures = replace(made.transfers, spilled=made.transfers.spilled - 32, lower_bound=0)
    rows = tuple(replace(i, id=at) for at, i in enumerate(rows))
    stale = replace(made, buffers=rows, transfers=figures, status="feasible")
    found = [violation.message for violation in check_plan(stale, graph) if violation.kind == "transfer"]
    assert found
    assert all("older than its bytes" in message for message in found)


def test_a_fetch_into_bytes_that_are_taken():
    step = row("near").lower
    other = next(b for b in PLAN.buffers if b.memory == "near" and b.lower <= step < b.upper and b.first != FAR.id)
    assert "overlap" in kinds(with_row(row("near").id, offset=other.offset))


def test_a_fetch_past_the_end():
    assert "capacity" in kinds(with_row(row("near").id, offset=96))


def test_an_address_that_is_not_aligned():
    assert "alignment" in kinds(with_row(row("near").id, offset=row("near").offset + 1))


def test_two_copies_over_each_other_in_the_memory_behind():
    places = {b.offset for b in PLAN.buffers if b.memory == "far"}
    other = next((b for b in PLAN.buffers if b.memory == "far" and b.first != FAR.id), None)
    assert other is not None
    assert len(places) == 2
    assert "overlap" in kinds(with_row(other.id, offset=row("far").offset))


def test_a_residence_that_ends_before_its_last_use():
    step = FAR.upper - 1
    early = with_rows({FAR.id: {"upper": step}, row("far").id: {"lower": step}})
    assert f"is not in the scratchpad at step {step}" in messages(early)


def test_a_residence_that_begins_too_late():
    old = next(b for b in PLAN.buffers if b.first not in (None, FAR.id) and b.memory == "near")
    stored = next(b for b in PLAN.buffers if b.first == old.first and b.memory == "far")
    assert old.upper > old.lower + 1
    late = with_rows({old.id: {"lower": old.lower + 1}, stored.id: {"upper": stored.upper + 1}})
    assert f"is not in the scratchpad at step {old.lower}" in messages(late)


def test_two_residences_at_one_time():
    assert "is in the scratchpad twice" in messages(with_row(FAR.id, upper=row("near").upper))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spilled": 0}, "bytes spilled"),
        ({"fetched": 1}, "bytes spilled"),
        ({"lower_bound": 10**6}, "must be moved"),
        ({"lower_bound": 8, "any_order": 16}, "every order moves 16 bytes, but this one 8"),
        ({"memory": "near"}, "buffers leave near for"),
        ({"memory": "none"}, "buffers leave near for"),
    ],
)
def test_wrong_figures(change, message):
    assert message in messages(replace(PLAN, transfers=replace(PLAN.transfers, **change)))


def test_a_status_that_does_not_follow_from_the_bound():
    assert "status" in kinds(replace(PLAN, transfers=replace(PLAN.transfers, lower_bound=0, any_order=0)))


@pytest.mark.parametrize(
    "change", [{"size": 8}, {"tensors": ((0, 2),)}, {"first": 10**6}, {"memory": "none"}, {"lower": 5, "upper": 5}]
)
def test_a_row_that_is_no_residence_of_its_buffer(change):
    assert kinds(with_row(row("near").id, **change)) & {"transfer", "missing", "alias"}


def test_further_residences_in_a_plan_without_transfers():
    assert "the plan has no transfers" in messages(replace(PLAN, transfers=None))


def test_transfers_where_the_options_or_the_runtime_have_none():
    never = replace(PLAN, options=replace(PLAN.options, transfers="never"))
    assert "with transfers 'never'" in messages(never)
    micro = replace(PLAN, target=replace(PLAN.target, runtime="litert"))
    assert "with transfers 'auto' and runtime 'litert'" in messages(micro)


def test_what_a_body_touches_does_not_leave():
    """A tensor that a branch captures leaves before the If of the broken plan, as if another operator came there."""
    graph = network()
    main = graph.subgraphs[0]
    ops = list(main.ops)
    ops[3] = replace(ops[3], calls=(Call(1, "then"),))
    body = Sketch("then")
    body.outputs = [body.op([], 8)]
    called = replace(graph, subgraphs=(replace(main, ops=tuple(ops)), body.done()))
    made = planned(called, target(96, 8))
    assert check_plan(made, called) == []
    assert made.transfers is not None
    inside = {step.step for step in made.schedule if step.subgraph == 1}
    assert not {b.lower for b in made.buffers if b.first is not None} & inside
    number = next(b.id for b in made.buffers if b.first is not None and b.memory == "far")
    rows = list(made.buffers)
    rows[number] = replace(rows[number], lower=min(inside))
    found = check_plan(replace(made, buffers=tuple(rows)), called)
    assert any("while an operator runs its bodies" in violation.message for violation in found)


@settings(max_examples=25, deadline=None)
@given(travelling())
def test_every_row_of_a_plan_is_needed(graph):
    """Without any one spill or fetch, or with any one of them a step later, a plan is wrong."""
    made = least_with_transfers(graph)
    if made is None:
        return
    assert check_plan(made, graph) == []
    for b in made.buffers:
        if b.first is not None:
            rows = list(made.buffers)
            rows[b.id] = replace(b, lower=b.lower + 1, upper=max(b.upper, b.lower + 2))
            assert check_plan(replace(made, buffers=tuple(rows)), graph)


def against(made: Plan, goal: Target) -> set[str]:
    return {v.message for v in check_target(made, goal, made.model.file, {}, network()) if v.kind == "target"}


def test_a_target_without_a_memory_behind_refuses_transfers():
    goal = target(88, 8)
    assert against(PLAN, goal) == set()
    near, far = goal.memories
    assert any("which t cannot do" in text for text in against(PLAN, replace(goal, memories=(far, near))))
    micro = replace(goal, runtime=replace(goal.runtime, name="tflm"))
    assert any("which t cannot do" in text for text in against(PLAN, micro))
    weights = replace(goal, memories=(near, replace(far, holds=("weights",))))
    assert any("is spilled to far, which holds no activations" in text for text in against(PLAN, weights))


def test_the_bound_on_transfers_is_on_trust():
    trusted = [one.message for one in taken_on_trust(PLAN, target(88, 8)) if one.what == "transfers"]
    assert trusted == [
        f"with this order and sharing, no run moves less than {PLAN.transfers.moved} B",
        f"with this sharing, no run moves less than {PLAN.transfers.any_order} B, whatever the order",
    ]


def test_a_copy_of_what_stays():
    early = with_row(row("far").id, lower=FAR.upper - 1)
    assert "stays in the scratchpad then" in messages(early)
