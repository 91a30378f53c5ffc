"""The default allocator: cheap allocators first, searches where those do not suffice."""

from collections.abc import Iterator
from dataclasses import replace

import tmpass._core as _core
from tmpass.packing.allocators import (
    CONSTRAINTS,
    Allocator,
    Found,
    Goal,
    capacity_search,
    constraints,
    first_fit,
    greedy_by_size,
    greedy_by_size_tflm,
    local_search,
    narrowest_first,
    place_or_postpone,
    satisfied,
    telamalloc,
)
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.allocators.speculation import Verdict
from tmpass.packing.problem import Problem

HONOURS = frozenset(CONSTRAINTS)
TAKES_POLICY = True  # which telamalloc is given, where it is asked

_REPAIR_FROM = 1000
"""From this number of buffers on, a packing is repaired and narrowest first is tried before an exact search starts."""

_REPAIR_SHARE = 16
"""Repair gets one of this many nodes: what is too high in few places takes less, and the rest needs another method."""

_STACKED_SHARE = 8
"""Where a thousand buffers or more are all alive at once, searches get one of this many nodes.

Of 1500, 5000 and 20,000 buffers with alignments of 1 to 64 bytes, no search lowered the stack with all nodes.
"""

_SPARSE = 64
"""Up to this mean number of live buffers, an exact search is given a large problem whole: few of its places are hard.

A net of 30,000 operators with skips takes 0.04 s so, where narrowest first ends 1.2 % above the bound after 20 s.
"""

_SPARSE_SHARE = 8
"""That search gets one of this many nodes."""

_EXACT_UP_TO = 4000
"""Up to this number of buffers, most nodes are for exact searches, above it for narrowest first."""

_PORTFOLIO_UP_TO = 100
"""Up to this number of buffers, every allocator is asked before an answer stays unproved."""

_TELAMALLOC_COST = 40
"""A node of telamalloc, which propagates to a fixed point, takes as long as this many of place or postpone."""

_POSTPONE_TENTHS = 7
"""Tenths of the nodes that are for place or postpone, where telamalloc is asked as well."""

_FIRST_TURN = 20_000
"""Nodes for each allocator in the first round of the portfolio, and at least for those after an exact search.

What one does not find in a million nodes, another may find in a thousand. Of the models in docs/models.md only
one needs more nodes, and no allocator proves it.
"""


def solve(problem: Problem, goal: Goal) -> Found:
    """The packing of first fit, or a lower one by repair, narrowest first, greedy by size or a search.

    It is never higher than greedy by size, of which both rules are tried where the bound is not met. Ctrl-C ends all
    but first fit, and the best packing so far is the answer.
    """
    found = first_fit.solve(problem, goal)
    if satisfied(problem, goal, found):
        return found
    found, goal = _stack(problem, goal, found)
    if satisfied(problem, goal, found):
        return found
    present = constraints(problem)
    try:
        if len(problem.buffers) >= _REPAIR_FROM and found.offsets and not present - {"memories"}:
            found = _repair(problem, goal, found)
            found = _join(problem, goal, found)
        if len(problem.buffers) >= _REPAIR_FROM:
            found = _search_sparse(problem, goal, found)
            near = first_fit.is_near(problem, goal, found)
            if goal.nodes and near:
                found = first_fit.solve_further(problem, goal, found, end=1)
            before = found.peak
            found = narrowest_first.solve_from(problem, replace(goal, nodes=_greedy_nodes(problem, goal)), found)
            if goal.nodes and not found.stopped and found.peak == before:
                found = first_fit.solve_further(problem, goal, found, begin=int(near))
        for greedy in (greedy_by_size, greedy_by_size_tflm):
            if not found.stopped and not satisfied(problem, goal, found):
                other = greedy.solve(problem, goal, below=found.peak)
                found = replace(other, nodes=found.nodes) if other.peak < found.peak else found
    except KeyboardInterrupt:
        return replace(found, stopped=True)
    if found.stopped or satisfied(problem, goal, found):
        return found
    if len(problem.buffers) <= _PORTFOLIO_UP_TO and goal.minimize:
        return _portfolio(problem, goal, found)
    found = _search_exactly(problem, goal, found)
    if not goal.minimize or found.stopped or satisfied(problem, goal, found):
        return found
    nearby = replace(goal, bound=found.bound, nodes=max(goal.nodes // 8, min(goal.nodes, _FIRST_TURN)))
    if len(problem.buffers) >= _REPAIR_FROM:
        return _better(found, local_search.solve_from(problem, nearby, replace(found, nodes=0)))
    return _others(problem, nearby, found)


def _search_exactly(problem: Problem, goal: Goal, found: Found) -> Found:
    """`found`, or a lower packing by exact searches.

    With windows or pairs apart, telamalloc has a turn: it knows the highest offsets as well as the lowest. Of 43 drawn
    problems with 19 to 268 buffers, place or postpone alone ends above telamalloc in 4, and below it in 16.
    """
    if not _is_uneven(constraints(problem)):
        return place_or_postpone.solve_from(problem, goal, found)
    for allocator, nodes in (
        (place_or_postpone, _FIRST_TURN),
        (telamalloc, goal.nodes // _TELAMALLOC_COST),
        (place_or_postpone, goal.nodes * _POSTPONE_TENTHS // 10),
    ):
        if not found.stopped and not satisfied(problem, goal, found):
            turn = replace(goal, nodes=min(goal.nodes, found.nodes + nodes))
            found = allocator.solve_from(problem, turn, found)
    return found


def _others(problem: Problem, goal: Goal, found: Found) -> Found:
    """`found`, or a lower packing by an allocator that has not been asked, each with the nodes of `goal`."""
    from tmpass.packing.allocators import best_fit, hill_climb

    for allocator in (best_fit, narrowest_first, local_search, hill_climb):
        if not found.stopped and not satisfied(problem, goal, found):
            found = _better(found, allocator.solve(problem, replace(goal, bound=found.bound)))
    return found


def _greedy_nodes(problem: Problem, goal: Goal) -> int:
    """How many nodes may have been spent after narrowest first; all of them where no exact search follows."""
    if len(problem.buffers) > capacity_search.MAX_BUFFERS:
        return goal.nodes
    return goal.nodes // 4 if len(problem.buffers) <= _EXACT_UP_TO else goal.nodes // 4 * 3


def _portfolio(problem: Problem, goal: Goal, found: Found) -> Found:
    """`found`, or a lower packing by any allocator, with what was proved. The nodes of `goal` are each one's budget."""
    present = constraints(problem)
    for allocator, nodes in _turns(goal.nodes, uneven=_is_uneven(present)):
        if found.stopped or satisfied(problem, goal, found):
            break
        if allocator is place_or_postpone:
            found = place_or_postpone.solve_from(problem, replace(goal, nodes=found.nodes + nodes), found)
        elif not present - allocator.HONOURS:
            found = _better(found, allocator.solve(problem, replace(goal, bound=found.bound, nodes=nodes)))
    return found


def _is_uneven(present: set[str]) -> bool:
    """Whether, of the constraints that are `present`, one gives two buffers other distances than their sizes."""
    return not present.isdisjoint({"windows", "apart"})


def _better(found: Found, other: Found) -> Found:
    """The lower packing, the first of equals, with the better bound and the nodes of both."""
    best = other if other.peak < found.peak else found
    bound, nodes = max(found.bound, other.bound), found.nodes + other.nodes
    return replace(best, bound=bound, nodes=nodes, stopped=other.stopped)


def _turns(nodes: int, *, uneven: bool) -> Iterator[tuple[Allocator, int]]:
    """The allocators of the portfolio in turn, with their nodes: a short round of all first.

    Telamalloc has as many nodes there as the others where the problem is `uneven`. In the second round, place or
    postpone has most nodes. The shares of the others are such that all together take as long as it would take alone.
    """
    from tmpass.packing.allocators import best_fit, hill_climb, minimalloc

    quick = min(nodes, _FIRST_TURN)
    yield from (
        (place_or_postpone, quick),
        (minimalloc, quick),
        (telamalloc, quick if uneven else quick // _TELAMALLOC_COST),
        (local_search, quick),
        (best_fit, quick),
        (narrowest_first, quick),
        (place_or_postpone, nodes * _POSTPONE_TENTHS // 10),
        (hill_climb, nodes if quick == nodes else nodes // 5),
        (local_search, nodes // 8),
        (minimalloc, nodes // 5),
        (telamalloc, nodes // _TELAMALLOC_COST),
    )


def _stack(problem: Problem, goal: Goal, found: Found) -> tuple[Found, Goal]:
    """`found`, or a lower stack of buffers that are all alive at once, and the goal of what comes after."""
    offsets = _core.aligned_stack(problem.native)
    if not offsets:
        return found, goal
    if len(problem.buffers) >= _REPAIR_FROM:
        goal = replace(goal, nodes=goal.nodes // _STACKED_SHARE)
    peak = peak_of(problem, offsets)
    better = replace(found, offsets=tuple(offsets), peak=peak, method="aligned stack")
    return better if peak < found.peak else found, goal


def _join(problem: Problem, goal: Goal, found: Found) -> Found:
    """`found`, or a lower packing of rectangles into which the buffers are joined."""
    if satisfied(problem, goal, found):
        return found
    offsets = _core.join_rectangles(problem.native, goal.bound)
    peak = peak_of(problem, offsets) if offsets else found.peak
    return replace(found, offsets=tuple(offsets), peak=peak, method="joined rectangles") if peak < found.peak else found


def _search_sparse(problem: Problem, goal: Goal, found: Found) -> Found:
    """`found`, or a packing at the bound, where few buffers are alive at once."""
    if satisfied(problem, goal, found) or _mean_live(problem) > _SPARSE:
        return found
    share = (goal.nodes - found.nodes) // _SPARSE_SHARE
    try:
        verdict, offsets, nodes = _core.postpone(problem.native, _target(problem, goal), share, capacity_search.SEED)
    except (ValueError, MemoryError):  # too many overlaps to hold in memory
        return found
    found = replace(found, nodes=found.nodes + nodes)
    if verdict != Verdict.FOUND:
        return found
    return replace(found, offsets=tuple(offsets), peak=peak_of(problem, offsets), method="place-or-postpone")


def _mean_live(problem: Problem) -> float:
    """How many buffers are alive at a step, the mean from the first step to the last."""
    lower, upper = min(b.lower for b in problem.buffers), max(b.upper for b in problem.buffers)
    return sum(b.upper - b.lower for b in problem.buffers) / (upper - lower)


def _target(problem: Problem, goal: Goal) -> int:
    """The highest top, in bytes, of a packing that needs no search any more."""
    return max(goal.bound, 0 if goal.minimize or problem.capacity is None else problem.capacity)


def _repair(problem: Problem, goal: Goal, found: Found) -> Found:
    """`found`, or a lower packing in which buffers above the target were moved."""
    left = (goal.nodes - found.nodes) // _REPAIR_SHARE
    offsets, peak, nodes = _core.repair(problem.native, found.offsets, _target(problem, goal), left)
    found = replace(found, nodes=found.nodes + nodes)
    return replace(found, offsets=tuple(offsets), peak=peak, method="repair") if peak < found.peak else found
