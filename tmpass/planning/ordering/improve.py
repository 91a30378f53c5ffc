"""A lower order of a part that nothing cuts: exactly, or as low as the states allow."""

from collections.abc import Sequence
from dataclasses import replace

import tmpass._core as _core
from tmpass.planning.ordering.ordered import Ordered

_FIRST = 100_000
"""States of the first search; the rest is for what it leaves open."""

_WIDEST = 64
_BEAM_WORK = 2_000_000
"""Operators times operators times width: wider beams are not worth their time."""

_CEILINGS = 8
"""How often an order is looked for under a ceiling between the bound and the peak."""

_WINDOWS = (16, 32, 64, 128)
"""Operators in a window that is ordered anew; the longer ones are tried where the shorter ones do not help."""

_WINDOW_STATES = 5_000


def improve(part: _core.OrderProblem, present: Ordered, states: int) -> Ordered:
    """`present`, or a lower order of `part`, whose operators are numbered in their present order.

    A search that proves its answer comes first; where it enters too many sets, orders are found otherwise, and what is
    left of `states` goes into a search for one that is lower still. Ctrl-C ends it, and the best so far is the answer.
    """
    best = present
    try:
        best = _search(part, best, min(_FIRST, states // 2))
        share = min(2 * _FIRST, states) // 6
        if best.peak > best.bound and share:
            best = _through_windows(part, best, share)
            best = _lower(best, _through_windows(part, _beam(part, best), share))
            best = _under_ceilings(part, best, share)
        if best.peak > best.bound and states > 3 * _FIRST:
            best = _search(part, best, states - best.states)
    except KeyboardInterrupt:
        return replace(best, stopped=True)
    return best


def _search(part: _core.OrderProblem, best: Ordered, limit: int) -> Ordered:
    found, bound, entered = _core.search_orders(part, best.bound, best.peak, limit)
    if found:
        return _as_found(part, best, found, bound, entered)
    return replace(best, bound=bound, states=best.states + entered)


def _as_found(part: _core.OrderProblem, before: Ordered, order: Sequence[int], bound: int, entered: int) -> Ordered:
    peak = max(_core.OrderParts(part, order).profile)
    return Ordered(tuple(order), peak, bound, before.states + entered)


def _lower(one: Ordered, other: Ordered) -> Ordered:
    """The lower of two, after the states of the later one."""
    return replace(one if one.peak <= other.peak else other, states=other.states)


def _beam(part: _core.OrderProblem, best: Ordered) -> Ordered:
    width = min(_WIDEST, _BEAM_WORK // len(part) ** 2)
    return _as_found(part, best, _core.beam_order(part, width, best.bound), best.bound, 0) if width else best


def _under_ceilings(part: _core.OrderProblem, best: Ordered, states: int) -> Ordered:
    """`best`, or a lower order: one is looked for under ceilings between the bound and the peak, nearer and nearer it.

    A low ceiling has more sets under it that lead nowhere than can be entered; under a high one an order is found soon.
    """
    share = 2
    for _ in range(_CEILINGS):
        ceiling = best.peak - max(1, (best.peak - best.bound) // share)
        found, _, entered = _core.search_orders(part, ceiling, best.peak, max(1, states // _CEILINGS))
        if found:
            best = _as_found(part, best, found, best.bound, entered)
        else:
            best = replace(best, states=best.states + entered)
            share *= 2
    return best


def _through_windows(part: _core.OrderProblem, best: Ordered, states: int) -> Ordered:
    """`best` with windows around its fullest step searched one by one, until none makes that lower."""
    parts = _core.OrderParts(part, best.order)
    spent = 0
    improved = True
    while improved and (peak := max(profile := parts.profile)) > best.bound:
        improved = False
        for begin, end in _windows(profile.index(peak), len(part)):
            limit = min(_WINDOW_STATES, states - spent)
            if limit <= 0:
                break
            window = parts.part(begin, end)
            low = _core.bound_orders(window, profile[begin:end], 1)[0]
            found, _, entered = _core.search_orders(window, low, max(profile[begin:end]), limit)
            spent += entered
            if found:
                parts.reorder(begin, found)
                improved = True  # fewer steps are as full as the fullest
                break
    return _as_found(part, best, parts.order, best.bound, spent)


def _windows(at: int, count: int) -> list[tuple[int, int]]:
    """Windows around step `at` of `count`, the shorter ones first."""
    return [
        (begin, min(begin + size, count))
        for size in _WINDOWS
        for begin in sorted({max(0, at - size * quarter // 4) for quarter in range(5)})
    ]
