"""The summary of a plan of spills and fetches where there is none, or one that is not proved."""

from dataclasses import replace

import pytest
from planning.residency.transfers.drawn import problem_of

from tmpass.base.choices import SpillOrder, Status
from tmpass.planning.residency.transfers.problem import Episode, TransferPlan
from tmpass.report.terminal.transfers import transfer_summary

PROBLEM = problem_of([4, 4, 4], [((0,), (1,)), ((1,), ()), ((0,), (2,))], 8, inputs=(0,), outputs=(2,))
NONE = TransferPlan((), (), 0, 3, Status.INFEASIBLE, "cosma")


@pytest.mark.parametrize(
    ("order", "line"),
    [
        (SpillOrder.GIVEN, "no addresses exist in the given order within 8 B; try --order free, or more --capacity"),
        (SpillOrder.FREE, "no addresses exist in any order within 8 B; try more --capacity"),
    ],
)
def test_what_has_no_addresses_says_in_which_orders(order, line):
    assert transfer_summary(PROBLEM, NONE, order) == f"infeasible: {line}\n"


@pytest.mark.parametrize(
    ("method", "hint"),
    [("free-order", "more --nodes"), ("fixed-order", "more --nodes"), ("belady", "--residency auto, or more --nodes")],
)
def test_a_budget_that_ended_has_a_bound_and_a_hint(method, hint):
    plan = replace(NONE, status=Status.UNKNOWN, method=method)
    found = f"unknown: {method} found no plan within 8 B and its budget; lower bound 3 B; try {hint}\n"
    assert transfer_summary(PROBLEM, plan, SpillOrder.FREE) == found


def test_a_gap_is_named_and_so_is_another_order():
    rows = (Episode(0, 0, 0, 0), Episode(0, 2, 2, 0), Episode(1, 0, 1, 4), Episode(2, 2, 2, 4))
    plan = TransferPlan((0, 1, 2), rows, 4, 1, Status.FEASIBLE, "belady")
    text = transfer_summary(PROBLEM, plan, SpillOrder.GIVEN)
    assert "lower bound     1 B in the given order, gap 3 B\nstatus          feasible\n" in text
    assert "compulsory      4 B loaded, 4 B stored\ntransfers       0 spills, 1 fetch, 1 tensor\n" in text
    assert "order           as given\n" in text
    assert "order           reordered\n" in transfer_summary(PROBLEM, replace(plan, order=(2, 0, 1)), SpillOrder.FREE)
