"""The order with the least peak, exactly where that can be had, and what no order can go below.

    file order ── cut where every path passes ──> part ── bound ──> is it met?  yes: done
                                                            no: search ──> order, proved
                                                            too many states: search again under higher ceilings,
                                                            beam, and windows of the order searched one by one

After Ahn et al., "Ordering Chaos" (MLSys 2020) for the cuts and the states, with a search that needs no guess of the
budget (core/ordering/least_peak_search.hpp).
"""

import itertools
from collections.abc import Sequence

import tmpass._core as _core
from tmpass.planning.ordering.improve import improve
from tmpass.planning.ordering.items import Items
from tmpass.planning.ordering.ordered import Ordered

DEFAULT_STATES = 200_000
"""Sets of operators that may be looked at; the same number gives the same order."""

_LEAST_STATES = 200
"""For each part, when the parts before it have used up what there was."""

_CUTS, _CUT_WORK = 64, 500_000
"""Minimum cuts per part, for few operators are near the peak; and how many times the operators of the part."""


def native(items: Items) -> "_core.OrderProblem":
    """`items` as the kernels read them."""
    return _core.OrderProblem(
        items.edges,
        items.size,
        items.first,
        items.last,
        items.starts,
        items.users,
        items.scratch,
        items.in_place,
        items.beginning,
        items.partial,
    )


def bound_order(problem: _core.OrderProblem, order: Sequence[int]) -> Ordered:
    """`order` as it is, with its peak and a lower bound on that of any order."""
    if not len(problem):
        return Ordered((), 0, 0)
    parts = _core.OrderParts(problem, order)
    _, positions = _core.find_cuts(problem)
    profile = parts.profile
    bound = max(_bound(parts.part(a, b), profile[a:b]) for a, b in itertools.pairwise(positions))
    return Ordered(tuple(order), max(profile), bound)


def least_peak(problem: _core.OrderProblem, order: Sequence[int], states: int = DEFAULT_STATES) -> Ordered:
    """The order of the least peak found, at most that of `order`, entering at most `states` sets.

    Where a part cannot be made lower, its operators keep the order that they have.
    """
    if not len(problem):
        return Ordered((), 0, 0)
    parts = _core.OrderParts(problem, order)
    _, positions = _core.find_cuts(problem)
    profile = parts.profile
    bound = spent = 0
    stopped = False
    for begin, end in itertools.pairwise(positions):
        part = parts.part(begin, end)
        during = profile[begin:end]
        low = _bound(part, during)
        if max(during) > low and not stopped:
            present = Ordered(tuple(range(len(part))), max(during), low)
            found = improve(part, present, max(states - spent, _LEAST_STATES))
            low, spent, stopped = found.bound, spent + found.states, found.stopped
            if found.peak < present.peak:
                parts.reorder(begin, found.order)
        bound = max(bound, low)
    return Ordered(tuple(parts.order), max(parts.profile), bound, spent, stopped)


def _bound(part: _core.OrderProblem, during: Sequence[int]) -> int:
    return during[0] if len(part) == 1 else _core.bound_orders(part, during, min(_CUTS, _CUT_WORK // len(part)))[0]
