"""The order with the least peak, exactly where that can be had, and what no order can go below.

    file order ── cut where every path passes ──> part ── bound ──> is it met?  yes: done
                                                            no: search ──> order, proved
                                                            too many states: search again under higher ceilings,
                                                            beam, and windows of the order searched one by one

After Ahn et al., "Ordering Chaos" (MLSys 2020) for the cuts and the states, with a search that needs no guess of the
budget (core/order_search.hpp).
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from tmpass import _core
from tmpass.schedule.items import Items

DEFAULT_STATES = 200_000
"""Sets of operators that may be looked at; the same number gives the same order."""

_LEAST_STATES = 500
"""For each part, when the parts before it have used up what there was."""

_CUTS, _CUT_WORK = 64, 500_000
"""Minimum cuts per part, for few operators are near the peak; and how many times the operators of the part."""

_WIDEST = 64
_BEAM_WORK = 2_000_000
"""Operators times operators times width: wider beams are not worth their time."""

_CEILINGS = 8
"""How often an order is looked for under a ceiling between the bound and the peak."""

_WINDOWS = (16, 32, 64, 128)
"""Operators in a window that is ordered anew; the longer ones are tried where the shorter ones do not help."""

_WINDOW_STATES = 5_000


@dataclass(frozen=True, slots=True)
class Ordered:
    """An order of operators; no order has a `peak` below `bound` bytes. `stopped` by Ctrl-C, it may not be the best."""

    order: tuple[int, ...]
    peak: int
    bound: int
    states: int = 0
    stopped: bool = False


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
            try:
                found = _improve(part, during, low, max(states - spent, _LEAST_STATES))
            except KeyboardInterrupt:
                stopped = True
            else:
                low, spent = found.bound, spent + found.states
                if found.peak < max(during):
                    parts.reorder(begin, found.order)
        bound = max(bound, low)
    return Ordered(tuple(parts.order), max(parts.profile), bound, spent, stopped)


def _bound(part: _core.OrderProblem, during: Sequence[int]) -> int:
    return during[0] if len(part) == 1 else _core.bound_orders(part, during, min(_CUTS, _CUT_WORK // len(part)))[0]


def _improve(part: _core.OrderProblem, during: Sequence[int], low: int, states: int) -> Ordered:
    """A lower order of a part, whose operators are numbered in their present order, with the bytes `during` each."""
    present = Ordered(tuple(range(len(part))), max(during), low)
    found, bound, entered = _core.search_orders(part, low, present.peak, states // 2)
    if found:
        return Ordered(tuple(found), max(_core.OrderParts(part, found).profile), bound, entered)
    if bound == present.peak:
        return Ordered(present.order, present.peak, bound, entered)
    width = min(_WIDEST, _BEAM_WORK // len(part) ** 2)
    orders = [present.order] + ([_core.beam_order(part, width, bound)] if width else [])
    best = min((_through_windows(part, order, bound) for order in orders), key=lambda tried: tried.peak)
    best = _under_ceilings(part, best, states // 2)
    return Ordered(best.order, best.peak, bound, entered + best.states)


def _under_ceilings(part: _core.OrderProblem, best: Ordered, states: int) -> Ordered:
    """`best`, or a lower order: one is looked for under ceilings between the bound and the peak, nearer and nearer it.

    A low ceiling has more sets under it that lead nowhere than can be entered; under a high one an order is found soon.
    """
    spent, share = best.states, 2
    limit = max(1, states // _CEILINGS)
    for _ in range(_CEILINGS):
        ceiling = best.peak - max(1, (best.peak - best.bound) // share)
        found, _, entered = _core.search_orders(part, ceiling, best.peak, limit)
        spent += entered
        if found:
            best = Ordered(tuple(found), max(_core.OrderParts(part, found).profile), best.bound)
        else:
            share *= 2
    return Ordered(best.order, best.peak, best.bound, spent)


def _through_windows(part: _core.OrderProblem, order: Sequence[int], bound: int) -> Ordered:
    """`order` with windows around its fullest step searched one by one, until none makes that lower."""
    parts = _core.OrderParts(part, order)
    spent = 0
    while (peak := max(profile := parts.profile)) > bound:
        at = profile.index(peak)
        for size in _WINDOWS:
            begins = sorted({max(0, at - size * k // 4) for k in range(5)})
            for begin in begins:
                end = min(begin + size, len(part))
                window = parts.part(begin, end)
                low = _core.bound_orders(window, profile[begin:end], 1)[0]
                found, _, entered = _core.search_orders(window, low, max(profile[begin:end]), _WINDOW_STATES)
                spent += entered
                if found:
                    parts.reorder(begin, found)
                    break
            else:
                continue
            break
        else:
            break
    profile = parts.profile
    return Ordered(tuple(parts.order), max(profile), bound, spent)
