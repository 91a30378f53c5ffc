"""The search for an order of lower peak of one part: exact, or within a budget of states."""

from collections.abc import Sequence
from dataclasses import replace

import tmpass._core as _core
from tmpass.planning.ordering.ordered import Ordered

_FIRST = 100_000
"""States of the first exact search. The rest of the budget is for parts that it cannot solve."""

_WIDEST = 64
_BEAM_WORK = 2_000_000
"""The limit of operators times operators times width. Wider beams are not worth their time."""

_CEILINGS = 8
"""How many searches under a ceiling between the bound and the peak are made."""

_WINDOWS = (16, 32, 64, 128)
"""How many operators an order window has. Longer ones are tried where shorter ones do not help."""

_WINDOW_STATES = 5_000


def search_part(part: _core.OrderProblem, present: Ordered, states: int) -> Ordered:
    """An order of `part` with a peak at most that of `present`.

    A search that proves its answer comes first. If it enters too many sets, order windows, a beam and ceilings look for
    a lower order. With more than 3 * _FIRST states, which the default budget is not, the rest goes into a last exact
    search.
    After Ctrl-C the best order so far is returned.

    Args:
        part: its operators are numbered in the order of `present`.
        present: the order to start from.
        states: budget, in sets of operators.
    """
    best = present
    try:
        best = _exact(part, best, min(_FIRST, states // 2))
        share = min(2 * _FIRST, states) // 6
        if best.peak > best.bound and share:
            best = _through_windows(part, best, share)
            best = _lower(best, _through_windows(part, _beam(part, best), share))
            best = _under_ceilings(part, best, share)
        if best.peak > best.bound and states > 3 * _FIRST:
            best = _exact(part, best, states - best.states)
    except KeyboardInterrupt:
        return replace(best, stopped=True)
    return best


def _exact(part: _core.OrderProblem, best: Ordered, limit: int) -> Ordered:
    found, bound, entered = _core.search_orders(part, best.bound, best.peak, limit)
    if found:
        return _as_found(part, best, found, bound, entered)
    return replace(best, bound=bound, states=best.states + entered)


def _as_found(part: _core.OrderProblem, before: Ordered, order: Sequence[int], bound: int, entered: int) -> Ordered:
    peak = max(_core.OrderParts(part, order).profile)
    return Ordered(tuple(order), peak, bound, before.states + entered)


def _lower(one: Ordered, other: Ordered) -> Ordered:
    """The order of lower peak, with the states of `other`, which was found later."""
    return replace(one if one.peak <= other.peak else other, states=other.states)


def _beam(part: _core.OrderProblem, best: Ordered) -> Ordered:
    width = min(_WIDEST, _BEAM_WORK // len(part) ** 2)
    return _as_found(part, best, _core.beam_order(part, width, best.bound), best.bound, 0) if width else best


def _under_ceilings(part: _core.OrderProblem, best: Ordered, states: int) -> Ordered:
    """`best`, or a lower order that is found under a ceiling between the bound and the peak.

    Each failure moves the ceiling nearer to the peak. Below a low ceiling too many sets lead nowhere to enter them all;
    below a high one an order is found soon.
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
    """`best` after searches of order windows around its peak step, until none of them lowers the peak there."""
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
                improved = True  # fewer steps reach the peak
                break
    return _as_found(part, best, parts.order, best.bound, spent)


def _windows(at: int, count: int) -> list[tuple[int, int]]:
    """Order windows [begin, end) around step `at` of `count`, the shorter ones first."""
    return [
        (begin, min(begin + size, count))
        for size in _WINDOWS
        for begin in sorted({max(0, at - size * quarter // 4) for quarter in range(5)})
    ]
