"""The default: the cheapest method that suffices."""

from tmpass.allocators import CONSTRAINTS, Found, Goal, constraints, first_fit, place_or_postpone, satisfied
from tmpass.problem import Problem

HONOURS = frozenset(CONSTRAINTS)


def solve(problem: Problem, goal: Goal) -> Found:
    """First fit; where that neither meets the bound nor what was asked, the exact search."""
    found = first_fit.solve(problem, goal)
    if satisfied(problem, goal, found) or constraints(problem) - place_or_postpone.HONOURS:
        return found
    return place_or_postpone.improve(problem, goal, found)
