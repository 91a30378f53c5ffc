"""The oracle: the first placement of a dead end that, with all before it, leaves no packing."""

from collections.abc import Sequence
from dataclasses import replace

import tmpass._core as _core
from tmpass.packing.problem import Problem

NODES = 5000
"""Nodes of place or postpone for each question. A prefix without an answer counts as one that leaves no packing.

So the oracle names a placement too early rather than too late. With 2000 nodes and the opposite rule, what it named was
as good as chance.
"""


def first_wrong(
    problem: Problem, capacity: int, buffers: Sequence[int], offsets: Sequence[int], last: int, *, nodes: int = NODES
) -> int:
    """The least depth whose placement, together with those before it, leaves no packing within `capacity`.

    Args:
        problem: has a packing within `capacity` bytes.
        capacity: in bytes.
        buffers: the index of the buffer that was placed at each depth.
        offsets: its offset in bytes.
        last: a depth that is known to be wrong.
        nodes: for each question; about log2(`last`) are asked, since what follows a wrong placement is wrong too.
    """
    right, wrong = -1, last
    while wrong - right > 1:
        middle = (right + wrong) // 2
        if _has_packing(problem, capacity, buffers[: middle + 1], offsets[: middle + 1], nodes):
            right = middle
        else:
            wrong = middle
    return wrong


def _has_packing(problem: Problem, capacity: int, buffers: Sequence[int], offsets: Sequence[int], nodes: int) -> bool:
    """Whether a packing with these placements is found."""
    placed = list(problem.buffers)
    for at, offset in zip(buffers, offsets, strict=True):
        placed[at] = replace(placed[at], offset=offset)
    native = replace(problem, buffers=tuple(placed)).native
    return _core.postpone(native, capacity, nodes)[0] == 0
