"""Finds which tensors leave a scratchpad that is too small, when they come back, and where they are meanwhile."""

import os
from typing import TYPE_CHECKING

from tmpass.base.choices import SpillOrder
from tmpass.base.errors import UsageError, VerificationError
from tmpass.base.nearest import hint_of, read_hint
from tmpass.base.reading import MOST_TEXT, read_bounded
from tmpass.base.sizes import parse_size
from tmpass.planning.residency.transfers.problem_json import check_transfer_problem, read_transfer_problem
from tmpass.verification.episodes import check_transfer_plan

if TYPE_CHECKING:
    from tmpass.planning.residency.transfers.least_scratchpad import LeastScratchpad
    from tmpass.planning.residency.transfers.problem import TransferPlan, TransferProblem


def spill(
    graph: "str | os.PathLike[str] | TransferProblem",
    *,
    capacity: int | str | None = None,
    alignment: int = 1,
    parameters: bool = True,
    order: SpillOrder | str = SpillOrder.FREE,
    residency: str = "auto",
    nodes: int | None = None,
    keep: bool = False,
) -> "TransferPlan":
    """The plan that moves the fewest bytes off chip and back, verified before it is returned.

    Args:
        graph: a JSON file of operators and tensors (docs/transfers.md), or a TransferProblem.
        capacity: of the scratchpad, in bytes or as text such as "512KiB". A TransferProblem has its own, and its own
            alignment.
        alignment: of every address in bytes.
        parameters: whether tensors of kind param are in the scratchpad while an operator reads them.
        order: "given" keeps the order of the operators, "free" lets the method choose it.
        residency: the method, one of tmpass.planning.residency.transfers.methods.METHODS, or one that another package
            registers.
        nodes: the budget in steps of the search. The same number gives the same plan everywhere.
        keep: after Ctrl-C, return the best plan so far, marked as `stopped`, instead of raising KeyboardInterrupt.

    Returns:
        A plan; its status says what is proved. INFEASIBLE and UNKNOWN come without operators and episodes,
        and their cost is None.

    Raises:
        UsageError: an argument or the file is wrong.
        VerificationError: the method is wrong. The plan is not returned.
    """
    from tmpass.planning.residency.transfers.find_transfers import find_transfers

    problem = _problem(graph, capacity, alignment, parameters)
    plan = find_transfers(problem, residency, order=_order(order), nodes=nodes, keep=keep)
    _verify(problem, plan, SpillOrder(order), residency)
    return plan


def least_scratchpad(
    graph: "str | os.PathLike[str] | TransferProblem",
    *,
    cost: int | str = 0,
    alignment: int = 1,
    parameters: bool = True,
    order: SpillOrder | str = SpillOrder.FREE,
    nodes: int | None = None,
    keep: bool = False,
) -> "LeastScratchpad":
    """The smallest scratchpad in which a plan moves at most `cost` bytes, with that plan, which is verified.

    Args:
        graph: as for `spill`. The capacity of a TransferProblem is not used.
        cost: bytes that may cross beyond the compulsory ones, or a text such as "64KiB".
        alignment: as for `spill`.
        parameters: as for `spill`.
        order: as for `spill`.
        nodes: the budget for each capacity that is tried.
        keep: after Ctrl-C, return the best so far, with `plan.stopped`, instead of raising KeyboardInterrupt.

    Raises:
        UsageError: an argument or the file is wrong.
        VerificationError: the method is wrong.
    """
    from tmpass.planning.residency.transfers.least_scratchpad import least_scratchpad as search

    is_file = isinstance(graph, str | os.PathLike)
    problem = _problem(graph, 0 if is_file else None, alignment, parameters)
    found = search(problem, order=_order(order), cost=parse_size(cost, "cost"), nodes=nodes, keep=keep)
    _verify(found.problem, found.plan, SpillOrder(order))
    return found


def _order(order: SpillOrder | str) -> SpillOrder:
    if order not in tuple(SpillOrder):
        raise UsageError(f"the order {order!r} is unknown", hint=hint_of(order, SpillOrder))
    return SpillOrder(order)


def _verify(problem: "TransferProblem", plan: "TransferPlan", order: SpillOrder, residency: str = "auto") -> None:
    from tmpass.planning.residency.transfers.methods import METHODS

    violations = check_transfer_plan(problem, plan, keeps_order=order is SpillOrder.GIVEN)
    if violations:
        whose = "tmpass" if residency in METHODS else "the package that brings it"
        raise VerificationError(
            f"method {plan.method} broke a law: {violations[0].message}",
            violations=violations,
            hint=f"this is a fault of {whose}; please report it with the graph",
        )


def _problem(
    graph: "str | os.PathLike[str] | TransferProblem", capacity: int | str | None, alignment: int, parameters: bool
) -> "TransferProblem":
    if not isinstance(graph, str | os.PathLike):
        if capacity is not None or alignment != 1 or not parameters:
            raise UsageError("a TransferProblem has its own capacity, alignment and parameters", hint="set them there")
        check_transfer_problem(graph)
        return graph
    if capacity is None:
        raise UsageError("the capacity of the scratchpad is missing", hint='give bytes, or text such as "512KiB"')
    where = os.fspath(graph)
    try:
        text = read_bounded(where, MOST_TEXT).decode("utf-8-sig")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot read it: {reason}", where=where, hint=read_hint(error, where)) from None
    size = parse_size(capacity, "capacity")
    return read_transfer_problem(text, where, capacity=size, alignment=alignment, parameters=parameters)
