"""COSMA's integer program for the whole problem: exact where CP-SAT proves it, and for small problems only.

Source: Li, Gupta, Malik (arXiv 2311.18246); `cosma/program.py` has the rows.
"""

from tmpass.base.choices import SpillOrder, Status
from tmpass.planning.residency.transfers.cosma.episodes import plan_of
from tmpass.planning.residency.transfers.cosma.solve import solve_window
from tmpass.planning.residency.transfers.cosma.window import whole
from tmpass.planning.residency.transfers.methods import Task, given_order, no_plan
from tmpass.planning.residency.transfers.problem import TransferPlan, TransferProblem


def solve(problem: TransferProblem, task: Task) -> TransferPlan:
    """The plan that CP-SAT finds, with the lower bound that it proves."""
    if not problem.operators:
        return no_plan("cosma", Status.OPTIMAL)
    window = whole(problem, given_order(problem), keep_order=task.order is SpillOrder.GIVEN)
    answer = solve_window(window, nodes=task.nodes)
    if not answer.steps:
        return no_plan("cosma", answer.status, answer.bound)
    return plan_of(problem, answer.steps, answer.bound, "cosma")
