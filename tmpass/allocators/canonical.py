"""Canonical depth-first search: the exact method, after MiniMalloc (Moffitt, ASPLOS 2023).

The kernel answers one question, whether a packing within a capacity exists. The least peak is found by asking it
for the bound first, then for the capacity, then by bisection between what is proved and what is known.
"""

from dataclasses import replace
from math import gcd

from tmpass import _core
from tmpass.allocators import Found, Goal, first_fit, satisfied
from tmpass.allocators.arrays import peak_of, to_arrays
from tmpass.problem import Problem

_FOUND, _IMPOSSIBLE = 0, 1

MAX_BUFFERS = 20_000
"""Above this many buffers the search gives up at once: its tables of overlaps would be too large."""


def solve(problem: Problem, goal: Goal) -> Found:
    """The lowest packing that at most `goal.nodes` nodes find, starting from that of first fit.

    A buffer with gaps counts as solid: packings stay right, but nothing is then proved impossible.
    """
    return improve(problem, goal, first_fit.solve(problem, goal))


def improve(problem: Problem, goal: Goal, best: Found) -> Found:
    """`best`, or a lower packing, with what was proved on the way."""
    if len(problem.buffers) > MAX_BUFFERS:
        return best
    arrays = to_arrays(problem)
    solid = not any(b.gaps for b in problem.buffers)
    grid = gcd(*arrays.size, *arrays.alignment, *(b.offset or 0 for b in problem.buffers))
    refused = best.bound - 1  # the highest capacity that was proved impossible or ended its budget
    while best.nodes < goal.nodes and not satisfied(problem, goal, best):
        capacity = _next_capacity(problem, goal, refused, best.peak)
        if capacity is None:
            break
        # Half of what is left for each question, so that a hard one does not starve the rest.
        limit = goal.nodes - best.nodes
        limit = (limit + 1) // 2 if goal.minimize else limit
        try:
            answer, offsets, spent = _core.search(*arrays, capacity=capacity, node_limit=limit)
        except ValueError:  # too many overlaps to hold in memory
            break
        best = replace(best, nodes=best.nodes + max(spent, 1))
        if answer == _FOUND:
            best = replace(best, offsets=tuple(offsets), peak=peak_of(problem, offsets), method="canonical")
            continue
        refused = capacity
        if answer == _IMPOSSIBLE and solid:
            # A packing pushed down has all its tops on the grid.
            best = replace(best, bound=(capacity // grid + 1) * grid)
            refused = best.bound - 1
    return best


def _next_capacity(problem: Problem, goal: Goal, refused: int, peak: int) -> int | None:
    """What to ask next: the first of these that is still open."""
    wishes = (goal.bound, problem.capacity, (refused + peak) // 2) if goal.minimize else (problem.capacity,)
    return next((wish for wish in wishes if wish is not None and refused < wish < peak), None)
