"""A layout that does not fit into one memory, divided among several that operators use directly."""

from dataclasses import replace

from tmpass.base.sizes import MAX_BYTES
from tmpass.graph.model import Graph
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.memories import MemoryAllocation, room_for_buffers, uses_of
from tmpass.planning.residency.candidates import Candidate
from tmpass.planning.residency.placement import DEFAULT_STATES, Placement, place
from tmpass.planning.residency.traffic import traffic_of
from tmpass.targets import WRITTEN, Memory, Target, Use


def can_divide(request: LayoutRequest) -> bool:
    """Whether a tensor of a run may be in the scratchpad, or in another memory that operators use."""
    return not request.graph.fixed and takes_elsewhere(request.target)


def takes_elsewhere(target: Target) -> bool:
    """Whether operators use another memory for tensors that may also be in the scratchpad."""
    first = target.scratchpad
    uses = WRITTEN.intersection(first.holds)
    return first.compute and any(m.compute and m != first and uses.intersection(m.holds) for m in target.memories)


def room_of_others(target: Target) -> int:
    """The bytes that operators find for activations beside the scratchpad, of all memories together."""
    others = [m for m in target.memories if m != target.scratchpad and m.compute and Use.ACTIVATIONS in m.holds]
    return sum(MAX_BYTES if memory.room is None else memory.room for memory in others)


def divided_among(graph: Graph, target: Target) -> list[str]:
    """The names of the memories among which buffers are divided; none where their offsets are fixed."""
    if graph.fixed:
        return []
    return [memory.name for memory in target.memories if memory.compute and Use.ACTIVATIONS in memory.holds]


def divide_layout(
    request: LayoutRequest,
    ordered: OrderedLayout,
    *,
    states: int = DEFAULT_STATES,
    below: int | None = None,
    spared: int = 0,
) -> OrderedLayout:
    """The layout with each buffer in the memory where its traffic costs the least, if it does not fit otherwise.

    `division` of the result says what is known of divided layouts in this order, whatever their traffic. The bound on
    all orders is for one memory, so it is dropped.

    Args:
        request: that was laid out.
        ordered: its layout in one memory.
        states: the budget of the search for a division.
        below: no division is asked for whose traffic costs as much, or more.
        spared: bytes of the scratchpad that get no buffer, so that copies of constants have room. With any, a layout
            that fits is divided too.
    """
    memories = [memory for memory in request.target.memories if memory.compute]
    if (ordered.layout.fits and not spared) or request.graph.fixed or ordered.layout.stopped:
        return ordered
    if request.target.scratchpad not in memories:  # a plan is for its scratchpad, which then cannot take part
        return ordered
    storage, rounding = ordered.layout.storage, request.target.runtime.rounding
    traffic = traffic_of(request.graph, ordered.timeline, storage.members)
    candidates = []
    for index, members in enumerate(storage.members):
        buffer, uses = storage.buffers[index].rounded(rounding), set(uses_of(request.graph, storage, members))
        allowed = tuple(m for m, memory in enumerate(memories) if uses <= set(memory.holds))
        candidates.append(Candidate(buffer, traffic[index] if members else 2 * buffer.size, allowed))
    if all(len(candidate.memories) < 2 for candidate in candidates):
        return ordered
    rooms = [room_for_buffers(memory, request.taken.get(memory.name, 0)) for memory in memories]
    limited = [
        replace(memory, capacity=_beside(memory, room, spared if memory is request.target.scratchpad else 0))
        for memory, room in zip(memories, rooms, strict=True)
    ]
    found = place(candidates, limited, states=states, nodes=request.options.nodes, threads=request.threads, below=below)
    ordered = replace(ordered, order=replace(ordered.order, lower_bound=0), division=found.status)
    if not found.memory:
        return ordered
    allocations = tuple(
        MemoryAllocation(memory, indices, found.allocations[m], rooms[m])
        for m, memory in enumerate(memories)
        if (indices := _inside(found, m)) or memory is request.target.scratchpad
    )
    first = request.target.scratchpad
    allocations = tuple(sorted(allocations, key=lambda one: one.memory is not first))
    return replace(ordered, layout=replace(ordered.layout, allocations=allocations))


def _beside(memory: Memory, room: int | None, spared: int) -> int | None:
    """The bytes for buffers of a memory where `spared` bytes above them begin at a multiple of its alignment."""
    if room is None or not spared:
        return room
    return max(0, room - spared) // memory.alignment * memory.alignment


def _inside(found: Placement, memory: int) -> tuple[int, ...]:
    return tuple(number for number, m in enumerate(found.memory) if m == memory)
