"""Large neighbourhood search: buffers around the peak are taken out of a packing and put back lower, exactly.

`core/packing/local_search.hpp` has the drawing; place or postpone is what puts them back.
"""

from dataclasses import replace

import tmpass._core as _core
from tmpass.packing.allocators import CONSTRAINTS, Found, Goal, first_fit, satisfied
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.allocators.capacity_search import MAX_BUFFERS
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
    """`best`, or a lower packing that about `goal.nodes` nodes find, with these nodes. Ctrl-C ends it with `best`."""
    if not best.offsets or len(problem.buffers) > MAX_BUFFERS or satisfied(problem, goal, best):
        return best
    capacity = 0 if goal.minimize or problem.capacity is None else problem.capacity
    try:
        offsets, nodes = _core.local_search(problem.native, best.offsets, max(goal.bound, capacity), goal.nodes, SEED)
    except KeyboardInterrupt:
        return replace(best, stopped=True)
    peak = peak_of(problem, offsets)
    if peak < best.peak:
        return replace(best, offsets=tuple(offsets), peak=peak, method="local-search", nodes=nodes)
    return replace(best, nodes=nodes)
