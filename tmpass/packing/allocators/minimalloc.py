"""MiniMalloc: depth-first search over canonical packings.

Source: Moffitt, "MiniMalloc: A Lightweight Memory Allocator for Hardware-Accelerated Machine Learning", ASPLOS 2023.

Buffers are placed in the order of their offsets, each as low as it can be, by MiniMalloc's three static ranks, which
take turns under limits that double. `core/packing/minimalloc.hpp` has the drawing, the rules and why they are sound.
"""

import tmpass._core as _core
from tmpass.packing.allocators import Found, Goal, capacity_search, first_fit
from tmpass.packing.allocators.speculation import Question
from tmpass.packing.problem import Problem

HONOURS = frozenset({"gaps", "memories"})


def solve(problem: Problem, goal: Goal) -> Found:
    """The lowest packing that at most `goal.nodes` nodes find, starting from that of first fit."""
    best = first_fit.solve(problem, goal)
    return capacity_search.search(problem, goal, best, "minimalloc", _minimalloc, seeded=False)


def _minimalloc(problem: _core.Problem, question: Question, cancel: _core.Cancel | None) -> tuple[int, list[int], int]:
    return _core.minimalloc(problem, question.capacity, question.limit, cancel=cancel)
