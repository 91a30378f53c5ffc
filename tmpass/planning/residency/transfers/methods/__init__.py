"""One file per method of residency. Each offers `solve(problem, task) -> TransferPlan`, and sees no graph or target."""

from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from tmpass.base.choices import SpillOrder, Status
from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.planning.residency.transfers.problem import TransferPlan, TransferProblem

METHODS = {
    "auto": "auto",
    "belady": "belady",
    "belady-online": "belady_online",
    "greedy": "greedy",
    "greedy-online": "greedy_online",
    "cosma": "cosma",
    "cosma-parts": "cosma_parts",
}
"""Name on the command line -> module."""


@record
class Task:
    """What a method is to do.

    Fields:
        order: GIVEN: the operators run as the problem lists them. FREE: the method chooses their order.
        nodes: the budget, in steps of the method's search.
        keep: after Ctrl-C, return the best plan so far, marked as `stopped`, where the method can.
    """

    order: SpillOrder
    nodes: int
    keep: bool = False


class Method(Protocol):
    """The contract of a method: a module in METHODS."""

    def solve(self, problem: TransferProblem, task: Task) -> TransferPlan:
        """The plan that the method finds, and what it proves."""


def method_named(name: str) -> Method:
    """The method `name`.

    Raises:
        UsageError: there is none of this name.
    """
    if name not in METHODS:
        raise UsageError(f"the method of residency {name!r} is unknown", hint="choose one of " + ", ".join(METHODS))
    return cast(Method, import_module(f"{__name__}.{METHODS[name]}"))


def no_plan(method: str, status: Status, bound: int = 0) -> TransferPlan:
    """The answer of `method` when it has no plan."""
    return TransferPlan((), (), None, bound, status, method)


def given_order(problem: TransferProblem) -> Sequence[int]:
    """The operators as the problem lists them."""
    return range(len(problem.operators))
