"""At which steps each tensor is used in an order, and what episodes cost."""

from collections.abc import Sequence

from tmpass.planning.residency.transfers.problem import TensorKind, TransferProblem

Span = tuple[int, int]
"""The first and the last step of an episode, both inclusive."""


def steps_of_uses(problem: TransferProblem, order: Sequence[int]) -> list[list[int]]:
    """The rising steps at which each tensor is in the scratchpad in any case."""
    steps: list[list[int]] = [[] for _ in problem.tensors]
    for step, op in enumerate(order):
        for tensor in (*problem.operators[op].inputs, *problem.operators[op].outputs):
            steps[tensor].append(step)
    return steps


def needs_spill(problem: TransferProblem) -> list[bool]:
    """Whether the first departure of a tensor costs a spill: an operator makes it, and the graph does not return it."""
    returned = set(problem.outputs)
    return [row.kind is TensorKind.ACTIVATION and at not in returned for at, row in enumerate(problem.tensors)]


def cost_of(problem: TransferProblem, spans: Sequence[Sequence[Span]], *, each_time: bool = False) -> int:
    """The bytes that episodes move beyond the compulsory ones.

    Args:
        problem: the tensors.
        spans: the episodes of each tensor.
        each_time: spill a tensor whenever it leaves, though a copy exists. Some ports of the baselines count so.
    """
    cost = 0
    for tensor, spill, own in zip(problem.tensors, needs_spill(problem), spans, strict=True):
        returns = max(0, len(own) - 1)
        cost += tensor.size * (returns + spill * (returns if each_time else min(returns, 1)))
    return cost
