"""A bound on the scratchpad by what no other memory may hold, however buffers are divided."""

from dataclasses import replace

from tmpass.base.choices import Role
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.needed import needed_by
from tmpass.planning.ordering.subgraphs import order_model
from tmpass.planning.residency.overhead import Besides, operators_in_order
from tmpass.planning.residency.staged_bound import staged_bound
from tmpass.planning.residency.transfers.behind import may_travel
from tmpass.planning.scratchpad_items import least_items
from tmpass.targets import USES_OF, Target


def with_held_bound(
    request: LayoutRequest, ordered: OrderedLayout, whole: OrderedLayout, besides: Besides
) -> OrderedLayout:
    """The layout `ordered` with the bytes that the scratchpad holds at least, in any order and division.

    Tensors with a use that no other memory allows are there in every plan, and so are pieces of the constants that an
    operator reads, where these are copied. Where buffers may travel, a tensor is sure to be there only while an
    operator touches it.

    Args:
        request: that was laid out.
        ordered: for which there is too little room.
        whole: the layout in one memory from which it was divided.
        besides: what memories hold besides buffers.
    """
    roles = only_here(request.target)
    if request.graph.fixed or whole.stopped or whole.layout.stopped:
        return ordered
    items, always = least_items(request, whole.layout, roles)
    if not may_travel(request.graph, request.target, request.options.transfers):
        orders = tuple(tuple(own) for own in operators_in_order(request.graph, whole.timeline))
        bound = order_model(items, orders, states=0, search=False).bound + always
        bound = max(bound, staged_bound(request, whole, besides, roles) or 0)
    else:
        inside = {
            key for key, role in whole.layout.storage.roles.items() if role in roles and role is not Role.VARIABLE
        }
        inside &= {key for members in whole.layout.storage.members for key in members}
        inside.difference_update(request.graph.held_in)
        operators = ((s, op) for s, subgraph in enumerate(request.graph.subgraphs) for op in range(len(subgraph.ops)))
        bound = max((needed_by(request, s, op, inside) for s, op in operators), default=0) + always
    return replace(ordered, order=replace(ordered.order, held_bound=bound)) if bound else ordered


def only_here(target: Target) -> frozenset[Role]:
    """The roles of tensors that the scratchpad of a target may hold, and no other memory."""
    others = {use for memory in target.memories if memory != target.scratchpad for use in memory.holds}
    own = set(target.scratchpad.holds) - others
    return frozenset(Role(role) for role, use in USES_OF.items() if use in own)
