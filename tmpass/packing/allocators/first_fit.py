"""First fit over several orders: cheap, and usually enough.

In the order of size it is the greedy-by-size planner of TFLite with the lowest gap instead of the smallest one. Above
sixteen thousand buffers that is the only order, and sizes within a quarter of an octave count as equal; where hundreds
of buffers end above the bound, the given order and that by start are tried, too, and the others by `solve_further`.

Source: Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020.
"""

from dataclasses import replace

import tmpass._core as _core
from tmpass.base.sizes import MAX_BYTES
from tmpass.packing.allocators import CONSTRAINTS, Found, Goal, no_packing, satisfied
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.problem import Problem

HONOURS = frozenset(CONSTRAINTS)

_MANY = 1 << 14
"""From this number of buffers on, `solve` tries one order, and two more where that is much too high."""

_NEAR = 1000
"""A packing is near the bound if it is above by at most one part in this many.

Of OmniMalloc's skewed source with 65,537 buffers, five seeds, the first order ends 0.013 % above the bound. The next
one reaches it on three of them in 2.5 s, where narrowest first takes 10 s.
"""

ORDERS = ("size", "area", "lifetime", "contention", "start", "given order", "overlaps")
"""By falling size, area, lifetime or contention (the most bytes at a step of the live range), by start, as given, or by
falling size times the number of buffers that share a step."""


def solve(problem: Problem, goal: Goal, *, tightest: bool = False) -> Found:
    """The lowest packing of first fit over ORDERS; the first of equals.

    Args:
        problem: what is to be packed.
        goal: the bound or capacity at which no further order is tried.
        tightest: take the smallest gap that is large enough, not the lowest: best fit.
    """
    method = "best-fit" if tightest else "first-fit"
    enough = problem.capacity if problem.capacity is not None and not goal.minimize else goal.bound
    offsets, peak, order = _core.pack(problem.native, max(enough, goal.bound), tightest)
    if peak > MAX_BYTES:
        return no_packing(problem, goal, method)
    return Found(tuple(offsets), peak, goal.bound, f"{method} by {ORDERS[order]}")


def is_near(problem: Problem, goal: Goal, found: Found) -> bool:
    """Whether a packing of many buffers is so close to the bound that one more order is worth its time."""
    return len(problem.buffers) >= _MANY and (found.peak - goal.bound) * _NEAR <= goal.bound


def solve_further(problem: Problem, goal: Goal, found: Found, *, begin: int = 0, end: int = len(ORDERS)) -> Found:
    """`found`, or a lower packing in an order that `solve` leaves out for so large a problem.

    Args:
        problem: what is to be packed.
        goal: the bound at which no further order is tried.
        found: a packing.
        begin: how many of the orders that were left out are left out again.
        end: the number of orders up to which they are tried.
    """
    if len(problem.buffers) < _MANY or satisfied(problem, goal, found):
        return found
    offsets, order = _core.pack_further(problem.native, goal.bound, found.peak, begin, end)
    peak = peak_of(problem, offsets) if offsets else found.peak
    if peak >= found.peak:
        return found
    return replace(found, offsets=tuple(offsets), peak=peak, method=f"first-fit by {ORDERS[order]}")
