"""One pass of the greedy kernel: buffers in a given order, each in a gap between those before it."""

import tmpass._core as _core
from tmpass.base.sizes import MAX_BYTES
from tmpass.packing.allocators import Found, Goal, no_packing
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.problem import Problem

NOWHERE = -2
"""The kernel's offset for a buffer that no memory has room for."""


def place(
    problem: Problem, goal: Goal, order: list[int], name: str, *, tightest: bool = False, below: int | None = None
) -> Found:
    """The packing of `problem` in which each buffer, in `order`, takes a gap that is large enough.

    Args:
        problem: what is to be packed.
        goal: its bound is that of the answer.
        order: indices of buffers.
        name: the name of the allocator, for the answer.
        tightest: take the smallest gap, not the lowest.
        below: in bytes; without a packing whose movable buffers end below it, the answer has none.
    """
    ceiling = MAX_BYTES if below is None else below - 1
    offsets = _core.first_fit(problem.native, order, tightest, ceiling)
    if NOWHERE in offsets or len(offsets) < len(problem.buffers):
        return no_packing(problem, goal, name)
    return Found(tuple(offsets), peak_of(problem, offsets), goal.bound, name)
