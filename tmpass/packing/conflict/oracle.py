"""The oracle of the search for conflicts: whether some buffers of a problem fit within a capacity."""

from collections.abc import Sequence
from dataclasses import replace

from tmpass.base.errors import UsageError
from tmpass.packing.allocators import Goal, allocator_named
from tmpass.packing.bounds import lower_bound
from tmpass.packing.merge_shared import merge_shared
from tmpass.packing.problem import Problem

FIRST_NODES = 64
"""Nodes per buffer for a question of the first round. Each further round may take eight times as many."""


class FitOracle:
    """Decides whether some buffers of `problem` fit within `capacity` bytes, within a budget of `nodes`.

    `left` is the rest of the budget; each buffer of a question counts as one node. If a set of buffers fits, so does
    every subset. So "no" holds for every superset, and "yes" for every subset.
    """

    def __init__(self, problem: Problem, capacity: int, nodes: int) -> None:
        buffers = tuple(replace(b, hint=None) for b in problem.buffers)  # hints would cost a search of their own
        self._problem = replace(problem, buffers=buffers)
        self._capacity = capacity
        self._class_of = merge_shared(problem).class_of
        self._allocator = allocator_named("auto")
        self.left = nodes

    def only(self, places: Sequence[int]) -> Problem:
        """The problem of the buffers at `places`, without a capacity.

        Two buffers that share through a third one still share when that is left out.
        """
        problem = replace(self._problem.only(places), capacity=None)
        if not self._problem.shared:
            return problem
        last: dict[int, int] = {}
        pairs = []
        for number, at in enumerate(places):
            if self._class_of[at] in last:
                pairs.append((last[self._class_of[at]], number))
            last[self._class_of[at]] = number
        return replace(problem, shared=tuple(pairs))

    def fits(self, places: Sequence[int], limit: int) -> bool | None:
        """Whether the buffers at `places` fit; None where neither `limit` nodes nor the rest of the budget decide."""
        if self.left <= 0:
            return None
        self.left -= len(places)
        try:
            merged = merge_shared(self.only(places))
        except UsageError:  # without a buffer that was left out, the windows of a class may have a hole between them
            return None
        problem = replace(merged.problem, capacity=min(self._capacity, merged.problem.reach))
        bound = lower_bound(problem).peak
        if bound > self._capacity:
            return False
        found = self._allocator.solve(problem, Goal(bound, minimize=False, nodes=max(0, min(limit, self.left))))
        if found.stopped:
            raise KeyboardInterrupt
        self.left -= found.nodes
        if found.peak <= self._capacity and (found.offsets or not problem.buffers):
            return True
        # Without `exact`, the merged problem may need more than the original, and its bound proves nothing here.
        return False if merged.exact and found.bound > (problem.capacity or 0) else None
