"""The default: the cheapest method that suffices."""

from dataclasses import replace

from tmpass import _core
from tmpass.allocators import (
    CONSTRAINTS,
    Found,
    Goal,
    constraints,
    first_fit,
    greedy_by_size,
    greedy_by_size_tflm,
    place_or_postpone,
    satisfied,
    telamalloc,
)
from tmpass.problem import Problem

HONOURS = frozenset(CONSTRAINTS)

MANY = 1000
"""From so many buffers on, a packing is repaired where it is too high before a search begins from nothing."""


_DEAR = 40
"""A node of telamalloc, which propagates to a fixed point, takes as long as so many of place or postpone."""


def solve(problem: Problem, goal: Goal) -> Found:
    """First fit; where that neither meets the bound nor what was asked, repair and the exact search.

    Never higher than greedy by size, of which both rules are tried where the bound is not met. Ctrl-C ends all but
    first fit, and the best so far is the answer.
    """
    found = first_fit.solve(problem, goal)
    if satisfied(problem, goal, found):
        return found
    strange = constraints(problem)
    try:
        if len(problem.buffers) >= MANY and found.offsets and not strange - {"memories"}:
            found = _repair(problem, goal, found)
        for greedy in (greedy_by_size, greedy_by_size_tflm):
            if not satisfied(problem, goal, found):
                other = greedy.solve(problem, goal)
                found = replace(other, nodes=found.nodes) if other.peak < found.peak else found
    except KeyboardInterrupt:
        return replace(found, stopped=True)
    if satisfied(problem, goal, found):
        return found
    if strange - place_or_postpone.HONOURS:
        return telamalloc.improve(problem, replace(goal, nodes=goal.nodes // _DEAR), found)
    return place_or_postpone.improve(problem, goal, found)


def _repair(problem: Problem, goal: Goal, found: Found) -> Found:
    target = problem.capacity if problem.capacity is not None and not goal.minimize else goal.bound
    left = goal.nodes - found.nodes
    offsets, peak, nodes = _core.repair(problem.native, found.offsets, max(target, goal.bound), left)
    found = replace(found, nodes=found.nodes + nodes)
    return replace(found, offsets=tuple(offsets), peak=peak, method="repair") if peak < found.peak else found
