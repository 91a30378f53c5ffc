"""The laws of a plan of spills and fetches: an order of operators, and episodes of tensors in a scratchpad.

    step        0     1     2     3     4
    activation  [=====|=====]           [=====]      made at step 0; leaves after step 1 and comes back at step 4, for a
    input             [=====]     [=====|=====]      spill and a fetch. The input costs nothing at step 1, and its size
                                                     at step 3.

A plan is right where

- the order has each operator once, after the makers of its inputs, and is the given one where the user asks for it;
- each tensor of an operator is in the scratchpad at its step, in one episode;
- an episode is within the steps and the capacity, at a multiple of the alignment, and shares no byte with another one
  at the same step; those of one tensor share no step;
- an activation's first episode begins at the step that makes it, and at least one step is between its first two: the
  spill takes place at that step. All other episodes of one tensor may follow each other at once;
- the cost is right: the size of a tensor for each episode after its first one, and once more for an activation that has
  several, unless the graph returns it and so stores it in any case;
- the lower bound is not above the cost, and equal to it exactly where the plan is said to be optimal.

That no plan has a lower cost, or that none exists, is not checked: these proofs are the searches' own.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from tmpass.base.errors import brief
from tmpass.base.violation import Violation
from tmpass.verification.overlaps import Held, find_overlaps

if TYPE_CHECKING:
    from tmpass.planning.residency.transfers.problem import Episode, TransferPlan, TransferProblem

_ACTIVATION = "act"
_PROVED, _FOUND, _NONE = "optimal", "feasible", ("infeasible", "unknown")


def check_transfer_plan(
    problem: "TransferProblem", plan: "TransferPlan", *, keeps_order: bool = False
) -> tuple[Violation, ...]:
    """The laws that `plan` breaks; empty if it is right. Later laws are checked only where the order is right.

    Args:
        problem: that the plan solves.
        plan: to be judged.
        keeps_order: whether the operators have to run in the order of the problem.
    """
    if str(plan.status) in _NONE:
        return tuple(_no_plan(plan))
    if found := tuple(_order(problem, plan, keeps_order)) or tuple(_numbers(problem, plan)):
        return found
    own: list[list[Episode]] = [[] for _ in problem.tensors]
    for episode in sorted(plan.episodes, key=lambda one: (one.tensor, one.first, one.last)):
        own[episode.tensor].append(episode)
    found = (*_times(problem, plan, own), *_uses(problem, plan, own), *_overlaps(problem, plan))
    return (*found, *_figures(problem, plan, own))


def _no_plan(plan: "TransferPlan") -> Iterator[Violation]:
    if plan.order or plan.episodes or plan.cost is not None:
        yield Violation("status", f"the status is {plan.status}, but there are operators, episodes or a cost")


def _order(problem: "TransferProblem", plan: "TransferPlan", keeps_order: bool) -> Iterator[Violation]:
    count = len(problem.operators)
    if sorted(plan.order) != list(range(count)):
        yield Violation("order", f"the order does not have each of the {count} operators once")
        return
    if keeps_order and tuple(plan.order) != tuple(range(count)):
        yield Violation("order", "the operators do not run in the given order")
    there = {at for at, tensor in enumerate(problem.tensors) if tensor.kind.value != _ACTIVATION}
    for step, op in enumerate(plan.order):
        for tensor in problem.operators[op].inputs:
            if tensor not in there:
                name = _name(problem, tensor)
                yield Violation(
                    "order", f"operator {op} reads {name} at step {step}, before it is made", name, step=step
                )
        there.update(problem.operators[op].outputs)


def _numbers(problem: "TransferProblem", plan: "TransferPlan") -> Iterator[Violation]:
    """The episodes whose numbers are out of range, or not aligned."""
    for one in plan.episodes:
        if not 0 <= one.tensor < len(problem.tensors):
            yield Violation("missing", f"an episode is of tensor {one.tensor}, which is not there")
            continue
        name, end = _name(problem, one.tensor), one.address + problem.tensors[one.tensor].size
        place = f"{name} in the steps {one.first} to {one.last}"
        if not 0 <= one.first <= one.last < len(plan.order):
            yield Violation("live range", f"{place} is not within the {len(plan.order)} steps", name)
        if one.address < 0 or one.address % problem.alignment:
            message = f"{place} is at {one.address}, which is not a multiple of {problem.alignment}"
            yield Violation("alignment", message, name, step=one.first, low=one.address, high=end)
        if end > problem.capacity:
            message = f"{place} ends at byte {end}, {end - problem.capacity} above the capacity {problem.capacity}"
            yield Violation("capacity", message, name, step=one.first, low=one.address, high=end)


def _times(problem: "TransferProblem", plan: "TransferPlan", own: "list[list[Episode]]") -> Iterator[Violation]:
    """Episodes of one tensor that share a step, or begin before there is anything to fetch."""
    made = {tensor: step for step, op in enumerate(plan.order) for tensor in problem.operators[op].outputs}
    for at, episodes in enumerate(own):
        name = _name(problem, at)
        for one, two in pairwise(episodes):
            if two.first <= one.last:
                yield Violation("overlap", f"{name} is in two episodes at step {two.first}", name, step=two.first)
        if problem.tensors[at].kind.value != _ACTIVATION or not episodes:
            continue
        first = episodes[0].first
        if first != made[at]:
            message = f"{name} is in the scratchpad from step {first} on, but step {made[at]} makes it"
            yield Violation("live range", message, name, step=first)
        if len(episodes) > 1 and episodes[1].first == episodes[0].last + 1:
            message = f"{name} comes back at step {episodes[1].first}, with no step for its spill"
            yield Violation("copy", message, name, step=episodes[1].first)


def _uses(problem: "TransferProblem", plan: "TransferPlan", own: "list[list[Episode]]") -> Iterator[Violation]:
    """Tensors that are not in the scratchpad when their operator runs."""
    place = dict.fromkeys(range(len(own)), 0)  # uses come by rising step, as episodes do
    for step, op in enumerate(plan.order):
        row = problem.operators[op]
        for tensor in (*row.inputs, *row.outputs):
            episodes = own[tensor]
            while place[tensor] < len(episodes) and episodes[place[tensor]].last < step:
                place[tensor] += 1
            at = place[tensor]
            if at == len(episodes) or episodes[at].first > step:
                name = _name(problem, tensor)
                yield Violation("missing", f"{name} is not in the scratchpad at step {step}", name, step=step)


def _overlaps(problem: "TransferProblem", plan: "TransferPlan") -> Iterator[Violation]:
    held = [
        Held(one.first, one.last, one.address, one.address + problem.tensors[one.tensor].size, (one.tensor, number))
        for number, one in enumerate(plan.episodes)
    ]
    for one, two in find_overlaps(held):
        first, second = _name(problem, one.key[0]), _name(problem, two.key[0])
        low, high = max(one.low, two.low), min(one.high, two.high)
        message = f"{first} and {second} share the bytes {low} to {high} at step {two.first}"
        yield Violation("overlap", message, first, second, two.first, low, high)


def _figures(problem: "TransferProblem", plan: "TransferPlan", own: "list[list[Episode]]") -> Iterator[Violation]:
    """Cost, bound and status where they contradict the episodes or each other."""
    cost = 0
    for at, episodes in enumerate(own):
        tensor, returns = problem.tensors[at], max(0, len(episodes) - 1)
        spill = bool(returns) and tensor.kind.value == _ACTIVATION and at not in problem.outputs
        cost += tensor.size * (returns + spill)
    if plan.cost is None or plan.cost != cost:
        yield Violation("figures", f"the cost is {plan.cost}, but the episodes move {cost} bytes")
        if plan.cost is None:
            return
    if not 0 <= plan.lower_bound <= plan.cost:
        yield Violation("figures", f"the lower bound {plan.lower_bound} is not in 0 .. {plan.cost}")
    right = _PROVED if plan.lower_bound == plan.cost else _FOUND
    if str(plan.status) != right:
        message = f"the status is {plan.status}; with cost {plan.cost} and lower bound {plan.lower_bound} it is {right}"
        yield Violation("status", message)


def _name(problem: "TransferProblem", at: int) -> str:
    return brief(problem.tensors[at].name)
