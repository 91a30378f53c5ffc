"""The problems of transfers that are tried for a model: one for each order and each level of sharing."""

from collections.abc import Iterator
from dataclasses import replace

from tmpass.base.choices import FEWEST_TRANSFERS, OrderMethod
from tmpass.base.record import record
from tmpass.packing.problem import Problem
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout import Layout, aliases_on, ranges_on, storage_on
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.liveness import Storage
from tmpass.planning.memories import distribute, uses_of
from tmpass.planning.ordering.file_order import file_order, unsorted
from tmpass.planning.residency.on_chip import find_on_chip, loaded_rows
from tmpass.planning.residency.overhead import Besides
from tmpass.planning.residency.transfers.buffer_uses import find_buffers
from tmpass.planning.residency.transfers.fixed_order import FixedBuffer, FixedOrderProblem, Use
from tmpass.planning.sharing.aliases import Aliases
from tmpass.planning.sharing.in_place import CannotJoin
from tmpass.planning.sharing.moves import find_links
from tmpass.planning.timeline.lay_out import lay_out
from tmpass.planning.timeline.schedule import Schedule
from tmpass.plans.plan import PlannedConstant, PlannedOrder
from tmpass.targets import Memory, Sharing


@record
class Case:
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

    @property
    def pinned(self) -> dict[int, int]:
        """Step -> bytes of scratch and copies of constants that its operator needs."""
        found: dict[int, int] = {}
        behind = self.problem.buffers[len(self.numbers) :]
        scratch = [b for n, b in zip(self.numbers, self.problem.buffers, strict=False) if not self.storage.members[n]]
        for buffer in (*scratch, *behind):
            step, size = buffer.uses[0].step, -(-buffer.size // self.problem.alignment) * self.problem.alignment
            found[step] = found.get(step, 0) + size
        return found


def find_cases(request: LayoutRequest, ordered: OrderedLayout, besides: Besides, away: Memory) -> Iterator[Case]:
    """The problems of each order that may be tried, with each level of sharing.

    Tried are the order of `ordered` and, where any order may be taken, that of the file, and one that a search finds.
    The search begins only if a case is asked for after those of the other orders.

    Args:
        request: of the model.
        ordered: its layout in one memory.
        besides: what memories hold besides buffers.
        away: the memory behind the scratchpad.
    """
    first: Case | None = None
    for timeline, order in _timelines(request, ordered):
        for case in _cases(request, besides, timeline, order, away):
            first = first or case
            yield case
    unsorted_ = any(map(unsorted, request.graph.subgraphs))
    if first is None or unsorted_ or request.options.schedule != OrderMethod.AUTO:
        return
    from tmpass.planning.residency.transfers.searched_order import search_order  # which few plans need

    found = search_order(request, first.timeline, first.pinned, first.problem)
    if found is not None:
        order = PlannedOrder(FEWEST_TRANSFERS, 0, ordered.order.states)
        yield from _cases(request, besides, lay_out(request.graph, [found]), order, away)


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
    request: LayoutRequest, besides: Besides, timeline: Schedule, order: PlannedOrder, away: Memory
) -> Iterator[Case]:
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
            yield _case(request, besides, timeline, order, storage, sharing, away)


def _case(
    request: LayoutRequest,
    besides: Besides,
    timeline: Schedule,
    order: PlannedOrder,
    storage: Storage,
    sharing: Sharing,
    away: Memory,
) -> Case:
    """The problem of one order with one sharing."""
    graph, target = request.graph, request.target
    parts = tuple(distribute(graph, storage, target, request.taken))
    memory, problem, indices = parts[0]
    sizes = [buffer.rounded(target.runtime.rounding).size for buffer in storage.buffers]
    at_one_place = set(request.ends)  # the caller finds these at the same address before and after the run
    if request.options.keep_inputs:
        at_one_place |= {(entry.subgraph, t) for entry in graph.entries for t in graph.subgraphs[entry.subgraph].inputs}
    stays = frozenset(
        number
        for number, members in enumerate(storage.members)
        if not set(uses_of(graph, storage, members)) <= set(away.holds) or not at_one_place.isdisjoint(members)
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
    return Case(timeline, order, storage, parts, numbers, copies, whole)


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
