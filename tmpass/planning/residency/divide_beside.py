"""A division of the buffers that leaves copies of constants room in the scratchpad."""

from collections.abc import Iterable

from tmpass.base.choices import Status
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.memory_rows import find_free, memory_rows
from tmpass.planning.residency.divide_layout import can_divide, divide_layout
from tmpass.planning.residency.overhead import Besides
from tmpass.planning.residency.placement import DEFAULT_STATES

_ROUNDS = 3
"""How many divisions spare the bytes that were missing before. One more spares what the copies of any step need."""


def first_divided_beside(
    request: LayoutRequest, orders: Iterable[OrderedLayout], besides: Besides
) -> OrderedLayout | None:
    """The first of the layouts `orders` in one memory that `divide_beside` divides; None if it divides none."""
    return next(filter(None, (divide_beside(request, one, besides) for one in orders)), None)


def divide_beside(request: LayoutRequest, ordered: OrderedLayout, besides: Besides) -> OrderedLayout | None:
    """The layout `ordered`, divided so that buffers and copies of constants fit; None if no such division is found.

    A division has the least traffic, so it fills the scratchpad, and copies of constants lie above its buffers. So here
    some of its bytes are kept free of buffers: first as many as are missing, then more, and at last as many as the
    copies of the step with the most copies need.

    Args:
        request: that was laid out.
        ordered: its layout in one memory.
        besides: what memories hold besides buffers.
    """
    free, _ = find_free(request, ordered, besides.stored)
    if free is None or free.memory.name != request.target.scratchpad.name or not can_divide(request):
        return None
    most = max(sum(free.staging[c] for c in used) for used in free.uses)
    spared, tried = 0, divide_layout(request, ordered, states=DEFAULT_STATES // _ROUNDS)
    for number in range(_ROUNDS + 1):
        missing = memory_rows(request, tried, besides)[0][0].shortfall
        if number and not missing:
            break
        spared = min(most, spared + missing) if number < _ROUNDS else most
        if not spared:
            return None
        tried = divide_layout(request, ordered, states=DEFAULT_STATES // _ROUNDS, spared=spared)
        if tried.division in (None, Status.INFEASIBLE):
            return None
    return None if any(use.shortfall for use in memory_rows(request, tried, besides)[0]) else tried
