"""The summary of `tmpass spill` without a plan, and with a plan that is not proved optimal."""

from dataclasses import replace

import pytest
from planning.residency.transfers.drawn import problem_of

from tmpass.base.choices import SpillOrder, Status
from tmpass.planning.residency.transfers.methods import cosma
from tmpass.planning.residency.transfers.problem import Episode, TransferPlan
from tmpass.report.terminal.transfers import transfer_summary, travel_table
from tmpass.verification.episodes import check_transfer_plan

PROBLEM = problem_of([4, 4, 4], [((0,), (1,)), ((1,), ()), ((0,), (2,))], 8, inputs=(0,), outputs=(2,))
NONE = TransferPlan((), (), None, 3, Status.INFEASIBLE, "cosma")


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


@pytest.mark.parametrize("method", ["belady-online", "greedy-online"])
def test_more_nodes_are_no_hint_for_a_method_without_a_budget(method):
    text = transfer_summary(PROBLEM, replace(NONE, status=Status.UNKNOWN, method=method), SpillOrder.FREE)
    assert text == f"unknown: {method} found no plan within 8 B; lower bound 3 B; try --residency auto\n"


def test_more_nodes_are_no_hint_for_a_program_that_is_too_large(monkeypatch):
    plan = replace(NONE, status=Status.UNKNOWN, method="cosma")
    assert transfer_summary(PROBLEM, plan, SpillOrder.FREE).endswith("try --residency auto, or more --nodes\n")
    monkeypatch.setattr(cosma, "MAX_CELLS", 3)
    text = transfer_summary(PROBLEM, plan, SpillOrder.FREE)
    assert text.endswith("within 8 B: the program is too large; lower bound 3 B; try --residency auto\n")


def test_after_ctrl_c_there_is_no_hint():
    plan = replace(NONE, status=Status.UNKNOWN, method="auto", stopped=True)
    text = transfer_summary(PROBLEM, plan, SpillOrder.FREE)
    assert text == "unknown: auto found no plan within 8 B before it was interrupted; lower bound 3 B\n"


def rows_of(problem, plan):
    table, more = travel_table(problem, plan)
    return list(zip(*(column.cells for column in table.columns), strict=True)), more


def test_a_row_for_each_return_says_when_a_tensor_leaves():
    """Tensor 0 is an input, and 1 is made by operator 0: it is copied out beside step 1, and only once."""
    operators = [((0,), (1,)), ((), (2,)), ((0, 1), ()), ((2,), ()), ((1,), ())]
    problem = problem_of([4, 4, 4], operators, 8, inputs=(0,))
    rows = [(0, 0, 0, 0), (0, 2, 2, 0), (1, 0, 0, 4), (1, 2, 2, 4), (1, 4, 4, 0), (2, 1, 1, 0), (2, 3, 3, 0)]
    plan = TransferPlan(tuple(range(5)), tuple(Episode(*row) for row in rows), 24, 0, Status.FEASIBLE, "belady")
    assert check_transfer_plan(problem, plan) == ()
    shown, more = rows_of(problem, plan)
    assert [row[1:4] for row in shown] == [("4", "-", "2"), ("4", "1", "2"), ("4", "2", "3"), ("4", "-", "4")]
    assert [row[4].partition(" ")[0] for row in shown] == ["2", "2", "3", "4"]
    assert more == 0


def test_the_table_ends_after_twenty_rows():
    problem = problem_of([4], [((0,), ())] * 30, 8, inputs=(0,))
    rows = tuple(Episode(0, step, step, 0) for step in range(30))
    shown, more = rows_of(problem, TransferPlan(tuple(range(30)), rows, 116, 0, Status.FEASIBLE, "belady"))
    assert (len(shown), more) == (20, 9)


def test_what_stays_has_no_table():
    plan = TransferPlan((0, 1, 2), (Episode(0, 0, 2, 0),), 0, 0, Status.OPTIMAL, "belady")
    assert travel_table(PROBLEM, plan) is None


def test_a_gap_is_named_and_so_is_another_order():
    rows = (Episode(0, 0, 0, 0), Episode(0, 2, 2, 0), Episode(1, 0, 1, 4), Episode(2, 2, 2, 4))
    plan = TransferPlan((0, 1, 2), rows, 4, 1, Status.FEASIBLE, "belady")
    text = transfer_summary(PROBLEM, plan, SpillOrder.GIVEN)
    assert "lower bound     1 B in the given order, gap 3 B\nstatus          feasible\n" in text
    assert "compulsory      4 B loaded, 4 B stored\ntransfers       0 spills, 1 fetch, 1 tensor\n" in text
    assert "order           as given\n" in text
    assert "order           reordered\n" in transfer_summary(PROBLEM, replace(plan, order=(2, 0, 1)), SpillOrder.FREE)
