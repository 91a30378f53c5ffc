"""COSMA's integer program for the whole problem: exact where CP-SAT proves it, and for small problems only.

Source: Li, Gupta, Malik (arXiv 2311.18246); `cosma/program.py` has the rows.
"""

from dataclasses import replace

from tmpass.base.choices import SpillOrder, Status
from tmpass.planning.residency.transfers.baseline import by_bytes
from tmpass.planning.residency.transfers.cosma.episodes import plan_of
from tmpass.planning.residency.transfers.cosma.program import cells
from tmpass.planning.residency.transfers.cosma.solve import MAX_CELLS, solve_window
from tmpass.planning.residency.transfers.cosma.window import Window, whole
from tmpass.planning.residency.transfers.methods import Task, given_order, no_plan
from tmpass.planning.residency.transfers.problem import TransferPlan, TransferProblem
from tmpass.planning.residency.transfers.victims import furthest

_START_NODES = 100_000
"""Of the packing of the first plan: tenths of a second."""


def solve(problem: TransferProblem, task: Task) -> TransferPlan:
    """The plan that CP-SAT finds, beginning with that of belady, and the lower bound that it proves.

    Where CP-SAT finds none as cheap, the plan of belady is the answer. One that moves nothing needs no CP-SAT.
    """
    start = by_bytes(problem, replace(task, nodes=min(task.nodes, _START_NODES)), furthest, "cosma, belady")
    if start.cost == 0:
        return start
    answer = solve_window(_window(problem, task.order), nodes=task.nodes, start=None if start.cost is None else start)
    if answer.stopped and not task.keep:
        raise KeyboardInterrupt
    found = no_plan("cosma", answer.status, answer.bound)
    if answer.steps:
        found = plan_of(problem, answer.steps, answer.bound, "cosma")
    start, found = (replace(plan, stopped=answer.stopped) for plan in (start, found))
    if start.cost is None or (found.cost is not None and found.cost <= start.cost):
        return found
    bound = min(answer.bound, start.cost)
    return replace(start, lower_bound=bound, status=Status.OPTIMAL if bound == start.cost else Status.FEASIBLE)


def is_too_large(problem: TransferProblem, order: SpillOrder) -> bool:
    """Whether CP-SAT is not asked, whatever the budget."""
    return cells(_window(problem, order)) > MAX_CELLS


def _window(problem: TransferProblem, order: SpillOrder) -> Window:
    return whole(problem, given_order(problem), keep_order=order is SpillOrder.GIVEN)
