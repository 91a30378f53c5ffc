"""Belady online: where a tensor finds no gap, the tensor with the furthest next use leaves, until one is large enough.

In a free order, the operators run in the order of least peak.

Source: a baseline of Li, Gupta, Malik (arXiv 2311.18246), read as replacement with addresses chosen as execution goes.
"""

from tmpass.planning.residency.transfers.baseline import as_executed
from tmpass.planning.residency.transfers.methods import Task
from tmpass.planning.residency.transfers.problem import TransferPlan, TransferProblem
from tmpass.planning.residency.transfers.victims import furthest


def solve(problem: TransferProblem, task: Task) -> TransferPlan:
    """The plan that the rule gives, whatever it costs; none where the tensors of an operator find no place."""
    return as_executed(problem, task, furthest, "belady-online")
