"""The part that allocators with external solvers have in common: when to ask, and with which limit."""

from collections.abc import Callable
from dataclasses import replace

from tmpass.packing.allocators import Found, Goal, first_fit, satisfied
from tmpass.packing.allocators.units import Units, count_pairs, to_units
from tmpass.packing.problem import Problem


def solve_in_units(
    problem: Problem, goal: Goal, ask: Callable[[Units, Goal, Found], Found], *, most_pairs: int, most_units: int
) -> Found:
    """The packing of first fit, or what `ask` returns where first fit does not meet the goal.

    Args:
        problem: what is to be packed.
        goal: without nodes, the solver is not asked.
        ask: calls the solver with the problem in units, the goal and the packing so far.
        most_pairs: with more pairs of buffers that share a step, the solver is not asked.
        most_units: with a limit of more units, the solver is not asked.
    """
    best = first_fit.solve(problem, goal)
    if not goal.nodes or satisfied(problem, goal, best) or count_pairs(problem) > most_pairs:
        return best
    limit = best.peak if best.offsets else problem.reach
    if not goal.minimize and problem.capacity is not None:
        limit = min(limit, problem.capacity)
    units = to_units(problem, limit)
    if units is None:
        return replace(best, bound=max(best.bound, limit + 1))
    return best if limit // units.grain > most_units else ask(units, goal, best)
