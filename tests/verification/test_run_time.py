"""The time that a plan states: a right one passes, and every other figure is found from the rows and the target."""

from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.graphs import Sketch, graph_of
from support.planning import INFO
from support.timed import planned_for, timed
from support.travelling import network, travelling

from tmpass.api.verify import verify
from tmpass.graph.model import Call, TensorKind
from tmpass.loading.load import Model
from tmpass.plans.plan import Plan
from tmpass.plans.planned_time import PlannedTime
from tmpass.verification.run_time.check import check_time
from tmpass.verification.trust import taken_on_trust

GOAL = timed(88, prefetch=True, read=2, write=5, alignment=8)
PLAN = planned_for(network(), GOAL)


def messages(made: Plan, goal=GOAL, graph=None) -> list[str]:
    return [violation.message for violation in check_time(made, graph or network(), goal)]


def test_the_time_of_a_plan_is_right():
    assert PLAN.time is not None
    assert PLAN.transfers is not None
    assert messages(PLAN) == []
    assert verify(PLAN, Model(INFO, network()), target=GOAL) == ()


@pytest.mark.parametrize("name", [f.name for f in fields(PlannedTime)])
def test_each_false_figure_is_found(name):
    old = getattr(PLAN.time, name)
    false = replace(PLAN, time=replace(PLAN.time, **{name: ("x",) if isinstance(old, tuple) else old + 1}))
    assert messages(false) == [messages(false)[0]]
    assert f"the plan's time has {name} " in messages(false)[0]
    assert [one.kind for one in verify(false, Model(INFO, network()), target=GOAL)] == ["time"]
    assert verify(false, Model(INFO, network())) == ()


def test_the_time_of_another_target_is_found():
    for other in (
        timed(88, prefetch=True, read=4, write=5, alignment=8),
        timed(88, prefetch=True, read=2, write=4, alignment=8),
        timed(88, prefetch=True, read=2, write=5, alignment=8, compute=2),
        timed(88, prefetch=True, read=2, write=5, alignment=8, compute=None),
        timed(88, read=2, write=5, alignment=8),
    ):
        assert messages(PLAN, other)


def test_an_older_plan_without_a_time_is_right():
    assert messages(replace(PLAN, time=None)) == []


def test_a_plan_that_does_not_fit_has_no_time():
    assert messages(replace(PLAN, fits=False)) == ["a plan that does not fit has no time"]


def test_without_a_target_the_time_is_taken_on_trust():
    claims = {one.what: one.message for one in taken_on_trust(PLAN, None)}
    assert claims["time"] == f"one run takes {PLAN.time.total} ps by the speeds of the target"
    assert "time" not in {one.what for one in taken_on_trust(PLAN, GOAL)}


def test_bodies_are_walked_through_as_the_planner_does():
    sketch = Sketch()
    y = sketch.op([sketch.input(10)], 10)
    y = sketch.op([y], 10, calls=(Call(1, "body"),))
    y = sketch.op([y, sketch.tensor(30, TensorKind.CONSTANT)], 10)
    sketch.outputs = [sketch.op([y, sketch.tensor(20, TensorKind.CONSTANT)], 10)]
    body = Sketch("body")
    a = body.input(10)
    body.outputs = [body.op([body.op([a, body.tensor(9, TensorKind.CONSTANT)], 10)], 10)]
    for capacity in range(50, 110, 5):
        goal = timed(capacity, chunk=None, prefetch=True)
        made = planned_for(graph_of(sketch, body), goal)  # which is verified
        assert made.time is None or messages(made, goal, graph_of(sketch, body)) == []


@settings(max_examples=60, deadline=None)
@given(travelling(), st.booleans(), st.sampled_from([0.6, 0.8, 1]), st.sampled_from(["bytes", "time"]), st.data())
def test_drawn_plans_pass_and_a_moved_figure_does_not(graph, prefetch, share, objective, data):
    whole = planned_for(graph, timed(None)).memories[0].needed
    goal = timed(max(1, int(whole * share)), prefetch=prefetch, read=2, write=5)
    made = planned_for(graph, goal, objective=objective)  # its own time is verified
    if made.time is not None:
        name = data.draw(st.sampled_from(["total", "compute", "copies", "hidden", "lower_bound"]))
        false = replace(made, time=replace(made.time, **{name: getattr(made.time, name) + 1}))
        assert messages(false, goal, graph)
