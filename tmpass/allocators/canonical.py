"""Canonical depth-first search, after MiniMalloc (Moffitt, ASPLOS 2023).

Buffers are placed in the order of their offsets, each as low as it can be, in MiniMalloc's ranks, which take turns
under growing limits.
"""

from tmpass import _core
from tmpass.allocators import Found, Goal, first_fit
from tmpass.allocators.ladder import improve
from tmpass.problem import Problem

HONOURS = frozenset({"gaps", "windows", "memories"})


def solve(problem: Problem, goal: Goal) -> Found:
    """The lowest packing that at most `goal.nodes` nodes find, starting from that of first fit."""
    return improve(problem, goal, first_fit.solve(problem, goal), "canonical", _search)


def _search(problem: _core.Problem, capacity: int, limit: int) -> tuple[int, list[int], int]:
    return _core.search(problem, capacity, limit)
