"""The smallest layout for one order of operators: levels of sharing are tried from the most to the least."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tmpass.base import collector
from tmpass.base.record import record
from tmpass.packing.allocate import allocate
from tmpass.packing.bounds import lower_bound
from tmpass.packing.problem import Buffer, Problem
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.liveness import Ranges, Storage, find_storage, live_ranges
from tmpass.planning.memories import MemoryAllocation, distribute
from tmpass.planning.needed import least_peak_at, needed_at
from tmpass.planning.sharing.aliases import Aliases
from tmpass.planning.sharing.in_place import CannotJoin, join_in_place
from tmpass.planning.timeline.schedule import Schedule
from tmpass.targets import Memory, Sharing

if TYPE_CHECKING:
    from tmpass.planning.sharing.tied import EndTie


@record
class Layout:
    """The storage of a graph on a timeline, and its place in the memories.

    Fields:
        storage: the buffers of all memories.
        allocations: one for each memory in use, the scratchpad's first.
        stopped: Ctrl-C came before all levels of sharing were tried.
    """

    storage: Storage
    allocations: tuple[MemoryAllocation, ...]
    stopped: bool = False

    @property
    def peak(self) -> int:
        """The peaks of all memories together, in bytes."""
        return sum(placed.allocation.peak or 0 for placed in self.allocations)

    @property
    def fits(self) -> bool:
        """Whether no memory has less room than its buffers take."""
        return not self.rank[0]

    @property
    def rank(self) -> tuple[int, int]:
        """The bytes above the capacities, then the peak: of two layouts, the one of lower rank is taken."""
        return _missing((placed.room, placed.allocation.peak or 0) for placed in self.allocations), self.peak


def smallest_layout(request: LayoutRequest, timeline: Schedule) -> Layout:
    """The smallest layout on a timeline, over all levels of sharing that target and options allow.

    Less sharing may give a smaller layout: pieces that are held in one place leave the allocator fewer places. A layout
    within the capacities counts as smaller than one above them: with several memories, the least sum of their peaks may
    be above one of them. A level is allocated only if its lower bounds allow a smaller layout, and no more levels are
    tried once every sharing is known to need as many bytes.

    Raises:
        TieError: a tie of `request` does not hold on this timeline at any level of sharing.
        TargetError, ModelError: as `distribute` does.
        KeyboardInterrupt: Ctrl-C came before there was any layout, or the request does not ask to keep it.
    """
    kept: list[Layout] = []
    try:
        return _smallest_layout(request, timeline, kept)
    except KeyboardInterrupt:
        if not (request.keep and kept):
            raise
        return replace(kept[-1], stopped=True)


def _smallest_layout(request: LayoutRequest, timeline: Schedule, kept: list[Layout]) -> Layout:
    """The smallest layout. `kept` gets each layout that is the smallest so far."""
    graph, ranges = request.graph, ranges_on(request, timeline)
    best: Layout | None = None
    broken: list[EndTie] = []
    full = 0  # the step that forces the most bytes in the first layout
    for _, aliases in aliases_on(request, timeline, ranges, broken):
        alone = best is not None and _in_one_memory(request, best)
        if best is not None and alone and least_peak_at(request, aliases, ranges, full) >= best.peak:
            continue  # as the least rank would say, for which all buffers are made
        storage = storage_on(request, timeline, ranges, aliases)
        problems = list(distribute(graph, storage, request.target, request.taken))
        if best is not None and _least_rank(problems) >= best.rank:
            continue
        full = full if best is not None else lower_bound(problems[0][1]).peak_step
        found = Layout(storage, tuple(_allocate_all(problems, request)))
        least = False
        if best is None or found.rank <= best.rank:
            best = found
            kept.append(best)
            least = all(
                _is_least(request, timeline, ranges, best, *each)
                for each in zip(problems, best.allocations, strict=True)
            )
        if any(placed.allocation.stopped for placed in found.allocations):
            return replace(best, stopped=True)
        if least:
            break
    if best is None:
        assert broken  # without ties there is always one choice
        from tmpass.planning.sharing.tied import why_not

        raise why_not(graph, broken[-1], timeline)
    return best


def ranges_on(request: LayoutRequest, timeline: Schedule) -> Ranges:
    """The live ranges of all tensors on a timeline."""
    keep, copy = request.options.keep_inputs, request.target.runtime.loops_copy
    with collector.paused():
        return live_ranges(request.graph, timeline, keep_inputs=keep, loops_copy=copy)


def aliases_on(
    request: LayoutRequest, timeline: Schedule, ranges: Ranges, broken: "list[EndTie] | None" = None
) -> Iterator[tuple[Sharing, Aliases]]:
    """The alias classes on a timeline, with what is written in place, at each level of sharing.

    A level with the same classes as one before it is left out, and so is one at which a tie does not hold.

    Args:
        request: says what may share.
        timeline: of all operators.
        ranges: live ranges on that timeline.
        broken: gets the ties that do not hold, one for each level that is left out for that.
    """
    demands = [(tie.input, tie.output) for tie in request.ties]
    joined: list[object] = []
    found: list[Aliases] = []
    for sharing in request.sharing_levels:
        classes = request.alias_classes(sharing)
        if any(classes is old for old in joined):
            continue
        joined.append(classes)
        try:
            aliases = join_in_place(request.graph, timeline, *classes, ranges, demands)
        except CannotJoin as apart:
            if broken is not None:
                broken.append(request.ties[apart.number])
            continue
        if not any(aliases.root == old.root and aliases.position == old.position for old in found):
            found.append(aliases)
            yield sharing, aliases


def storage_on(request: LayoutRequest, timeline: Schedule, ranges: Ranges, aliases: Aliases) -> Storage:
    """The buffers on a timeline with these alias classes, and those of scratch behind them."""
    with collector.paused():
        storage = find_storage(request.graph, request.roles, aliases, ranges, external=request.external)
        return _with_scratch(storage, timeline, request.scratch)


def _least_rank(problems: Iterable[tuple[Memory, Problem, tuple[int, ...]]]) -> tuple[int, int]:
    """A rank that no layout of these problems is below."""
    bounds = [(problem.capacity, lower_bound(problem).peak) for _, problem, _ in problems]
    return _missing(bounds), sum(bound for _, bound in bounds)


def _missing(peaks: Iterable[tuple[int | None, int]]) -> int:
    """The bytes by which peaks are above the room of their memories, all together."""
    return sum(max(0, peak - room) for room, peak in peaks if room is not None)


def _in_one_memory(request: LayoutRequest, layout: Layout) -> bool:
    """Whether the scratchpad has all buffers of `layout`, and would have them with any other sharing.

    A memory before the scratchpad takes inputs and outputs that share with no activation.
    """
    direct = next(memory for memory in request.target.memories if memory.compute)
    return len(layout.allocations) == 1 and direct is request.target.scratchpad


def _is_least(
    request: LayoutRequest,
    timeline: Schedule,
    ranges: Ranges,
    layout: Layout,
    part: tuple[Memory, Problem, tuple[int, ...]],
    placed: MemoryAllocation,
) -> bool:
    """Whether every sharing needs as many bytes as `placed`, since all live bytes of its peak step are needed there.

    Args:
        request: says what may share.
        timeline: of the layout.
        ranges: live ranges on that timeline.
        layout: of all memories.
        part: the memory of `placed`, its problem, and the numbers of its buffers in the storage.
        placed: the allocation of one memory of the layout.
    """
    peak, members, (_, problem, indices) = placed.allocation.peak, layout.storage.members, part
    # With `share_io` or a tie, a tensor may move to another memory together with one that it shares with.
    leaves = (request.options.share_io or request.ties) and not _in_one_memory(request, layout)
    if peak != placed.allocation.live_bytes or leaves or request.graph.fixed:
        return False  # fixed tensors lie within others
    step = lower_bound(problem).live_step
    scratch = sum(
        b.size for b, i in zip(problem.buffers, indices, strict=True) if not members[i] and b.lower <= step < b.upper
    )
    inside = frozenset(key for index in indices for key in members[index])
    return scratch + needed_at(request, timeline, ranges, step, inside) >= peak


def _with_scratch(storage: Storage, timeline: Schedule, sizes: Mapping[tuple[int, int], tuple[int, ...]]) -> Storage:
    """The storage with buffers of scratch behind the others: for each run of an operator, one per entry of its `sizes`.

    Buffers of scratch have no members.
    """
    if not sizes:
        return storage
    buffers = list(storage.buffers)
    for at, step in enumerate(timeline.steps):
        for size in sizes.get((step.subgraph, step.op), ()):
            buffers.append(Buffer(str(len(buffers)), at, step.end, size))
    more = len(buffers) - len(storage.buffers)
    return replace(storage, buffers=tuple(buffers), members=storage.members + ((),) * more)


def _allocate_all(
    problems: list[tuple[Memory, Problem, tuple[int, ...]]], request: LayoutRequest
) -> Iterator[MemoryAllocation]:
    stopped = False
    for memory, problem, indices in problems:
        nodes = 0 if stopped else request.options.nodes
        found = allocate(problem, request.options.allocator, nodes=nodes, threads=request.threads, keep=request.keep)
        stopped = stopped or found.stopped
        yield MemoryAllocation(memory, indices, found, problem.capacity)
