"""The problems of transfers that are tried for a model: one for each order and each level of sharing."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tmpass.base.choices import ConstantUse, OrderMethod
from tmpass.base.record import record
from tmpass.packing.problem import Problem
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout import Layout, aliases_on, ranges_on, storage_on
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.liveness import Storage
from tmpass.planning.memories import distribute, uses_of
from tmpass.planning.ordering.file_order import file_order, unsorted
from tmpass.planning.residency.constants import Constant
from tmpass.planning.residency.on_chip import OnChip, find_on_chip, loaded_rows
from tmpass.planning.residency.overhead import Besides
from tmpass.planning.residency.transfers.absences import aligned
from tmpass.planning.residency.transfers.buffer_uses import find_buffers
from tmpass.planning.residency.transfers.fixed_order import FixedBuffer, FixedOrderAnswer, FixedOrderProblem, Use
from tmpass.planning.sharing.moves import find_links
from tmpass.planning.timeline.lay_out import lay_out
from tmpass.planning.timeline.schedule import Schedule
from tmpass.plans.plan import PlannedConstant
from tmpass.plans.planned_order import PlannedOrder
from tmpass.targets import Memory, Sharing


@record
class Case:
    """One order with one sharing, as a problem of transfers.

    Fields:
        timeline: of all operators.
        order: how its order was found.
        sharing: that was allowed.
        storage: the buffers of all memories.
        parts: memory, problem and the numbers of the buffers; the scratchpad first.
        numbers: of the buffers with bytes in the scratchpad, in the order of the problem.
        free: which step needs a copy of which constant in the scratchpad; None where none does.
        constants: that `free` numbers.
        copies: of constants. Those that are streamed come behind the buffers in the problem, then one block for all
            that stay, whose offsets count from its first byte.
        problem: to be solved.
    """

    timeline: Schedule
    order: PlannedOrder
    sharing: Sharing
    storage: Storage
    parts: tuple[tuple[Memory, Problem, tuple[int, ...]], ...]
    numbers: tuple[int, ...]
    free: OnChip | None
    constants: tuple[Constant, ...]
    copies: tuple[PlannedConstant, ...]
    problem: FixedOrderProblem

    @property
    def streamed(self) -> int:
        """The bytes of constants that a run streams; all that operators read, until some stay."""
        return sum(self.loads)

    @property
    def loads(self) -> list[int]:
        """Of each constant, the bytes that a run streams."""
        numbers = {constant.tensors: c for c, constant in enumerate(self.constants)}
        found = [0] * len(self.constants)
        for row in self.copies:
            if row.use == ConstantUse.STREAMED:
                found[numbers[row.tensors]] += self.constants[numbers[row.tensors]].size
        return found

    @property
    def without_absences(self) -> "Case":
        """The case in which no buffer may leave."""
        buffers = tuple(replace(buffer, pinned=True) for buffer in self.problem.buffers)
        return replace(self, problem=replace(self.problem, buffers=buffers))

    def keeping(self, resident: Sequence[bool]) -> "Case":
        """The case in which these constants stay in the scratchpad for the whole run, and the others are streamed.

        What stays is one block at all steps: wherever such pieces lie, what is between them can move together.
        """
        assert self.free is not None
        rows = tuple(loaded_rows(self.free, self.constants, resident, self.problem.steps))
        streamed = [row for row in rows if row.use == ConstantUse.STREAMED]
        copies, block = _side_by_side(rows, self.problem.alignment)
        pinned = [_pinned(row.size, row.lower, row.upper) for row in streamed]
        pinned += [_pinned(block, 0, self.problem.steps)] if block else []
        buffers = (*self.problem.buffers[: len(self.numbers)], *pinned)
        return replace(self, copies=copies, problem=replace(self.problem, buffers=buffers))

    def placed(self, answer: FixedOrderAnswer) -> tuple[PlannedConstant, ...]:
        """The copies at the offsets of an answer to the problem."""
        offsets = [own[0][2] for own in answer.episodes[len(self.numbers) :]]
        block = offsets[-1] if len(offsets) > sum(row.use == ConstantUse.STREAMED for row in self.copies) else 0
        each = iter(offsets)
        return tuple(
            replace(row, offset=block + row.offset if row.use == ConstantUse.RESIDENT else next(each))
            for row in self.copies
        )

    @property
    def pinned(self) -> dict[int, list[int]]:
        """Step -> bytes of each scratch and copy of a constant that its operator needs."""
        found: dict[int, list[int]] = {}
        behind = self.problem.buffers[len(self.numbers) :]
        scratch = [b for n, b in zip(self.numbers, self.problem.buffers, strict=False) if not self.storage.members[n]]
        for buffer in (*scratch, *behind):
            found.setdefault(buffer.uses[0].step, []).append(buffer.size)
        return found


def find_cases(request: LayoutRequest, ordered: OrderedLayout, besides: Besides, away: Memory) -> Iterator[Case]:
    """The problems of each order that is tried without a search, with each level of sharing.

    Tried are the order of `ordered` and, where any order may be taken, that of the file. An unlimited scratchpad has
    room for everything, so there are no problems, even if another memory is too small.

    Args:
        request: of the model.
        ordered: its layout in one memory.
        besides: what memories hold besides buffers.
        away: the memory behind the scratchpad.
    """
    if request.target.scratchpad.capacity is None:
        return
    for timeline, order in _timelines(request, ordered):
        yield from cases_in(request, besides, timeline, order, away)


def _timelines(request: LayoutRequest, ordered: OrderedLayout) -> Iterator[tuple[Schedule, PlannedOrder]]:
    """The timelines to try, each with how its order was found. No bound on live bytes holds where buffers leave."""
    yield ordered.timeline, replace(ordered.order, lower_bound=0)
    subgraphs = request.graph.subgraphs
    if request.options.schedule != OrderMethod.AUTO or any(map(unsorted, subgraphs)) or request.ties:
        return
    given = lay_out(request.graph, [file_order(subgraph) for subgraph in subgraphs])
    if given != ordered.timeline:
        yield given, PlannedOrder(OrderMethod.GIVEN, 0, ordered.order.states)


def cases_in(
    request: LayoutRequest, besides: Besides, timeline: Schedule, order: PlannedOrder, away: Memory
) -> Iterator[Case]:
    """The problem of each level of sharing on a timeline, without those that share alike."""
    ranges = ranges_on(request, timeline)
    for sharing, aliases in aliases_on(request, timeline, ranges):
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
    capacity = problem.capacity
    assert capacity is not None  # as `find_cases` sees to
    whole = FixedOrderProblem(tuple(found[n] for n in numbers), horizon, capacity, memory.alignment)
    free = _free(request, besides, timeline, Layout(storage, ()), horizon)
    constants = () if free is None or besides.stored is None else besides.stored.constants
    case = Case(timeline, order, sharing, storage, parts, numbers, free, constants, (), whole)
    return case if free is None else case.keeping([False] * len(constants))


def _free(request: LayoutRequest, besides: Besides, timeline: Schedule, layout: Layout, horizon: int) -> OnChip | None:
    """Which step needs a copy of which constant; None where operators need none, or not in the scratchpad."""
    if besides.stored is None:
        return None
    free = find_on_chip(besides.stored, request.graph, timeline, layout, request.target, horizon)
    return None if free is None or free.memory.name != request.target.scratchpad.name else free


def _side_by_side(rows: Sequence[PlannedConstant], alignment: int) -> tuple[tuple[PlannedConstant, ...], int]:
    """The rows, those that stay at offsets from the first of them on, and the bytes of all that stay.

    The one with the most padding is the last: nothing has to follow it.
    """
    offsets, end, block = dict[int, int](), 0, 0
    for row in sorted(rows, key=lambda row: (-row.size % alignment, row.id)):
        if row.use == ConstantUse.RESIDENT:
            offsets[row.id], block = end, end + row.size
            end = aligned(block, alignment)
    return tuple(replace(row, offset=offsets.get(row.id, 0)) for row in rows), block


def _pinned(size: int, lower: int, upper: int) -> FixedBuffer:
    """Copies of constants, which stay where they are in the steps `[lower, upper)`."""
    ends = dict.fromkeys((lower, upper - 1), True)
    return FixedBuffer(size, tuple(Use(step, writes=True) for step in ends), stored=False, pinned=True)
