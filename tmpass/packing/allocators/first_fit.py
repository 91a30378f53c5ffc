"""First fit over several orders: the cheap method that is usually enough.

By size, it is the greedy-by-size planner of TFLite (Pisarchyk and Lee, "Efficient Memory Management for Deep
Neural Net Inference", 2020) with the lowest gap in place of the smallest one. Above sixteen thousand buffers it is the
only order, and sizes within a quarter of an octave count as equal.
"""

import tmpass._core as _core
from tmpass.base.sizes import MAX_BYTES
from tmpass.packing.allocators import CONSTRAINTS, Found, Goal, nothing
from tmpass.packing.problem import Problem

HONOURS = frozenset(CONSTRAINTS)

ORDERS = ("size", "area", "lifetime", "contention", "start")
"""By falling size, size times lifetime, lifetime or contention (the fullest step of the live range), or by start."""


def solve(problem: Problem, goal: Goal, *, tightest: bool = False) -> Found:
    """The lowest packing of first fit over ORDERS, the first of them where several are equal.

    If the `tightest` gap is taken, not the lowest, it is best fit.
    """
    method = "best-fit" if tightest else "first-fit"
    enough = problem.capacity if problem.capacity is not None and not goal.minimize else goal.bound
    offsets, peak, order = _core.pack(problem.native, max(enough, goal.bound), tightest)
    if peak > MAX_BYTES:
        return nothing(problem, goal, method)
    return Found(tuple(offsets), peak, goal.bound, f"{method} by {ORDERS[order]}")
