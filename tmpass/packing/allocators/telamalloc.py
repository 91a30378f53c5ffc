"""TelaMalloc's search, made exact. It supports every constraint.

Heuristics choose what to place. A constraint solver keeps what is still possible, and explains a dead end by the
placements that cause it. The search goes back to one of those. `core/packing/telamalloc.hpp` has the drawing and the
argument.

Source: Maas et al., "TelaMalloc: Efficient On-Chip Memory Allocation for Production Machine Learning Accelerators",
ASPLOS 2023.
"""

import tmpass._core as _core
from tmpass.packing.allocators import CONSTRAINTS, Found, Goal, capacity_search, first_fit
from tmpass.packing.allocators.speculation import Question
from tmpass.packing.problem import Problem

HONOURS = frozenset(CONSTRAINTS)
TAKES_POLICY = True


def solve(problem: Problem, goal: Goal) -> Found:
    """The lowest packing that at most `goal.nodes` nodes find, starting from that of first fit."""
    return solve_from(problem, goal, first_fit.solve(problem, goal))


def solve_from(problem: Problem, goal: Goal, best: Found) -> Found:
    """`best`, or a lower packing that the search finds, with the lower bound that it proves."""

    def ask(native: _core.Problem, question: Question, cancel: _core.Cancel | None) -> tuple[int, list[int], int]:
        capacity, limit, seed = question.capacity, question.limit, question.seed
        return _core.telamalloc(native, capacity, limit, seed, cancel=cancel, learned=goal.policy)

    return capacity_search.search(problem, goal, best, "telamalloc", ask)
