"""Greedy online: where a tensor finds no gap, the set of tensors leaves that moves the fewest bytes.

In a free order, the operators run in the order of least peak.

Source: a baseline of Li, Gupta, Malik (arXiv 2311.18246), read as replacement with addresses chosen as execution goes.
"""

from tmpass.planning.residency.transfers.baseline import as_executed
from tmpass.planning.residency.transfers.methods import Task
from tmpass.planning.residency.transfers.problem import TransferPlan, TransferProblem
from tmpass.planning.residency.transfers.victims import cheapest


def solve(problem: TransferProblem, task: Task) -> TransferPlan:
    """The plan that the rule gives, whatever it costs; none where the tensors of an operator find no place."""
    return as_executed(problem, task, cheapest, "greedy-online")
