"""Large neighbourhood search: buffers around the peak are taken out of a packing and put back lower, exactly.

`core/packing/local_search.hpp` has the drawing; place or postpone is what puts them back.
"""

import tmpass._core as _core
from tmpass.packing.allocators import CONSTRAINTS, Found, Goal, first_fit
from tmpass.packing.allocators.capacity_search import MAX_BUFFERS
from tmpass.packing.allocators.improvement import improved
from tmpass.packing.problem import Problem

HONOURS = frozenset(CONSTRAINTS)

SEED = 1
"""The seed of the choice of what is taken out. The same seed gives the same packing."""


def solve(problem: Problem, goal: Goal) -> Found:
    """The lowest packing that about `goal.nodes` nodes find, starting from that of first fit.

    After Ctrl-C, the packing is that of first fit.
    """
    return solve_from(problem, goal, first_fit.solve(problem, goal))


def solve_from(problem: Problem, goal: Goal, best: Found) -> Found:
    """`best`, or a lower packing that about `goal.nodes` nodes find in all. Ctrl-C ends it with `best`."""
    if len(problem.buffers) > MAX_BUFFERS:
        return best
    return improved(problem, goal, best, "local-search", _core.local_search, SEED)
