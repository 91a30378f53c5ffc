"""TelaMalloc's search, after Maas et al., ASPLOS 2023, made exact; it knows every constraint.

Heuristics choose what to place, a constraint solver keeps what is still possible and says on a dead end which
placements it follows from, and the search goes back to one of those. `core/packing/telamalloc.hpp` has the drawing
and the argument.
"""

import tmpass._core as _core
from tmpass.packing.allocators import CONSTRAINTS, Found, Goal, capacity_search, first_fit
from tmpass.packing.allocators.speculation import Question
from tmpass.packing.problem import Problem

HONOURS = frozenset(CONSTRAINTS)


def solve(problem: Problem, goal: Goal) -> Found:
    """The lowest packing that at most `goal.nodes` nodes find, starting from that of first fit."""
    return improve(problem, goal, first_fit.solve(problem, goal))


def improve(problem: Problem, goal: Goal, best: Found) -> Found:
    """`best`, or a lower packing, with what was proved on the way."""
    return capacity_search.improve(problem, goal, best, "telamalloc", _telamalloc)


def _telamalloc(problem: _core.Problem, question: Question, cancel: _core.Cancel | None) -> tuple[int, list[int], int]:
    return _core.telamalloc(problem, question.capacity, question.limit, question.seed, cancel=cancel)
