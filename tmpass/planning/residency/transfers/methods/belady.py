"""Belady by bytes: where a step has too many, the tensor with the furthest next use leaves; addresses come afterwards.

In a free order, the operators run in the order of least peak.

Source: a baseline of Li, Gupta, Malik (arXiv 2311.18246), read as replacement by sizes, then TensorFlow Lite's
allocator.
"""

from tmpass.planning.residency.transfers.baseline import by_bytes
from tmpass.planning.residency.transfers.methods import Task
from tmpass.planning.residency.transfers.problem import TransferPlan, TransferProblem
from tmpass.planning.residency.transfers.victims import furthest


def solve(problem: TransferProblem, task: Task) -> TransferPlan:
    """The plan that the rule gives, whatever it costs."""
    return by_bytes(problem, task, furthest, "belady")
