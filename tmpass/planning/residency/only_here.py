"""Bounds on the scratchpad by what other memories may not hold, or have no room for, however buffers are divided.

held   tensors with a use that no other memory allows
room   tensors that are larger than what any other memory has for them; or all tensors that are alive at once, less
       what the other memories have together
"""

from collections.abc import Mapping
from dataclasses import replace

from tmpass.base.choices import Role
from tmpass.planning.assemble import rules_out
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.needed import needed_by
from tmpass.planning.ordering.subgraphs import order_model
from tmpass.planning.residency.overhead import Besides, operators_in_order
from tmpass.planning.residency.staged_bound import staged_bound
from tmpass.planning.residency.transfers.behind import may_travel
from tmpass.planning.scratchpad_items import counts, least_items
from tmpass.plans.plan import MemoryUse
from tmpass.targets import USES_OF, Memory, Target


def with_held_bounds(
    request: LayoutRequest, ordered: OrderedLayout, whole: OrderedLayout, besides: Besides
) -> OrderedLayout:
    """The layout `ordered` with the bytes that the scratchpad holds at least, in any order and division.

    Tensors with a use that no other memory allows are there in every plan, as are those for which no other has room,
    and pieces of the constants that an operator reads, where these are copied. Where buffers may travel, a tensor is
    sure to be there only while an operator touches it. But all that is alive is in some memory.

    Args:
        request: that was laid out.
        ordered: for which there is too little room.
        whole: the layout in one memory from which it was divided. If one of the two has such bounds, they are taken.
        besides: what memories hold besides buffers.
    """
    if request.graph.fixed or whole.stopped or whole.layout.stopped:
        return ordered
    known = next((one.order for one in (ordered, whole) if one.order.held_bound or one.order.room_bound), None)
    if known is not None:
        order = replace(ordered.order, held_bound=known.held_bound, room_bound=known.room_bound)
        return replace(ordered, order=order)
    target, found = request.target, [0, 0]
    only, larger = only_here(target), larger_than_others(target, besides)
    travels = may_travel(request.graph, target, request.options.transfers)
    for number, above in enumerate([only] if larger == only else [only, larger]):
        if travels:
            found[number] = _touched_bound(request, whole, above)
        else:
            found[number] = _alive_bound(request, whole, besides, above)
    uses = set(larger)
    rooms = [room_elsewhere(m, besides) for m in _others(target) if any(USES_OF[role] in m.holds for role in uses)]
    if rooms and None not in rooms and share_no_more(target):
        every = _alive_bound(request, whole, besides, dict.fromkeys(uses, 0))
        found[1] = max(found[1], every - sum(room or 0 for room in rooms))
    held, room = found
    order = replace(ordered.order, held_bound=held or None, room_bound=room if room > held else None)
    return replace(ordered, order=order)


def is_ruled_out(request: LayoutRequest, ordered: OrderedLayout, first: MemoryUse) -> bool:
    """Whether the bounds of `with_held_bounds` prove that nothing fits; `first` is the row of the scratchpad."""
    bound = ordered.order.not_elsewhere
    return bound > 0 and rules_out(request, ordered, first, bound)


def only_here(target: Target) -> Mapping[Role, int]:
    """The roles of tensors that the scratchpad of a target may hold, and no other memory; of any size above 0."""
    others = {use for memory in _others(target) for use in memory.holds}
    return {Role(role): 0 for role, use in USES_OF.items() if use in set(target.scratchpad.holds) - others}


def larger_than_others(target: Target, besides: Besides) -> Mapping[Role, int]:
    """Role of tensors that the scratchpad may hold -> the bytes above which no other memory has room for one.

    Roles for which another memory has no limit are left out.
    """
    found = {}
    for role, use in USES_OF.items():
        rooms = [room_elsewhere(memory, besides) for memory in _others(target) if use in memory.holds]
        if use in target.scratchpad.holds and None not in rooms:
            found[Role(role)] = max((room or 0 for room in rooms), default=0)
    return found


def share_no_more(target: Target) -> bool:
    """Whether tensors may share no more in another memory than in the scratchpad, where offsets are less restricted."""
    return not any(memory.alignment % target.scratchpad.alignment for memory in _others(target))


def room_elsewhere(memory: Memory, besides: Besides) -> int | None:
    """The bytes that `memory` has for buffers at most; None where it has no limit.

    Nothing has to follow what is topmost, so that the last constant there needs no padding.
    """
    if memory.room is None:
        return None
    stored, kept = besides.stored, besides.overhead.get(memory.name)
    left = memory.room - (0 if kept is None else kept.bytes)
    if stored is not None and stored.home.name == memory.name and stored.constants:
        left -= stored.total - (memory.alignment - 1)
    return max(0, left)


def _others(target: Target) -> list[Memory]:
    return [memory for memory in target.memories if memory.name != target.scratchpad.name]


def _alive_bound(request: LayoutRequest, whole: OrderedLayout, besides: Besides, above: Mapping[Role, int]) -> int:
    """The bytes that tensors of `above` take at one step, in any order, with the pieces of constants."""
    items, always = least_items(request, whole.layout, above)
    orders = tuple(tuple(own) for own in operators_in_order(request.graph, whole.timeline))
    bound = order_model(items, orders, states=0, search=False).bound + always
    return max(bound, staged_bound(request, whole, besides, above) or 0)


def _touched_bound(request: LayoutRequest, whole: OrderedLayout, above: Mapping[Role, int]) -> int:
    """The bytes that tensors of `above` take while one operator touches them, with variables of these."""
    always = least_items(request, whole.layout, above)[1]
    inside = {
        key
        for key, role in whole.layout.storage.roles.items()
        if role is not Role.VARIABLE and counts(request, role, key, above)
    }
    inside &= {key for members in whole.layout.storage.members for key in members}
    operators = ((s, op) for s, subgraph in enumerate(request.graph.subgraphs) for op in range(len(subgraph.ops)))
    return max((needed_by(request, s, op, inside) for s, op in operators), default=0) + always
