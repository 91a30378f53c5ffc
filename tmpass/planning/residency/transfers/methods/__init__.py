"""One file per method of residency. Each offers `solve(problem, task) -> TransferPlan`, and sees no graph or target.

Other packages bring theirs in the entry point group GROUP; docs/dev/adding.md has the steps.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from tmpass.base.choices import SpillOrder, Status
from tmpass.base.errors import UsageError
from tmpass.base.nearest import hint_of
from tmpass.base.plugins import load_registered, registered_names
from tmpass.base.record import record
from tmpass.planning.residency.transfers.problem import TransferPlan, TransferProblem

_NAMES = ("auto", "belady", "belady-online", "greedy", "greedy-online", "cosma", "cosma-parts")

METHODS = {name: name.replace("-", "_") for name in _NAMES}
"""Name on the command line -> module."""

GROUP = "tmpass.residency"
"""The entry point group in which other packages register theirs; a built-in name always means the built-in one."""


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
    """The contract of a method: a module in METHODS, or what an entry point names."""

    def solve(self, problem: TransferProblem, task: Task) -> TransferPlan:
        """The plan that the method finds, and what it proves."""


def method_named(name: str) -> Method:
    """The method `name`: a built-in one, or one that another package registers.

    Raises:
        UsageError: there is none of this name, or it cannot be imported.
    """
    if name in METHODS:
        return cast(Method, import_module(f"{__name__}.{METHODS[name]}"))
    found = load_registered(GROUP, name, ("solve",))
    if found is None:
        known = dict.fromkeys((*METHODS, *registered_names(GROUP)))
        raise UsageError(f"the method of residency {name!r} is unknown", hint=hint_of(name, known))
    return cast(Method, found)


def no_plan(method: str, status: Status, bound: int = 0) -> TransferPlan:
    """The answer of `method` when it has no plan."""
    return TransferPlan((), (), None, bound, status, method)


def given_order(problem: TransferProblem) -> Sequence[int]:
    """The operators as the problem lists them."""
    return range(len(problem.operators))
