"""One function over all methods of residency."""

from dataclasses import replace

from tmpass.base.choices import SpillOrder, Status
from tmpass.base.errors import UsageError
from tmpass.planning.residency.transfers.least_peak_order import largest_operator
from tmpass.planning.residency.transfers.methods import Task, method_named, no_plan
from tmpass.planning.residency.transfers.problem import TransferPlan, TransferProblem

DEFAULT_NODES = 2_000_000
"""The budget by default: seconds for most networks, minutes for densely wired ones in a free order."""

MAX_NODES = 2**40


def find_transfers(
    problem: TransferProblem,
    method: str = "auto",
    *,
    order: SpillOrder,
    nodes: int | None = None,
    keep: bool = False,
) -> TransferPlan:
    """The plan that a method finds for `problem`.

    Args:
        problem: operators, tensors and the scratchpad.
        method: a name in tmpass.planning.residency.transfers.methods.METHODS.
        order: keep the given order, or let the method choose it.
        nodes: the budget in steps of the search. The same number gives the same plan everywhere.
        keep: after Ctrl-C, return the best plan so far, marked as `stopped`.

    Returns:
        A plan, INFEASIBLE where none exists (in the given order, if that is to be kept), UNKNOWN where none was found.

    Raises:
        UsageError: the method is unknown, or `nodes` is out of range.
        KeyboardInterrupt: after Ctrl-C without `keep`.
    """
    budget = DEFAULT_NODES if nodes is None else nodes
    if type(budget) is not int or not 0 <= budget <= MAX_NODES:
        raise UsageError(f"the budget is {nodes!r} nodes", hint="give a whole number in 0 .. 2^40")
    solver = method_named(method)
    if not problem.operators:
        return TransferPlan((), (), 0, 0, Status.OPTIMAL, method)
    if largest_operator(problem)[1] > problem.capacity:
        return no_plan(method, Status.INFEASIBLE)
    # Nobody needs more than room for all tensors side by side, and kernels have a largest capacity.
    everything = sum(-(-tensor.size // problem.alignment) * problem.alignment for tensor in problem.tensors)
    problem = replace(problem, capacity=min(problem.capacity, everything))
    try:
        return solver.solve(problem, Task(SpillOrder(order), budget, keep))
    except KeyboardInterrupt:
        if not keep:
            raise
        return replace(no_plan(method, Status.UNKNOWN), stopped=True)
