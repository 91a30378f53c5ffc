"""Divides an order into parts at which few tensors cross, and solves COSMA's program for one part after the other.

    operators   0 1 2 3 4 | 5 6 7 8 9 | ...        the first part leaves tensors on chip, at addresses, and copies;
    crossing             2           2             the second one begins with them

Each part is optimal for what the parts before it left. The whole is a heuristic.

Source: the divide and conquer of Li, Gupta, Malik (arXiv 2311.18246) for networks that were found by search, whose
cells are connected by two tensors.
"""

from collections.abc import Sequence

from tmpass.planning.residency.transfers.cosma.solve import Answer, Step, solve_window
from tmpass.planning.residency.transfers.cosma.window import Window
from tmpass.planning.residency.transfers.problem import TensorKind, TransferProblem
from tmpass.planning.residency.transfers.uses import steps_of_uses

LARGEST_PART = 12
"""Operators of a part, at most. CP-SAT proves most programs of this size within a second."""

_LARGEST_SHARE = 8
"""A part gets one part in this many of the budget while it lasts: most parts are solved at once, and few are hard."""


def cut_order(problem: TransferProblem, order: Sequence[int], most: int = LARGEST_PART) -> list[tuple[int, ...]]:
    """The order in parts of at most `most` operators, cut where the fewest activations cross.

    A part is cut in its middle half; of equal places, the one nearest to the middle counts.
    """
    crossing = [0] * (len(order) + 1)
    for tensor, steps in zip(problem.tensors, steps_of_uses(problem, order), strict=True):
        if steps and tensor.kind is TensorKind.ACTIVATION:
            for step in range(steps[0] + 1, steps[-1] + 1):
                crossing[step] += 1
    todo, parts = [(0, len(order))], list[tuple[int, ...]]()
    while todo:
        begin, end = todo.pop()
        if end - begin <= most:
            parts.append(tuple(order[begin:end]))
            continue
        quarter, middle = max(1, (end - begin) // 4), (begin + end) // 2
        cut = min(range(begin + quarter, end - quarter + 1), key=lambda at: (crossing[at], abs(at - middle)))
        todo += [(cut, end), (begin, cut)]
    return [part for part in parts if part]


def solve_parts(problem: TransferProblem, order: Sequence[int], *, keep_order: bool, nodes: int) -> list[Step] | None:
    """The steps of all parts; None where a part has no solution after those before it, or none is found.

    Args:
        problem: operators and tensors.
        order: that is cut into parts.
        keep_order: keep it inside of the parts too.
        nodes: the budget of all parts together.
    """
    parts, left = cut_order(problem, order), nodes
    steps: list[Step] = []
    start: dict[int, int] = {}
    copies: frozenset[int] = frozenset()
    for number, part in enumerate(parts):
        rest = [op for other in parts[number + 1 :] for op in other]
        later = frozenset(tensor for op in rest for tensor in problem.operators[op].inputs)
        window = Window(problem, part, keep_order, start, copies, later)
        share = max(left // (len(parts) - number), min(left, nodes // _LARGEST_SHARE))
        answer, spent = _solve(window, share)
        if not answer.steps:
            return None
        left = max(0, left - spent)
        steps += answer.steps
        start = {tensor: at for tensor, at in answer.steps[-1].on_chip.items() if tensor in later}
        loaded = {
            t for one in answer.steps for t in one.on_chip if problem.tensors[t].kind is not TensorKind.ACTIVATION
        }
        copies = frozenset(tensor for tensor in copies | answer.spilled | loaded if tensor in later)
    return steps


def _solve(window: Window, nodes: int) -> tuple[Answer, int]:
    """The answer for a part, and the nodes spent; where none is found, that in the given order, which is easier."""
    answer = solve_window(window, nodes=nodes)
    if answer.steps or window.keep_order:
        return answer, answer.nodes
    kept = Window(window.problem, window.operators, True, window.start, window.copies, window.later)
    second = solve_window(kept, nodes=nodes)
    return second, answer.nodes + second.nodes
