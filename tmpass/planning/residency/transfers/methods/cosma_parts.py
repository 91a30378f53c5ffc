"""COSMA by divide and conquer: the order is cut where few tensors cross, and each part solved after those before it.

In a free order, the order of least peak is cut, and the order inside of each part is free.

Source: Li, Gupta, Malik (arXiv 2311.18246); `cosma/parts.py` has the cuts.
"""

from tmpass.base.choices import SpillOrder, Status
from tmpass.planning.residency.transfers.cosma.episodes import plan_of
from tmpass.planning.residency.transfers.cosma.parts import solve_parts
from tmpass.planning.residency.transfers.least_peak_order import least_peak_order
from tmpass.planning.residency.transfers.methods import Task, given_order, no_plan
from tmpass.planning.residency.transfers.problem import TransferPlan, TransferProblem


def solve(problem: TransferProblem, task: Task) -> TransferPlan:
    """The plan of all parts, of which nothing is proved unless it moves nothing."""
    kept = task.order is SpillOrder.GIVEN
    order = given_order(problem) if kept else least_peak_order(problem).order
    steps = solve_parts(problem, order, keep_order=kept, nodes=task.nodes)
    return no_plan("cosma-parts", Status.UNKNOWN) if steps is None else plan_of(problem, steps, 0, "cosma-parts")
