"""One pass of the greedy kernel: buffers in a given order, each in a gap between those before it."""

import tmpass._core as _core
from tmpass.packing.allocators import Found, Goal, no_packing
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.problem import Problem

NOWHERE = -2
"""The kernel's offset for a buffer that no memory has room for."""


def place(problem: Problem, goal: Goal, order: list[int], name: str, *, tightest: bool = False) -> Found:
    """The packing of `problem` in which each buffer, in `order`, takes a gap that is large enough.

    Args:
        problem: what is to be packed.
        goal: its bound is that of the answer.
        order: indices of buffers.
        name: the name of the allocator, for the answer.
        tightest: take the smallest gap, not the lowest.
    """
    offsets = _core.first_fit(problem.native, order, tightest)
    if NOWHERE in offsets:
        return no_packing(problem, goal, name)
    return Found(tuple(offsets), peak_of(problem, offsets), goal.bound, name)
