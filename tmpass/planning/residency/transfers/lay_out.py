"""The layout of an answer to a problem of transfers: a row for each residence, spill and copy of a constant."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tmpass.base.choices import Status
from tmpass.packing.allocate import allocate
from tmpass.packing.allocation import Allocation
from tmpass.packing.bounds import lower_bound
from tmpass.packing.problem import Buffer, Problem
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout import Layout, ranges_on
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.liveness import Storage
from tmpass.planning.memories import MemoryAllocation, room_for_buffers
from tmpass.planning.residency.transfers.cases import Case
from tmpass.planning.residency.transfers.fixed_order import FixedOrderAnswer
from tmpass.planning.residency.transfers.travel import Away, Travel, find_away, residence_rows
from tmpass.plans.plan import PlannedBuffer, PlannedTransfers
from tmpass.targets import Memory


def laid_out(
    request: LayoutRequest, ordered: OrderedLayout, case: Case, answer: FixedOrderAnswer, away: Memory
) -> OrderedLayout | None:
    """The layout of an answer; None where the memory behind has no room for what is away."""
    count, scratchpad = len(case.numbers), request.target.scratchpad
    episodes = answer.episodes[:count]
    trips = [find_away(b, own) for b, own in zip(case.problem.buffers, episodes, strict=False)]
    others = tuple(_others(request, case))
    above = max((placed.allocation.peak or 0 for placed in others if placed.memory is away), default=0)
    stored = _store(request, case, trips, away, above)
    if stored is None:
        return None
    first, later = residence_rows(case.storage, scratchpad.name, episodes, case.numbers)
    fetched = sum(row.size for row in later)
    spilled = sum(row.size for row in stored)
    for placed in others:
        for number, offset in zip(placed.indices, placed.allocation.offsets, strict=True):
            first[number] = _row(case.storage, placed.memory, number, offset)
    for number in case.parts[0][2]:
        first.setdefault(number, _row(case.storage, scratchpad, number, 0))  # of no bytes
    whole = request.target.runtime.rounding == 1 and not any(b.gaps for b in case.storage.buffers)
    bound = answer.lower_bound // max(case.problem.prices) if whole else 0  # of buffers that are needed as a whole
    rows = [first[number] for number in sorted(first)]
    rows += [replace(row, id=len(rows) + at) for at, row in enumerate((*later, *stored))]
    transfers = PlannedTransfers(away.name, spilled, fetched, min(bound, spilled + fetched))
    travel = Travel(tuple(rows), case.placed(answer), transfers, ranges_on(request, case.timeline))
    allocations = (
        _figures(request, scratchpad, travel, case.parts[0][2], case.problem.capacity),
        *(one for one in others if one.memory is not away),
        _figures(request, away, travel, next((n for m, _, n in case.parts[1:] if m is away), ()), None),
    )
    layout = Layout(case.storage, allocations)
    return OrderedLayout(case.timeline, layout, case.order, warnings=ordered.warnings, travel=travel)


def _row(storage: Storage, memory: Memory, number: int, offset: int) -> PlannedBuffer:
    """The row of a buffer that stays where it is."""
    b, members = storage.buffers[number], storage.members[number]
    step = None if members else b.lower
    return PlannedBuffer(number, memory.name, offset, b.size, b.lower, b.upper, members, b.gaps, step)


def _others(request: LayoutRequest, case: Case) -> Iterator[MemoryAllocation]:
    """The allocations of the memories besides the scratchpad."""
    for memory, problem, indices in case.parts[1:]:
        found = allocate(problem, request.options.allocator, nodes=request.options.nodes, threads=request.threads)
        yield MemoryAllocation(memory, indices, found, problem.capacity)


def _store(
    request: LayoutRequest, case: Case, trips: Sequence[Sequence[Away]], away: Memory, above: int
) -> list[PlannedBuffer] | None:
    """The rows in the memory behind, without ids: one place for each buffer, one row for each spill into it.

    They lie above byte `above`, where the buffers end that are always in that memory.
    """
    above = -(-above // away.alignment) * away.alignment
    leaving = [at for at, own in enumerate(trips) if own]
    sizes = [case.problem.buffers[at].size for at in leaving]
    spans = [(trips[at][0][0], trips[at][-1][1]) for at in leaving]
    buffers = tuple(Buffer(str(at), *spans[at], size) for at, size in enumerate(sizes))
    room = room_for_buffers(away, request.taken.get(away.name, 0))
    room = None if room is None else max(0, room - above)
    found = allocate(Problem(buffers, room, away.alignment), nodes=request.options.nodes)
    if found.status not in (Status.OPTIMAL, Status.FEASIBLE):
        return None
    rows = []
    for at, offset in zip(leaving, found.offsets, strict=True):
        number = case.numbers[at]
        size, members = case.storage.buffers[number].size, case.storage.members[number]
        rows += [
            PlannedBuffer(-1, away.name, above + offset, size, lower, upper, members, first=number)
            for lower, upper in trips[at]
        ]
    return rows


def _figures(
    request: LayoutRequest, memory: Memory, travel: Travel, indices: tuple[int, ...], room: int | None
) -> MemoryAllocation:
    """The figures of a memory whose rows are those of `travel`, in the form of an allocation."""
    rows = [row for row in travel.buffers if row.memory == memory.name]
    rounding = request.target.runtime.rounding
    buffers = tuple(Buffer(str(r.id), r.lower, r.upper, r.size, gaps=r.gaps).rounded(rounding) for r in rows)
    bound = lower_bound(Problem(buffers, None, memory.alignment))
    ends = [row.offset + buffer.size for row, buffer in zip(rows, buffers, strict=True) if buffer.size]
    offsets = tuple(travel.buffers[number].offset for number in indices)
    found = Allocation(offsets, max(ends, default=0), bound.peak, bound.live_bytes, Status.FEASIBLE, "transfers")
    return MemoryAllocation(memory, indices, found, room)
