"""The time of a run in what people read: one line with its parts, what is assumed, and what does not count."""

import json
from dataclasses import replace

import pytest
from planning.run_time.test_find_time import weighted
from support.planning import INFO
from support.timed import planned_for, timed

from tmpass.explanation.explain import explain
from tmpass.loading.load import Model
from tmpass.plans.diff import diff
from tmpass.plans.planned_time import PlannedTime
from tmpass.report.json.explanation import to_json
from tmpass.report.needs import memory_lines
from tmpass.report.page.data import how
from tmpass.report.run_time import duration, time_line
from tmpass.report.terminal.difference import head
from tmpass.report.terminal.explanation import head as explained
from tmpass.report.terminal.summary import summary

GRAPH = weighted(30, 30, 30)
PLAN = planned_for(GRAPH, timed(80, chunk=None))
LINE = "0.1 ns: 0.0 ns compute, 0.1 ns copies; lower bound 0.1 ns"


def lined(**change) -> str:
    known = PlannedTime(2_500_000_000, 1_000_000_000, 2_000_000_000, 0, 500_000_000, 2_000_000_000)
    return time_line(replace(PLAN, time=replace(known, **change)))


def test_the_line_has_the_parts_that_count():
    assert lined() == "2.50 ms: 1.00 ms compute, 2.00 ms copies, 500.0 us hidden; lower bound 2.00 ms"
    assert lined(lower_bound=2_500_000_000).endswith("; lower bound reached")
    assert lined(hidden=0, copies=0) == "2.50 ms: 1.00 ms compute, 0 copies; lower bound 2.00 ms"
    assert lined(hidden=0, copies=0, accesses=7_000) == (
        "2.50 ms: 1.00 ms compute, 7.0 ns outside; lower bound 2.00 ms"
    )
    assert time_line(replace(PLAN, time=None)) == ""


def test_what_does_not_count_and_what_is_assumed_follow():
    assert lined(compute=None, unknown=("macs_per_second",)).endswith("; lower bound 2.00 ms; without computing")
    assert lined(unknown=("far.bandwidth", "macs_per_second")).endswith(
        "; without far (no bandwidth in profile) and computing"
    )
    assert lined(assumed=("far.bandwidth",)).endswith("; lower bound 2.00 ms (assumed)")
    named = replace(PLAN, time=replace(PLAN.time, assumed=("far.bandwidth", "prefetch")))
    assert time_line(named, names=True).endswith(" (assumed: far.bandwidth, prefetch)")


@pytest.mark.parametrize(
    ("picoseconds", "text"),
    [(0, "0"), (7_000, "7.0 ns"), (105_200_000, "105.2 us"), (2_500_000_000, "2.50 ms"), (3 * 10**12, "3.000 s")],
)
def test_times_have_a_unit(picoseconds, text):
    assert duration(picoseconds) == text


def test_every_output_has_the_line():
    assert f"time         {LINE}\n" in summary(PLAN)
    assert f"time  {LINE}" in next(line for line in memory_lines(PLAN) if line.startswith("time"))
    known = explain(Model(INFO, GRAPH), timed(80, chunk=None))
    assert f"time         {LINE}\n" in explained(known)
    assert json.loads(to_json(known))["time"]["total"] == PLAN.time.total
    assert how(PLAN)


def test_a_plan_without_a_time_has_no_line():
    assert "\ntime " not in summary(planned_for(GRAPH, timed(None, compute=None)))


def test_two_times_that_count_the_same_are_compared():
    other = planned_for(GRAPH, timed(60, chunk=None))
    found = diff(PLAN, other)
    assert (found.time.old, found.time.new) == (PLAN.time.total, other.time.total)
    assert f"time         {duration(PLAN.time.total)} -> {duration(other.time.total)} for one run, +" in head(
        PLAN, other, found
    )
    assert diff(PLAN, planned_for(GRAPH, timed(80, chunk=None, compute=None))).time is None
    assert diff(PLAN, replace(PLAN, time=None)).time is None


def test_the_curve_has_the_time_at_each_size():
    goal = timed(80, chunk=None)
    points = explain(Model(INFO, GRAPH), goal, curve=True).curve
    for one in points:
        made = planned_for(GRAPH, timed(one.size, chunk=None), transfers="never")
        assert one.seconds == (made.time.total / 1e12 if made.time else None)
        assert one.computing == (made.time is not None)
