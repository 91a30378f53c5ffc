"""One pass of the greedy kernel: buffers in a given order, each where it fits among those before it."""

import tmpass._core as _core
from tmpass.packing.allocators import Found, Goal, nothing
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.problem import Problem

NOWHERE = -2
"""The kernel's answer for a buffer that no memory has room for."""


def place(problem: Problem, goal: Goal, order: list[int], name: str, *, tightest: bool = False) -> Found:
    """The packing of `problem` with the lowest gap for each, or the smallest."""
    offsets = _core.first_fit(problem.native, order, tightest)
    if NOWHERE in offsets:
        return nothing(problem, goal, name)
    return Found(tuple(offsets), peak_of(problem, offsets), goal.bound, name)
