"""A layout at another capacity of the scratchpad, without another search for an order or a packing in one memory."""

from collections.abc import Sequence
from dataclasses import replace

from tmpass.base.choices import ConstantUse, Status
from tmpass.base.record import record
from tmpass.planning.assemble import assemble, find_status
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.memories import room_for_buffers
from tmpass.planning.memory_rows import memory_rows
from tmpass.planning.residency.divide_beside import first_divided_beside
from tmpass.planning.residency.divide_layout import can_divide
from tmpass.planning.residency.fewest_moved import fewest_moved
from tmpass.planning.residency.overhead import Besides
from tmpass.planning.residency.transfers.behind import find_source
from tmpass.planning.residency.transfers.cases import find_cases
from tmpass.planning.residency.transfers.plan_transfers import try_transfers
from tmpass.planning.residency.transfers.too_small import largest_need
from tmpass.planning.run_time.find_time import find_time
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.plan import MemoryUse, PlannedConstant
from tmpass.plans.planned_time import PlannedTime


@record
class Resized:
    """What a plan would have at one capacity.

    Fields:
        memories: its rows of memories.
        constants: its rows of constants.
        status: what is proved.
        request: with that capacity.
        ordered: its layout.
        besides: what memories hold besides buffers.
        moved: the bytes of its spills and fetches in one run.
        beside: its buffers were divided to leave copies of constants room, which a plan asks for after transfers.
    """

    memories: tuple[MemoryUse, ...]
    constants: tuple[PlannedConstant, ...]
    status: Status
    request: LayoutRequest
    ordered: OrderedLayout
    besides: Besides
    moved: int = 0
    beside: bool = False

    @property
    def fits(self) -> bool:
        """Whether every memory has enough room."""
        return self.status in (Status.OPTIMAL, Status.FEASIBLE)

    @property
    def streamed(self) -> int:
        """The bytes of constants that each run loads: of a constant that is streamed in pieces, all of them."""
        whole = {row.tensors: row.size for row in self.constants if row.use == ConstantUse.STORED}
        return sum(whole[row.tensors] for row in self.constants if row.use == ConstantUse.STREAMED)


def time_of(info: ModelInfo, found: Resized) -> PlannedTime | None:
    """The time of a run of a plan at one capacity; None as for `find_time`.

    Args:
        info: of the model's file.
        found: what the plan has.
    """
    request = found.request
    return find_time(assemble(info, request, found.ordered, found.besides), request.graph, request.target)


def resize(
    request: LayoutRequest,
    orders: Sequence[OrderedLayout],
    besides: Besides,
    capacity: int,
    *,
    divided: bool = True,
) -> Resized:
    """The plan of a model with another capacity of the scratchpad, as `--budget` gives it, and without transfers.

    The orders, and the packings of buffers in one memory, do not depend on the capacity. So only the constants that
    stay are chosen again, the buffers that leave a scratchpad that is too small, and the one of these orders.

    Args:
        request: that was laid out.
        orders: the layout as `choose_order` finds it, not divided among memories, and those of `other_orders`.
        besides: what memories hold besides buffers.
        capacity: in bytes, without a reserve.
        divided: whether buffers may go to other memories, and another order than the first may be taken.
    """
    request, (whole, *others), besides = _with_capacity(request, orders, besides, capacity)
    ordered = fewest_moved(request, whole, besides, others) if divided else whole
    uses, constants = memory_rows(request, ordered, besides)
    beside = first_divided_beside(request, (whole, *others), besides) if divided and uses[0].shortfall else None
    if beside is not None:
        ordered = beside
        uses, constants = memory_rows(request, ordered, besides)
    if divided and uses[0].shortfall and ordered.division is None and can_divide(request):
        ordered = replace(ordered, division=Status.UNKNOWN)
    if uses[0].shortfall:
        held, room = whole.order.held_bound, whole.order.room_bound
        ordered = replace(ordered, order=replace(ordered.order, held_bound=held, room_bound=room))
    status = find_status(request, ordered, uses)
    return Resized(uses, constants, status, request, ordered, besides, beside=beside is not None)


def resize_with_transfers(
    request: LayoutRequest, ordered: OrderedLayout, besides: Besides, capacity: int
) -> tuple[Resized | None, bool]:
    """The plan with transfers at another capacity, None where none was found; and whether that proves nothing.

    Args:
        request: that was laid out.
        ordered: the layout as `choose_order` finds it.
        besides: what memories hold besides buffers.
        capacity: in bytes, without a reserve.
    """
    request, (ordered,), besides = _with_capacity(request, [ordered], besides, capacity)
    attempt = try_transfers(request, ordered, besides)
    found = attempt.layout
    if found is None or found.travel is None:
        return None, attempt.undecided
    uses, constants = memory_rows(request, found, besides)
    status, moved = find_status(request, found, uses), found.travel.transfers.moved
    return Resized(uses, constants, status, request, found, besides, moved), False


def least_with_transfers(
    request: LayoutRequest, ordered: OrderedLayout, besides: Besides, capacity: int
) -> tuple[int, int] | None:
    """A capacity below which one operator alone needs more than is left for buffers, and the bytes that it needs.

    None where buffers and copies are not placed together.

    Args:
        request: that was laid out.
        ordered: the layout as `choose_order` finds it.
        besides: what memories hold besides buffers.
        capacity: with which the buffers have any room.
    """
    away = find_source(request.graph, request.target, besides.stored)
    if away is None:
        return None
    request, (ordered,), besides = _with_capacity(request, [ordered], besides, capacity)
    case = next(find_cases(request, ordered, besides, away), None)
    if case is None:
        return None
    need = largest_need(request, case)
    return max(0, capacity - case.problem.capacity + need), need


def _with_capacity(
    request: LayoutRequest, orders: Sequence[OrderedLayout], besides: Besides, capacity: int
) -> tuple[LayoutRequest, list[OrderedLayout], Besides]:
    """The same with another capacity of the scratchpad."""
    target = request.target.override(capacity)
    memories = {memory.name: memory for memory in target.memories}
    request = replace(request, target=target)
    if besides.stored is not None:
        besides = replace(besides, stored=replace(besides.stored, home=memories[besides.stored.home.name]))
    found = []
    for ordered in orders:
        allocations = []
        for placed in ordered.layout.allocations:
            memory = memories[placed.memory.name]
            room = room_for_buffers(memory, request.taken.get(memory.name, 0))
            allocations.append(replace(placed, memory=memory, room=room))
        found.append(replace(ordered, layout=replace(ordered.layout, allocations=tuple(allocations))))
    return request, found, besides
