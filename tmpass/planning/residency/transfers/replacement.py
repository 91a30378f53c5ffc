"""Replacement by bytes: who leaves is decided by sizes alone, step by step, and addresses come afterwards."""

from bisect import bisect_left
from collections.abc import Sequence

from tmpass.planning.residency.transfers.problem import TransferProblem
from tmpass.planning.residency.transfers.uses import Span, needs_spill, steps_of_uses
from tmpass.planning.residency.transfers.victims import Candidate, Choose


def replace_by_bytes(
    problem: TransferProblem, order: Sequence[int], choose: Choose
) -> tuple[tuple[Span, ...], ...] | None:
    """The episodes of each tensor where tensors leave only when a step has too many bytes.

    An episode ends at its last use, though the tensor stays until it is sent away: that costs the same and is easier to
    pack.

    Args:
        problem: operators and tensors.
        order: of the operators.
        choose: those that leave.

    Returns:
        Episodes within the capacity by their bytes, sizes rounded up to the alignment. None where an operator alone
        needs more.
    """
    steps, dirty = steps_of_uses(problem, order), needs_spill(problem)
    room = [-(-tensor.size // problem.alignment) * problem.alignment for tensor in problem.tensors]
    capacity = -(-problem.capacity // problem.alignment) * problem.alignment
    spans: list[list[Span]] = [[] for _ in problem.tensors]
    began: dict[int, int] = {}  # the step at which a tensor on chip came
    for step, op in enumerate(order):
        needed = dict.fromkeys((*problem.operators[op].inputs, *problem.operators[op].outputs))
        excess = sum(room[tensor] for tensor in {**began, **needed}) - capacity
        if excess > 0:
            candidates = [
                Candidate(
                    tensor, room[tensor], problem.tensors[tensor].size * (1 + dirty[tensor]), _next(steps[tensor], step)
                )
                for tensor in sorted(began)
                if tensor not in needed
            ]
            if sum(one.size for one in candidates) < excess:
                return None
            for one in choose(candidates, excess):
                spans[one.tensor].append((began.pop(one.tensor), _last(steps[one.tensor], step)))
                dirty[one.tensor] = False
        for tensor in needed:
            began.setdefault(tensor, step)
            if steps[tensor][-1] == step:
                spans[tensor].append((began.pop(tensor), step))
    return tuple(map(tuple, spans))


def _next(steps: Sequence[int], step: int) -> int:
    return steps[bisect_left(steps, step)]


def _last(steps: Sequence[int], step: int) -> int:
    return steps[bisect_left(steps, step) - 1]
