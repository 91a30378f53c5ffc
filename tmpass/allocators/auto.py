"""The default: the cheapest method that suffices."""

from tmpass.allocators import Found, Goal, first_fit, place_or_postpone, satisfied
from tmpass.problem import Problem


def solve(problem: Problem, goal: Goal) -> Found:
    """First fit; where that neither meets the bound nor what was asked, the exact search."""
    found = first_fit.solve(problem, goal)
    return found if satisfied(problem, goal, found) else place_or_postpone.improve(problem, goal, found)
