"""The rows of a plan for its memories, and for the constants in them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate, chain

from tmpass.base.choices import ConstantUse
from tmpass.packing.problem import Buffer, in_use
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.residency.constants import StoredConstants
from tmpass.planning.residency.on_chip import OnChip, choose_resident, find_on_chip, loaded_bound, loaded_rows
from tmpass.planning.residency.overhead import Besides, Overhead, tail_of, with_tail
from tmpass.planning.residency.traffic import traffic_of
from tmpass.plans.plan import MemoryUse, PlannedBuffer, PlannedConstant
from tmpass.targets import Memory

MemoryRows = tuple[tuple[MemoryUse, ...], tuple[PlannedConstant, ...]]
"""The rows of the memories, and those of the constants."""


def memory_rows(request: LayoutRequest, ordered: OrderedLayout, besides: Besides) -> MemoryRows:
    """The rows of the memories, and those of the constants.

    Args:
        request: that was laid out.
        ordered: the layout.
        besides: what memories hold besides buffers.
    """
    stored, overhead = besides.stored, besides.overhead
    free, horizon = find_free(request, ordered, stored)
    memories = list(_memories(request, ordered, stored, free, overhead))
    tail = tail_of(request.graph, request.target, ordered.timeline)
    overhead = with_tail(overhead, memories[0].name, memories[0].peak, tail, request.target)
    memories = [_with_overhead(use, overhead) for use in memories]
    if stored is None:
        return tuple(memories), ()
    peak = next((use.peak for use in memories if use.name == stored.home.name), 0)
    constants = tuple(stored.rows(peak, horizon))
    if free is not None:
        if ordered.travel is None or free.memory.name != request.target.scratchpad.name:
            constants += copies_of(request, stored, free, horizon, ordered.resident)
        else:
            constants += ordered.travel.copies
        memories = [_with_loaded(use, free, constants, ordered) for use in memories]
    return tuple(memories), constants


def find_free(
    request: LayoutRequest, ordered: OrderedLayout, stored: StoredConstants | None
) -> tuple[OnChip | None, int]:
    """What is free for copies of constants, None where none is needed, and how many steps the plan has."""
    horizon = max(1, len(ordered.timeline.steps), *(buffer.upper for buffer in ordered.layout.storage.buffers))
    if stored is None:
        return None, horizon
    graph, target = request.graph, request.target
    return find_on_chip(stored, graph, ordered.timeline, ordered.layout, target, horizon, request.taken), horizon


def copies_of(
    request: LayoutRequest,
    stored: StoredConstants,
    free: OnChip,
    horizon: int,
    chosen: Sequence[bool] | None,
) -> tuple[PlannedConstant, ...]:
    """The rows of the copies of constants.

    Args:
        request: that was laid out.
        stored: the constants.
        free: for their copies.
        horizon: how many steps the plan has.
        chosen: of each constant, whether it stays; None for the choice that moves the fewest bytes.
    """
    resident = choose_resident(free) if chosen is None else chosen
    rows = tuple(loaded_rows(free, stored.constants, resident, horizon))
    if not request.target.prefetch:
        return rows
    from tmpass.planning.residency.ahead import placed_ahead  # which few targets need

    height = free.height(resident)
    if not any(resident) and free.room is not None:
        height = max(height, free.room - free.room % free.memory.alignment)
    return tuple(placed_ahead(free, rows, height))


def _memories(
    request: LayoutRequest,
    ordered: OrderedLayout,
    stored: StoredConstants | None,
    free: OnChip | None,
    overhead: Mapping[str, Overhead],
) -> Iterator[MemoryUse]:
    """The rows of the memories: those with buffers, the one with copies of constants, and the home of the constants."""
    storage, names = ordered.layout.storage, set[str]()
    traffic = traffic_of(request.graph, ordered.timeline, storage.members)
    for placed in ordered.layout.allocations:
        names.add(placed.memory.name)
        constants = stored.total if stored is not None and placed.memory is stored.home else 0
        found = placed.allocation
        assert found.peak is not None  # only memories, fixed offsets and pairs can leave a problem without a packing
        use = _use(placed.memory, found.peak, found.lower_bound, found.live_bytes, constants)
        own = (traffic[i] if storage.members[i] else 2 * storage.buffers[i].size for i in placed.indices)
        yield replace(use, traffic=sum(own))
    if free is not None and free.memory.name not in names:
        yield _use(free.memory, 0, 0, 0, 0)
    if stored is not None and (stored.constants or stored.home.name in overhead) and stored.home.name not in names:
        yield _use(stored.home, 0, 0, 0, stored.total)


def _use(memory: Memory, peak: int, lower_bound: int, live_bytes: int, constants: int) -> MemoryUse:
    """The row of a memory."""
    return MemoryUse(
        memory.name,
        memory.capacity,
        memory.alignment,
        peak,
        lower_bound,
        live_bytes,
        memory.sources.get("capacity", ""),
        constants=constants,
        reserve=memory.reserve,
        reserve_source=memory.sources.get("reserve", ""),
        compute=memory.compute,
        chunk=memory.chunk,
    )


def _with_overhead(use: MemoryUse, overhead: Mapping[str, Overhead]) -> MemoryUse:
    """The row of a memory with what the runtime takes of it."""
    taken = overhead.get(use.name)
    if taken is None:
        return use
    return replace(
        use,
        overhead=taken.bytes,
        overhead_source=taken.source,
        preparation=taken.preparation,
        tail=taken.tail,
    )


def _with_loaded(
    use: MemoryUse, free: OnChip, constants: Sequence[PlannedConstant], ordered: OrderedLayout
) -> MemoryUse:
    """The row of a memory with what copies of constants take above its peak, and what they take at least."""
    if use.name != free.memory.name:
        return use
    stored = ConstantUse.STORED
    ends = [row.offset + row.size for row in constants if row.memory == use.name and row.use != stored]
    loaded = max([use.peak, *ends]) - use.peak
    bound = loaded_bound(free, _live_bytes(use.name, ordered, len(free.uses)), use.lower_bound)
    return replace(use, loaded=loaded, loaded_bound=bound)


def _live_bytes(memory: str, ordered: OrderedLayout, horizon: int) -> list[int]:
    """The live bytes of the buffers of a memory in each step."""
    rows: Iterable[Buffer | PlannedBuffer]
    if ordered.travel is not None:
        rows = (row for row in ordered.travel.buffers if row.memory == memory)
    else:
        inside = (placed.indices for placed in ordered.layout.allocations if placed.memory.name == memory)
        rows = (ordered.layout.storage.buffers[index] for indices in inside for index in indices)
    changes = [0] * (horizon + 1)
    for lower, upper, low, high in chain.from_iterable(map(in_use, rows)):
        changes[lower] += high - low
        changes[min(upper, horizon)] -= high - low
    return list(accumulate(changes[:-1]))
