"""The order of least peak, exact where the budget allows it, and a lower bound on the peak of all orders.

    file order ── cut where every path passes ──> part ── bound ──> is it met?  yes: done
                                                                       no: exact search ──> order, proved
                                                                       too many states: windows of the order, a beam,
                                                                       ceilings; above 300,000 states a last exact one

Source: Ahn et al., "Ordering Chaos" (MLSys 2020) for the cuts and the states; the search needs no guess of the budget
(core/ordering/least_peak_search.hpp).
"""

import itertools
from collections.abc import Sequence

import tmpass._core as _core
from tmpass.planning.ordering.items import Items
from tmpass.planning.ordering.ordered import Ordered
from tmpass.planning.ordering.search_part import search_part

DEFAULT_STATES = 200_000
"""The default budget, in sets of operators. The same budget gives the same order."""

_LEAST_STATES = 200
"""The budget of a part after the parts before it have used up the whole one."""

_CUTS, _CUT_WORK = 64, 500_000
"""Limits of the bound: minimum cuts per part, since few operators are near the peak, and cuts times operators."""


def native(items: Items) -> "_core.OrderProblem":
    """The order problem of `items` in the native core."""
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
    """The given order, with its peak and a lower bound on the peak of all orders."""
    if not len(problem):
        return Ordered((), 0, 0)
    parts = _core.OrderParts(problem, order)
    _, positions = _core.find_cuts(problem)
    profile = parts.profile
    bound = 0
    ranges = [(max(profile[a:b]), a, b) for a, b in itertools.pairwise(positions)]
    for most, a, b in sorted(ranges, reverse=True):
        if most <= bound:  # the bound of a part is at most its peak
            break
        bound = max(bound, _bound(parts.part(a, b), profile[a:b]))
    return Ordered(tuple(order), max(profile), bound)


def least_peak(problem: _core.OrderProblem, order: Sequence[int], states: int = DEFAULT_STATES) -> Ordered:
    """The order of least peak that the search finds, never above the peak of `order`.

    Operators of a part without a lower order keep their order.

    Args:
        problem: what each operator keeps alive.
        order: to start from.
        states: budget, in sets of operators.
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
            found = search_part(part, present, max(states - spent, _LEAST_STATES))
            low, spent, stopped = found.bound, spent + found.states, found.stopped
            if found.peak < present.peak:
                parts.reorder(begin, found.order)
        bound = max(bound, low)
    return Ordered(tuple(parts.order), max(parts.profile), bound, spent, stopped)


def _bound(part: _core.OrderProblem, during: Sequence[int]) -> int:
    return during[0] if len(part) == 1 else _core.bound_orders(part, during, min(_CUTS, _CUT_WORK // len(part)))[0]
