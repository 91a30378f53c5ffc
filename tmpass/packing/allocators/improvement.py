"""A kernel that begins with a packing and lowers it."""

from collections.abc import Callable
from dataclasses import replace

import tmpass._core as _core
from tmpass.packing.allocators import Found, Goal, satisfied
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.problem import Problem

Kernel = Callable[[_core.Problem, tuple[int, ...], int, int, int], tuple[list[int], int]]
"""Takes a problem, offsets, a target in bytes, a number of nodes and a seed; gives offsets and the nodes spent."""


def improved(problem: Problem, goal: Goal, best: Found, name: str, kernel: Kernel, seed: int) -> Found:
    """`best`, or the lower packing that the kernel finds, with the nodes of both. Ctrl-C ends it with `best`.

    Args:
        problem: what is to be packed.
        goal: its nodes include those of `best`.
        best: the packing to begin with.
        name: of the allocator, for the answer.
        kernel: lowers a packing.
        seed: of its choices.
    """
    if not best.offsets or satisfied(problem, goal, best):
        return best
    capacity = 0 if goal.minimize or problem.capacity is None else problem.capacity
    target, nodes = max(goal.bound, capacity), max(goal.nodes - best.nodes, 0)
    try:
        offsets, spent = kernel(problem.native, best.offsets, target, nodes, seed)
    except KeyboardInterrupt:
        return replace(best, stopped=True)
    best = replace(best, nodes=best.nodes + spent)
    peak = peak_of(problem, offsets)
    return replace(best, offsets=tuple(offsets), peak=peak, method=name) if peak < best.peak else best
