"""The plan that the steps of COSMA's solutions describe."""

from collections.abc import Sequence

from tmpass.base.choices import Status
from tmpass.planning.residency.transfers.cosma.solve import Step
from tmpass.planning.residency.transfers.problem import Episode, TransferPlan, TransferProblem
from tmpass.planning.residency.transfers.uses import Span, cost_of, steps_of_uses


def plan_of(problem: TransferProblem, steps: Sequence[Step], bound: int, method: str) -> TransferPlan:
    """The plan of all steps. Episodes end at their last use, and those without a use are left out."""
    order = tuple(step.op for step in steps)
    uses = steps_of_uses(problem, order)
    spans: list[list[Span]] = [[] for _ in problem.tensors]
    episodes = []
    for tensor, first, last, address in _runs(steps):
        inside = [use for use in uses[tensor] if first <= use <= last]
        if inside:
            spans[tensor].append((inside[0], inside[-1]))
            episodes.append(Episode(tensor, inside[0], inside[-1], address))
    cost = cost_of(problem, spans)
    bound = min(bound, cost)
    status = Status.OPTIMAL if bound == cost else Status.FEASIBLE
    rows = tuple(sorted(episodes, key=lambda one: (one.tensor, one.first)))
    return TransferPlan(order, rows, cost, bound, status, method)


def _runs(steps: Sequence[Step]) -> list[tuple[int, int, int, int]]:
    """Each tensor with the first and last step of a stay, and its address."""
    runs: list[tuple[int, int, int, int]] = []
    began: dict[int, int] = {}
    for at, step in enumerate(steps):
        before = steps[at - 1].on_chip if at else {}
        for tensor, address in before.items():
            if tensor not in step.on_chip or tensor in step.came:
                runs.append((tensor, began.pop(tensor), at - 1, address))
        for tensor in step.on_chip:
            began.setdefault(tensor, at)
    runs += [(tensor, first, len(steps) - 1, steps[-1].on_chip[tensor]) for tensor, first in began.items()]
    return sorted(runs)
