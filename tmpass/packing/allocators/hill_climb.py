"""Hill climbing over the orders of first fit, as in compilers for microcontrollers (Vela for Ethos-U, TVM).

The climb begins with the lowest packing of first fit, its buffers in the order of their offsets. First fit in that
order is not higher. Then buffers that reach the peak are moved before others that they overlap, as long as nodes are
left. `core/packing/hill_climb.hpp` has the drawing.
"""

from dataclasses import replace

import tmpass._core as _core
from tmpass.packing.allocators import CONSTRAINTS, Found, Goal, first_fit, satisfied
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.allocators.in_order import NOWHERE
from tmpass.packing.problem import Problem

HONOURS = frozenset(CONSTRAINTS)

SEED = 1
"""The seed of the random moves. The same seed gives the same packing."""


def solve(problem: Problem, goal: Goal) -> Found:
    """The lowest packing that `goal.nodes` nodes find, starting from that of first fit.

    A node is a move; one that looks at many places counts as several. After Ctrl-C, the packing is that of first fit.
    """
    best = first_fit.solve(problem, goal)
    if satisfied(problem, goal, best):
        return best
    order = sorted(range(len(problem.buffers)), key=best.offsets.__getitem__ if best.offsets else None)
    capacity = 0 if goal.minimize or problem.capacity is None else problem.capacity
    try:
        offsets, nodes = _core.hill_climb(problem.native, order, max(goal.bound, capacity), goal.nodes, SEED)
    except ValueError:  # too many overlaps to hold in memory
        return best
    except KeyboardInterrupt:
        return replace(best, stopped=True)
    best = replace(best, nodes=nodes)
    peak = problem.reach + 1 if NOWHERE in offsets else peak_of(problem, offsets)
    return replace(best, offsets=tuple(offsets), peak=peak, method="hill-climb") if peak < best.peak else best
