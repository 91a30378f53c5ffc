"""The default: the cheapest method that suffices."""

from collections.abc import Iterator
from dataclasses import replace

import tmpass._core as _core
from tmpass.packing.allocators import (
    CONSTRAINTS,
    Found,
    Goal,
    Method,
    constraints,
    first_fit,
    greedy_by_size,
    greedy_by_size_tflm,
    local_search,
    place_or_postpone,
    satisfied,
    telamalloc,
)
from tmpass.packing.problem import Problem

HONOURS = frozenset(CONSTRAINTS)

MANY = 1000
"""From so many buffers on, a packing is repaired where it is too high before a search begins from nothing."""

FEW = 100
"""Up to this number of buffers, every method is asked before an answer stays unproved."""

_DEAR = 40
"""A node of telamalloc, which propagates to a fixed point, takes as long as so many of place or postpone."""

_QUICK = 20_000
"""Nodes after which the search leaves what it has not found to others for a while: what one method does not find in a
million, another one may in a thousand. Of the models in docs/models.md only one needs more, and no method proves it.
"""


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
    knows_all = not strange - place_or_postpone.HONOURS
    if len(problem.buffers) <= FEW and goal.minimize:
        return _ask_all(problem, goal, found, knows_all=knows_all)
    if knows_all:
        found = place_or_postpone.improve(problem, goal, found)
    else:
        found = telamalloc.improve(problem, replace(goal, nodes=goal.nodes // _DEAR), found)
    if goal.minimize and not found.stopped and not satisfied(problem, goal, found):
        found = _better(found, local_search.solve(problem, replace(goal, bound=found.bound, nodes=goal.nodes // 8)))
    return found


def _ask_all(problem: Problem, goal: Goal, found: Found, *, knows_all: bool) -> Found:
    """`found`, or a lower packing by any method, with what was proved; place or postpone is among them if it
    `knows_all` constraints. The nodes are for each.
    """
    for method, nodes in _turns(goal.nodes, knows_all=knows_all):
        if found.stopped or satisfied(problem, goal, found):
            break
        if method is place_or_postpone:
            found = place_or_postpone.improve(problem, replace(goal, nodes=found.nodes + nodes), found)
            continue
        found = _better(found, method.solve(problem, replace(goal, bound=found.bound, nodes=nodes)))
    return found


def _better(found: Found, other: Found) -> Found:
    """The lower of two, the first of equals, with what both have proved and spent."""
    best = other if other.peak < found.peak else found
    bound, nodes = max(found.bound, other.bound), found.nodes + other.nodes
    return replace(best, bound=bound, nodes=nodes, stopped=other.stopped)


def _turns(nodes: int, *, knows_all: bool) -> Iterator[tuple[Method, int]]:
    """Who is asked next, and how many nodes it may take: all for a little first.

    Where place or postpone does not know all constraints, the others have all nodes then; where it does, it has most,
    and their shares are such that all together take as long as it would have taken alone.
    """
    from tmpass.packing.allocators import best_fit, hill_climb, minimalloc

    quick = min(nodes, _QUICK)
    if knows_all:
        yield place_or_postpone, quick
        yield minimalloc, quick
    yield telamalloc, quick // (_DEAR if knows_all else 1)
    yield local_search, quick
    yield best_fit, quick
    if quick == nodes and not knows_all:
        yield hill_climb, nodes
        return
    if not knows_all:
        yield from ((telamalloc, nodes), (local_search, nodes), (hill_climb, nodes))
        return
    yield place_or_postpone, nodes * 7 // 10
    yield from ((hill_climb, nodes // 5), (local_search, nodes // 8), (minimalloc, nodes // 5))
    yield telamalloc, nodes // _DEAR


def _repair(problem: Problem, goal: Goal, found: Found) -> Found:
    target = problem.capacity if problem.capacity is not None and not goal.minimize else goal.bound
    left = goal.nodes - found.nodes
    offsets, peak, nodes = _core.repair(problem.native, found.offsets, max(target, goal.bound), left)
    found = replace(found, nodes=found.nodes + nodes)
    return replace(found, offsets=tuple(offsets), peak=peak, method="repair") if peak < found.peak else found
