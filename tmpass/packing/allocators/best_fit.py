"""Best fit: like first fit, but with the smallest gap that is large enough instead of the lowest."""

from tmpass.packing.allocators import CONSTRAINTS, Found, Goal, first_fit, greedy_by_size, satisfied
from tmpass.packing.problem import Problem

HONOURS = frozenset(CONSTRAINTS)


def solve(problem: Problem, goal: Goal) -> Found:
    """The lowest packing over the order of TensorFlow Lite and the orders of first fit; the first of equals."""
    found = greedy_by_size.solve(problem, goal)
    if satisfied(problem, goal, found):
        return found
    return min(found, first_fit.solve(problem, goal, tightest=True), key=lambda found: found.peak)
