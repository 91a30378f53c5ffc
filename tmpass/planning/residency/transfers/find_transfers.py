"""One function over all methods of residency."""

from dataclasses import replace

from tmpass.base.choices import SpillOrder, Status
from tmpass.base.errors import UsageError
from tmpass.planning.residency.transfers.least_peak_order import largest_operator
from tmpass.planning.residency.transfers.methods import METHODS, Task, method_named, no_plan
from tmpass.planning.residency.transfers.problem import Episode, TransferPlan, TransferProblem

DEFAULT_NODES = 2_000_000
"""The budget by default: seconds for most networks, minutes for densely wired ones in a free order."""

MAX_NODES = 2**40

_AFTER_STOP = 20_000
"""Nodes after Ctrl-C: four times what the networks of tests/bench/transfers_fixed.py need in a given order."""


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
        method: a name in tmpass.planning.residency.transfers.methods.METHODS, or one that another package registers.
        order: keep the given order, or let the method choose it.
        nodes: the budget in steps of the search. The same number gives the same plan everywhere.
        keep: after Ctrl-C, return the best plan so far, or one that is made in little time, marked as `stopped`.

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
    plan = replace(no_plan(method, Status.UNKNOWN), stopped=True)
    try:
        plan = _checked(solver.solve(problem, Task(SpillOrder(order), budget, keep)), method)
    except KeyboardInterrupt:
        if not keep:
            raise
    return _soon(problem, plan) if plan.stopped and plan.cost is None else plan


def _checked(plan: object, method: str) -> TransferPlan:
    """`plan`, if it has the types that a TransferPlan says: methods of other packages may return anything.

    Raises:
        UsageError: it has not.
    """
    if method in METHODS and isinstance(plan, TransferPlan):
        return plan
    fault = _fault(plan)
    if fault or not isinstance(plan, TransferPlan):
        raise UsageError(f"the method of residency {method!r} returned {fault}", hint="report it to its package")
    return plan


def _fault(plan: object) -> str:
    """What is wrong with the types of `plan`; empty where nothing is."""
    if not isinstance(plan, TransferPlan):
        return f"{type(plan).__name__}, not a TransferPlan"
    if not isinstance(plan.order, tuple) or not all(type(number) is int for number in plan.order):
        return "an order that is not a tuple of int"
    if not isinstance(plan.episodes, tuple) or not all(isinstance(one, Episode) for one in plan.episodes):
        return "episodes that are not a tuple of Episode"
    numbers = (number for one in plan.episodes for number in (one.tensor, one.first, one.last, one.address))
    if not all(type(number) is int for number in (plan.lower_bound, plan.cost or 0, *numbers)):
        return "a number that is not an int"
    return "" if isinstance(plan.status, Status) else "a status that is not a Status"


def _soon(problem: TransferProblem, plan: TransferPlan) -> TransferPlan:
    """A plan in the given order with a small budget, in place of `plan`, which Ctrl-C ended before it had one."""
    try:
        soon = find_transfers(problem, order=SpillOrder.GIVEN, nodes=_AFTER_STOP)
    except KeyboardInterrupt:
        return plan
    if soon.cost is None:
        return plan
    bound = min(plan.lower_bound, soon.cost)
    status = Status.OPTIMAL if bound == soon.cost else Status.FEASIBLE
    return replace(soon, lower_bound=bound, status=status, stopped=True)
