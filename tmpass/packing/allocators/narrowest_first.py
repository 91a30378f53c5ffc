"""Narrowest first: greedy packings that grow where there is least choice, for problems too dense for an exact search.

One descent of place or postpone after another, each without going back. Memory is linear in the buffers, since no list
of overlapping pairs is kept. `core/packing/narrowest_first.hpp` has the drawing.
"""

import tmpass._core as _core
from tmpass.packing.allocators import CONSTRAINTS, Found, Goal, first_fit
from tmpass.packing.allocators.improvement import improved
from tmpass.packing.problem import Problem

HONOURS = frozenset(CONSTRAINTS)

SEED = 1
"""The seed of the random factors. The same seed gives the same packing."""


def solve(problem: Problem, goal: Goal) -> Found:
    """The lowest packing that about `goal.nodes` nodes find, starting from that of first fit.

    After Ctrl-C, the packing is that of first fit.
    """
    return solve_from(problem, goal, first_fit.solve(problem, goal))


def solve_from(problem: Problem, goal: Goal, best: Found) -> Found:
    """`best`, or a lower packing. Ctrl-C ends the search with `best`."""
    return improved(problem, goal, best, "narrowest-first", _core.narrowest_first, SEED)
