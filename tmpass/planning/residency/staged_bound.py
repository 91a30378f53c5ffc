"""A bound on the bytes of the scratchpad that any order needs with the pieces of the constants that it reads."""

from collections.abc import Mapping

from tmpass.base.choices import Role
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.ordering.subgraphs import order_model
from tmpass.planning.residency.on_chip import find_on_chip
from tmpass.planning.residency.overhead import Besides, operators_in_order
from tmpass.planning.residency.staging import Staging, find_staging, staged
from tmpass.planning.scratchpad_items import least_items


def staged_bound(
    request: LayoutRequest, ordered: OrderedLayout, besides: Besides, above: Mapping[Role, int] | None = None
) -> int | None:
    """No order, sharing or choice of constants that stay needs fewer bytes for buffers and copies of constants.

    A constant that an operator reads is there in its step: as a whole where it stays, and else in one piece at least.

    Args:
        request: of the model.
        ordered: its layout in one memory.
        besides: what memories hold besides buffers.
        above: the tensors that count beside the copies, as for `least_items`.

    Returns:
        Bytes; None where operators need no copies in the scratchpad, or run bodies.
    """
    staging = staging_of(request, ordered, besides)
    if staging is None or staging.bodies or request.graph.fixed:
        return None
    every, always = least_items(request, ordered.layout, above)
    orders = tuple(tuple(own) for own in operators_in_order(request.graph, ordered.timeline))
    # Pieces count as multiples of the alignment. Nothing has to follow what is topmost in a step.
    found = order_model(staged(every, staging, staging.every, topmost=True), orders, states=0, search=False)
    return found.bound + always


def staging_of(request: LayoutRequest, ordered: OrderedLayout, besides: Besides) -> Staging | None:
    """The constants that are copied to the scratchpad; None where none are."""
    if besides.stored is None:
        return None
    graph, timeline, layout = request.graph, ordered.timeline, ordered.layout
    free = find_on_chip(besides.stored, graph, timeline, layout, request.target, len(timeline.steps))
    if free is None or free.memory.name != request.target.scratchpad.name:
        return None
    return find_staging(free, graph, timeline, besides.stored.constants)
