"""The baselines of papers: an order, a rule of replacement, and TensorFlow Lite's allocator."""

from collections.abc import Sequence

from tmpass.base.choices import SpillOrder, Status
from tmpass.planning.residency.transfers.least_peak_order import largest_operator, least_peak_order
from tmpass.planning.residency.transfers.methods import Task, given_order, no_plan
from tmpass.planning.residency.transfers.online import replace_online
from tmpass.planning.residency.transfers.pack_spans import pack_spans
from tmpass.planning.residency.transfers.problem import Episode, TransferPlan, TransferProblem
from tmpass.planning.residency.transfers.replacement import replace_by_bytes
from tmpass.planning.residency.transfers.uses import Span, cost_of
from tmpass.planning.residency.transfers.victims import Choose

ALLOCATOR = "greedy-by-size"
"""TensorFlow Lite's."""


def by_bytes(problem: TransferProblem, task: Task, choose: Choose, name: str) -> TransferPlan:
    """The plan of replacement by bytes, then allocation: TensorFlow Lite's allocator, or any other where it fails."""
    order = _order(problem, task)
    spans = replace_by_bytes(problem, order, choose)
    if spans is None:
        return _none(problem, name)
    for allocator, method in ((ALLOCATOR, f"{name}, {ALLOCATOR}"), ("auto", f"{name}, allocator auto")):
        episodes = pack_spans(problem, spans, allocator, nodes=task.nodes)
        if episodes is not None:
            return _plan(order, episodes, cost_of(problem, spans), method)
    return _none(problem, name)


def as_executed(problem: TransferProblem, task: Task, choose: Choose, name: str) -> TransferPlan:
    """The plan of replacement with addresses chosen as execution goes."""
    order = _order(problem, task)
    episodes = replace_online(problem, order, choose)
    if episodes is None:
        return _none(problem, name)
    return _plan(order, episodes, cost_of(problem, spans_of(problem, episodes)), name)


def spans_of(problem: TransferProblem, episodes: Sequence[Episode]) -> list[list[Span]]:
    """The steps of the episodes of each tensor."""
    spans: list[list[Span]] = [[] for _ in problem.tensors]
    for one in episodes:
        spans[one.tensor].append((one.first, one.last))
    return spans


def _order(problem: TransferProblem, task: Task) -> tuple[int, ...]:
    if task.order is SpillOrder.GIVEN:
        return tuple(given_order(problem))
    return tuple(least_peak_order(problem).order)


def _plan(order: tuple[int, ...], episodes: tuple[Episode, ...], cost: int, method: str) -> TransferPlan:
    """A plan of which nothing is proved, unless it moves nothing."""
    return TransferPlan(order, episodes, cost, 0, Status.FEASIBLE if cost else Status.OPTIMAL, method)


def _none(problem: TransferProblem, name: str) -> TransferPlan:
    too_small = largest_operator(problem)[1] > problem.capacity
    return no_plan(name, Status.INFEASIBLE if too_small else Status.UNKNOWN)
