"""Divides an order into parts at which few tensors cross, and solves COSMA's program for one part after the other.

    operators   0 1 2 3 4 | 5 6 7 8 9 | ...        the first part leaves tensors on chip, at addresses, and copies;
    crossing             2           2             the second one begins with them

Each part is optimal for what the parts before it left. The whole is a heuristic.

Source: the divide and conquer of Li, Gupta, Malik (arXiv 2311.18246) for networks that were found by search, whose
cells are connected by two tensors.
"""

from collections.abc import Sequence

from tmpass.base.record import record
from tmpass.planning.residency.transfers.cosma.solve import Answer, Step, solve_window
from tmpass.planning.residency.transfers.cosma.window import Window
from tmpass.planning.residency.transfers.problem import TensorKind, TransferProblem
from tmpass.planning.residency.transfers.uses import steps_of_uses

LARGEST_PART = 12
"""Operators of a part, at most. CP-SAT proves most programs of this size within a second."""

_LARGEST_SHARE = 8
"""A part gets one part in this many of the budget while it lasts: most parts are solved at once, and few are hard."""

_MOST_JOINED = 4
"""Parts are joined up to this many times the operators of the largest one."""


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
    """The steps of all parts; None where none are found.

    A part that has no solution after the part before it is joined with that one, and both are solved anew.

    Args:
        problem: operators and tensors.
        order: that is cut into parts.
        keep_order: keep it inside of the parts too.
        nodes: the budget of all parts together.

    Raises:
        KeyboardInterrupt: after Ctrl-C.
    """
    todo, left = cut_order(problem, order), nodes
    most = _MOST_JOINED * max(map(len, todo), default=0)
    todo.reverse()
    done: list[_Done] = []
    here = _Left({}, frozenset())
    while todo:
        part = todo.pop()
        later = frozenset(tensor for other in todo for op in other for tensor in problem.operators[op].inputs)
        window = Window(problem, part, keep_order, here.on_chip, here.copies, later)
        answer, spent = _solve(window, max(left // (len(todo) + 1), min(left, nodes // _LARGEST_SHARE)))
        if answer.stopped:
            raise KeyboardInterrupt
        left = max(0, left - spent)
        if answer.steps:
            done.append(_Done(part, here, answer.steps))
            here = _left(window, answer)
        elif done and len(part) + len(done[-1].part) <= most:
            before = done.pop()
            todo.append(before.part + part)
            here = before.start
        else:
            return None
    return [step for one in done for step in one.steps]


@record
class _Left:
    """What a part leaves to the next one: tensors on chip with addresses, and those with a copy."""

    on_chip: dict[int, int]
    copies: frozenset[int]


@record
class _Done:
    """A part that is solved, with what it began with."""

    part: tuple[int, ...]
    start: _Left
    steps: tuple[Step, ...]


def _left(window: Window, answer: Answer) -> _Left:
    kinds = window.problem.tensors
    loaded = {t for step in answer.steps for t in step.on_chip if kinds[t].kind is not TensorKind.ACTIVATION}
    on_chip = {tensor: at for tensor, at in answer.steps[-1].on_chip.items() if tensor in window.later}
    return _Left(on_chip, (window.copies | answer.spilled | loaded) & window.later)


def _solve(window: Window, nodes: int) -> tuple[Answer, int]:
    """The answer for a part, and the nodes spent; where none is found, that in the given order, which is easier."""
    answer = solve_window(window, nodes=nodes)
    if answer.steps or window.keep_order:
        return answer, answer.nodes
    kept = Window(window.problem, window.operators, True, window.start, window.copies, window.later)
    if answer.stopped:
        return answer, answer.nodes
    second = solve_window(kept, nodes=nodes)
    return second, answer.nodes + second.nodes
