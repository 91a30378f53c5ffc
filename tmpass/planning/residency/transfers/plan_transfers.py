"""A layout in which buffers leave the scratchpad and come back, for a model that does not fit into it otherwise."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tmpass.base.choices import OrderMethod, Status
from tmpass.packing.allocate import allocate
from tmpass.packing.allocation import Allocation
from tmpass.packing.bounds import lower_bound
from tmpass.packing.problem import Buffer, Problem
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout import Layout, aliases_on, ranges_on, storage_on
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.liveness import Storage
from tmpass.planning.memories import MemoryAllocation, distribute, room_for_buffers, uses_of
from tmpass.planning.ordering.file_order import file_order, unsorted
from tmpass.planning.residency.on_chip import find_on_chip, loaded_rows
from tmpass.planning.residency.overhead import Besides
from tmpass.planning.residency.transfers.behind import find_behind
from tmpass.planning.residency.transfers.fixed_order import (
    DEFAULT_NODES,
    FixedBuffer,
    FixedOrderAnswer,
    FixedOrderProblem,
    Use,
    solve_fixed_order,
)
from tmpass.planning.residency.transfers.travel import Away, Travel, find_away, residence_rows
from tmpass.planning.residency.transfers.uses import find_buffers
from tmpass.planning.sharing.aliases import Aliases
from tmpass.planning.sharing.in_place import CannotJoin
from tmpass.planning.sharing.moves import find_links
from tmpass.planning.timeline.lay_out import lay_out
from tmpass.planning.timeline.schedule import Schedule
from tmpass.plans.plan import PlannedBuffer, PlannedConstant, PlannedOrder, PlannedTransfers
from tmpass.targets import Memory, Sharing


@dataclass(frozen=True, slots=True)
class _Case:
    """One order with one sharing, as a problem of transfers.

    Fields:
        timeline: of all operators.
        order: how its order was found.
        storage: the buffers of all memories.
        parts: memory, problem and the numbers of the buffers; the scratchpad first.
        numbers: of the buffers with bytes in the scratchpad, in the order of the problem.
        copies: of constants, which come behind them in the problem.
        problem: to be solved.
    """

    timeline: Schedule
    order: PlannedOrder
    storage: Storage
    parts: tuple[tuple[Memory, Problem, tuple[int, ...]], ...]
    numbers: tuple[int, ...]
    copies: tuple[PlannedConstant, ...]
    problem: FixedOrderProblem


def with_transfers(request: LayoutRequest, ordered: OrderedLayout, besides: Besides) -> OrderedLayout | None:
    """The layout whose spills and fetches move the fewest bytes, over the orders and sharings that are tried.

    Tried are the order of `ordered` and, where any order may be taken, that of the file; each with all levels of
    sharing. None where no such layout is found, or none may be used.

    Args:
        request: that does not fit otherwise.
        ordered: its layout in one memory.
        besides: what memories hold besides buffers.
    """
    memory = find_behind(request.target)
    if memory is None or request.graph.fixed or ordered.stopped:
        return None
    best: OrderedLayout | None = None
    for timeline, order in _timelines(request, ordered):
        for case in _cases(request, besides, timeline, order, memory):
            if best is not None and best.travel is not None and not best.travel.transfers.moved:
                return best
            answer = solve_fixed_order(case.problem, nodes=min(DEFAULT_NODES, request.options.nodes))
            if not answer.episodes or (best is not None and _moved(best) <= answer.cost):
                continue
            best = _laid_out(request, ordered, case, answer, memory) or best
    return best


def _moved(ordered: OrderedLayout) -> int:
    assert ordered.travel is not None
    return ordered.travel.transfers.moved


def _timelines(request: LayoutRequest, ordered: OrderedLayout) -> Iterator[tuple[Schedule, PlannedOrder]]:
    """The timelines to try, each with how its order was found. No bound on live bytes holds where buffers leave."""
    yield ordered.timeline, replace(ordered.order, lower_bound=0)
    subgraphs = request.graph.subgraphs
    if request.options.schedule != OrderMethod.AUTO or any(map(unsorted, subgraphs)) or request.ties:
        return
    given = lay_out(request.graph, [file_order(subgraph) for subgraph in subgraphs])
    if given != ordered.timeline:
        yield given, PlannedOrder(OrderMethod.GIVEN, 0, ordered.order.states)


def _cases(
    request: LayoutRequest, besides: Besides, timeline: Schedule, order: PlannedOrder, behind_: Memory
) -> Iterator[_Case]:
    """The problem of each level of sharing on a timeline, without those that share alike."""
    ranges, tried = ranges_on(request, timeline), list[Aliases]()
    for sharing in request.sharing_levels:
        try:
            aliases = aliases_on(request, timeline, ranges, sharing)
        except CannotJoin:
            continue
        if not any(aliases.root == old.root and aliases.position == old.position for old in tried):
            tried.append(aliases)
            storage = storage_on(request, timeline, ranges, aliases)
            yield _case(request, besides, timeline, order, storage, sharing, behind_)


def _case(
    request: LayoutRequest,
    besides: Besides,
    timeline: Schedule,
    order: PlannedOrder,
    storage: Storage,
    sharing: Sharing,
    behind_: Memory,
) -> _Case:
    """The problem of one order with one sharing."""
    graph, target = request.graph, request.target
    parts = tuple(distribute(graph, storage, target, request.taken))
    memory, problem, indices = parts[0]
    sizes = [buffer.rounded(target.runtime.rounding).size for buffer in storage.buffers]
    stays = frozenset(
        number
        for number, members in enumerate(storage.members)
        if not set(uses_of(graph, storage, members)) <= set(behind_.holds)
    )
    links = list(find_links(graph, sharing))
    keep = request.options.keep_inputs
    found = find_buffers(graph, timeline, storage, sizes, links, keep_inputs=keep, stays=stays)
    numbers = tuple(number for number in indices if sizes[number])
    horizon = max(1, len(timeline.steps), *(buffer.upper for buffer in storage.buffers))
    copies = _streamed(request, besides, timeline, Layout(storage, ()), horizon)
    pinned = tuple(_pinned(row) for row in copies)
    capacity = problem.capacity
    assert capacity is not None  # an unlimited scratchpad has room for everything
    whole = FixedOrderProblem((*(found[n] for n in numbers), *pinned), horizon, capacity, memory.alignment)
    return _Case(timeline, order, storage, parts, numbers, copies, whole)


def _streamed(
    request: LayoutRequest, besides: Besides, timeline: Schedule, layout: Layout, horizon: int
) -> tuple[PlannedConstant, ...]:
    """The rows of all constants, streamed, at offsets still to be found; none where operators read them in place."""
    if besides.stored is None:
        return ()
    free = find_on_chip(besides.stored, request.graph, timeline, layout, request.target, horizon)
    if free is None or free.memory.name != request.target.scratchpad.name:
        return ()
    constants = besides.stored.constants
    return tuple(loaded_rows(free, constants, [False] * len(constants), horizon))


def _pinned(row: PlannedConstant) -> FixedBuffer:
    """A copy of a constant, which stays where it is for its operator."""
    ends = dict.fromkeys((row.lower, row.upper - 1), True)
    return FixedBuffer(row.size, tuple(Use(step, writes=True) for step in ends), stored=False, pinned=True)


def _laid_out(
    request: LayoutRequest, ordered: OrderedLayout, case: _Case, answer: FixedOrderAnswer, behind_: Memory
) -> OrderedLayout | None:
    """The layout of an answer; None where the memory behind has no room for what is away."""
    count, scratchpad = len(case.numbers), request.target.scratchpad
    episodes = answer.episodes[:count]
    away = [find_away(b, own) for b, own in zip(case.problem.buffers, episodes, strict=False)]
    others = tuple(_others(request, case))
    above = max((placed.allocation.peak or 0 for placed in others if placed.memory is behind_), default=0)
    stored = _store(request, case, away, behind_, above)
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
    bound = answer.lower_bound if request.target.runtime.rounding == 1 else 0
    rows = [first[number] for number in sorted(first)]
    rows += [replace(row, id=len(rows) + at) for at, row in enumerate((*later, *stored))]
    addresses = (own[0][2] for own in answer.episodes[count:])
    copies = tuple(replace(row, offset=at) for row, at in zip(case.copies, addresses, strict=True))
    transfers = PlannedTransfers(behind_.name, spilled, fetched, min(bound, spilled + fetched))
    travel = Travel(tuple(rows), copies, transfers)
    placed = (
        _figures(request, scratchpad, travel, case.parts[0][2], case.problem.capacity),
        *(one for one in others if one.memory is not behind_),
        _figures(request, behind_, travel, next((n for m, _, n in case.parts[1:] if m is behind_), ()), None),
    )
    layout = Layout(case.storage, placed)
    return OrderedLayout(case.timeline, layout, case.order, warnings=ordered.warnings, travel=travel)


def _row(storage: Storage, memory: Memory, number: int, offset: int) -> PlannedBuffer:
    """The row of a buffer that stays where it is."""
    b, members = storage.buffers[number], storage.members[number]
    step = None if members else b.lower
    return PlannedBuffer(number, memory.name, offset, b.size, b.lower, b.upper, members, b.gaps, step)


def _others(request: LayoutRequest, case: _Case) -> Iterator[MemoryAllocation]:
    """The allocations of the memories besides the scratchpad."""
    for memory, problem, indices in case.parts[1:]:
        found = allocate(problem, request.options.allocator, nodes=request.options.nodes, threads=request.threads)
        yield MemoryAllocation(memory, indices, found, problem.capacity)


def _store(
    request: LayoutRequest, case: _Case, away: Sequence[Sequence[Away]], behind_: Memory, above: int
) -> list[PlannedBuffer] | None:
    """The rows in the memory behind, without ids: one place for each buffer, one row for each spill into it.

    They lie above byte `above`, where the buffers end that are always in that memory.
    """
    above = -(-above // behind_.alignment) * behind_.alignment
    leaving = [at for at, own in enumerate(away) if own]
    sizes = [case.problem.buffers[at].size for at in leaving]
    spans = [(away[at][0][0], away[at][-1][1]) for at in leaving]
    buffers = tuple(Buffer(str(at), *spans[at], size) for at, size in enumerate(sizes))
    room = room_for_buffers(behind_, request.taken.get(behind_.name, 0))
    room = None if room is None else max(0, room - above)
    found = allocate(Problem(buffers, room, behind_.alignment), nodes=request.options.nodes)
    if found.status not in (Status.OPTIMAL, Status.FEASIBLE):
        return None
    rows = []
    for at, offset in zip(leaving, found.offsets, strict=True):
        number = case.numbers[at]
        size, members = case.storage.buffers[number].size, case.storage.members[number]
        rows += [
            PlannedBuffer(-1, behind_.name, above + offset, size, lower, upper, members, first=number)
            for lower, upper in away[at]
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
