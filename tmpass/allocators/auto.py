"""The default: the cheapest method that suffices."""

from tmpass.allocators import CONSTRAINTS, Found, Goal, constraints, first_fit, place_or_postpone, satisfied, telamalloc
from tmpass.problem import Problem

HONOURS = frozenset(CONSTRAINTS)

_POSTPONED = frozenset({"memories"})
"""Those of CONSTRAINTS that place-or-postpone knows exactly; it takes buffers with gaps for solid."""


def solve(problem: Problem, goal: Goal) -> Found:
    """First fit; where that neither meets the bound nor what was asked, the exact search that knows the problem."""
    found = first_fit.solve(problem, goal)
    if satisfied(problem, goal, found):
        return found
    if constraints(problem) - _POSTPONED:
        return telamalloc.improve(problem, goal, found)
    return place_or_postpone.improve(problem, goal, found)
