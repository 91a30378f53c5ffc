"""The plan with the least time of a run, among those of all layouts that are tried."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

from tmpass.base import interrupts
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.residency.overhead import Besides
from tmpass.planning.run_time.layouts import layouts_in_one_order, layouts_with_transfers
from tmpass.planning.run_time.residents import choose_for_time
from tmpass.plans.plan import STOPPED, Plan


def find_fastest(
    made: Plan,
    request: LayoutRequest,
    whole: OrderedLayout,
    besides: Besides,
    assembled: Callable[[OrderedLayout], Plan],
) -> Plan:
    """`made`, or the plan of another layout in which a run takes less time.

    Args:
        made: the plan for the fewest bytes.
        request: of the model.
        whole: its layout in one memory.
        besides: what memories hold besides buffers.
        assembled: makes a plan of a layout.

    Raises:
        KeyboardInterrupt: Ctrl-C came, and `request.keep` is not set.
    """
    best = made
    if STOPPED in made.warnings:
        return made
    try:
        with interrupts.caught() if request.keep else nullcontext():
            for ordered in layouts_in_one_order(request, whole):
                found = assembled(ordered)
                best = _faster(best, found)
                chosen = choose_for_time(found, request, ordered, besides.stored)
                if chosen.resident is not None:
                    best = _faster(best, assembled(chosen))
            if not made.fits or made.transfers is not None or len(made.arenas) > 1:
                for ordered in layouts_with_transfers(request, whole, besides):
                    best = _faster(best, assembled(ordered))
    except KeyboardInterrupt:
        if not request.keep:
            raise
        return replace(best, warnings=(*best.warnings, STOPPED))
    return best


def _faster(best: Plan, other: Plan) -> Plan:
    """The plan that fits; of two, the one with the shorter run, unless it uses more unknown speeds; else the first."""
    if not other.fits or other.time is None:
        return best
    if not best.fits or best.time is None:
        return other if not best.fits else best
    if not set(other.time.unknown) <= set(best.time.unknown):
        return best  # what is not known counts nothing, so nothing is known of the difference
    return other if other.time.total < best.time.total else best
