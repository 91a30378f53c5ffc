"""A layout at another capacity of the scratchpad, without another search for an order or a packing."""

from dataclasses import replace

from tmpass.base.choices import ConstantUse, Status
from tmpass.base.record import record
from tmpass.planning.assemble import assemble, find_status
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.memories import room_for_buffers
from tmpass.planning.memory_rows import memory_rows
from tmpass.planning.residency.divide_layout import divide_layout
from tmpass.planning.residency.overhead import Besides
from tmpass.planning.run_time.find_time import find_time
from tmpass.plans.plan import MemoryUse, ModelInfo, PlannedConstant
from tmpass.plans.planned_time import PlannedTime


@record
class Resized:
    """What a plan would have at one capacity: the rows of its memories and constants, and its status."""

    memories: tuple[MemoryUse, ...]
    constants: tuple[PlannedConstant, ...]
    status: Status

    @property
    def fits(self) -> bool:
        """Whether every memory has enough room."""
        return self.status in (Status.OPTIMAL, Status.FEASIBLE)

    @property
    def streamed(self) -> int:
        """The bytes of constants that each run loads: of a constant that is streamed in pieces, all of them."""
        whole = {row.tensors: row.size for row in self.constants if row.use == ConstantUse.STORED}
        return sum(whole[row.tensors] for row in self.constants if row.use == ConstantUse.STREAMED)


def time_at(
    info: ModelInfo, request: LayoutRequest, ordered: OrderedLayout, besides: Besides, capacity: int
) -> PlannedTime | None:
    """The time of a run of the plan of `ordered` with another capacity; None as for `find_time`.

    Args:
        info: of the model's file.
        request: as for `resize`, as are the others.
        ordered: the layout.
        besides: what memories hold besides buffers.
        capacity: in bytes.
    """
    request, ordered, besides = _with_capacity(request, ordered, besides, capacity)
    return find_time(assemble(info, request, divide_layout(request, ordered), besides), request.graph, request.target)


def resize(
    request: LayoutRequest, ordered: OrderedLayout, besides: Besides, capacity: int, *, divided: bool = True
) -> Resized:
    """The plan of `ordered` with another capacity of the scratchpad, as `--budget` gives it.

    The order and the packing of buffers in one memory do not depend on the capacity, so only the constants that stay
    are chosen again, and the buffers that leave a scratchpad that is too small.

    Args:
        request: that was laid out.
        ordered: the layout as `choose_order` finds it, not divided among memories.
        besides: what memories hold besides buffers.
        capacity: in bytes, without a reserve.
        divided: whether buffers may go to other memories.
    """
    request, ordered, besides = _with_capacity(request, ordered, besides, capacity)
    if divided:
        ordered = divide_layout(request, ordered)
    uses, constants = memory_rows(request, ordered, besides)
    return Resized(uses, constants, find_status(request, ordered, uses))


def _with_capacity(
    request: LayoutRequest, ordered: OrderedLayout, besides: Besides, capacity: int
) -> tuple[LayoutRequest, OrderedLayout, Besides]:
    """The same with another capacity of the scratchpad."""
    target = request.target.override(capacity)
    memories = {memory.name: memory for memory in target.memories}
    request = replace(request, target=target)
    if besides.stored is not None:
        besides = replace(besides, stored=replace(besides.stored, home=memories[besides.stored.home.name]))
    allocations = []
    for placed in ordered.layout.allocations:
        memory = memories[placed.memory.name]
        room = room_for_buffers(memory, request.taken.get(memory.name, 0))
        allocations.append(replace(placed, memory=memory, room=room))
    return request, replace(ordered, layout=replace(ordered.layout, allocations=tuple(allocations))), besides
