"""The least storage for one order of operators: what may share, tried from the most sharing to the least."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import tmpass._core as _core
from tmpass.packing.allocate import allocate
from tmpass.packing.bounds import lower_bound
from tmpass.packing.problem import Buffer, Problem
from tmpass.planning.assemble import Fill, distribute
from tmpass.planning.liveness import Ranges, Storage, find_storage, live_ranges
from tmpass.planning.needed import needed_at
from tmpass.planning.sharing.aliases import Aliases
from tmpass.planning.sharing.in_place import Apart, join_in_place
from tmpass.planning.task import Task
from tmpass.planning.timeline.schedule import Schedule
from tmpass.targets import Memory

if TYPE_CHECKING:
    from tmpass.planning.sharing.tied import EndTie


@dataclass(frozen=True, slots=True)
class Arena:
    """What a graph stores on a timeline, and where: a Fill for each memory in use, the scratchpad's first; `stopped` by
    Ctrl-C before all sharing was tried.
    """

    storage: Storage
    fills: tuple[Fill, ...]
    stopped: bool = False

    @property
    def peak(self) -> int:
        """The bytes in use, of all memories together."""
        return sum(fill.allocation.peak or 0 for fill in self.fills)


def smallest_arena(task: Task, timeline: Schedule) -> Arena:
    """The arena on `timeline` with all sharing that target and options allow, or with less of it where that
    turns out smaller: pieces held in one place leave the allocator fewer places for each.

    Less sharing is only allocated where its own lower bound is below what was found, and not at all where any sharing
    needs what was found.

    Raises:
        TieError: a tie of `task` does not hold on this timeline, however little is shared.
        TargetError, ModelError: as `distribute` does.
        KeyboardInterrupt: Ctrl-C came before there was any arena, or the task does not ask to keep it.
    """
    kept: list[Arena] = []
    try:
        return _smallest_arena(task, timeline, kept)
    except KeyboardInterrupt:
        if not (task.keep and kept):
            raise
        return replace(kept[-1], stopped=True)


def _smallest_arena(task: Task, timeline: Schedule, kept: list[Arena]) -> Arena:
    """The same; `kept` gets each arena that is the smallest so far."""
    graph, options, external = task.graph, task.options, task.external
    loops_copy = task.target.runtime.loops_copy
    ranges = live_ranges(graph, timeline, keep_inputs=options.keep_inputs, loops_copy=loops_copy)
    best: Arena | None = None
    tried: list[Aliases] = []
    broken: EndTie | None = None
    demands = [(tie.input, tie.output) for tie in task.ties]
    for sharing in task.levels:
        aliases, pairs = task.tied(sharing)
        try:
            aliases = join_in_place(graph, timeline, aliases, pairs, ranges, demands)
        except Apart as apart:
            broken = task.ties[apart.number]
            continue
        if any(aliases.root == old.root and aliases.position == old.position for old in tried):
            continue
        tried.append(aliases)
        storage = find_storage(
            graph, timeline, aliases, keep_inputs=options.keep_inputs, external=external, ranges=ranges
        )
        storage = _with_scratch(storage, timeline, task.scratch)
        problems = list(distribute(graph, storage, task.target))
        if best is not None and sum(lower_bound(problem).peak for _, problem, _ in problems) >= best.peak:
            continue
        found = Arena(storage, tuple(_fill(problems, task)))
        least = False
        if best is None or found.peak <= best.peak:
            best = found
            kept.append(best)
            least = all(
                _is_least(task, timeline, ranges, best, *each) for each in zip(problems, best.fills, strict=True)
            )
        if any(fill.allocation.stopped for fill in found.fills):
            return replace(best, stopped=True)
        if least:
            break
    if best is None:
        assert broken is not None  # without ties there is always one choice
        from tmpass.planning.sharing.tied import why_not

        raise why_not(graph, broken, timeline)
    return best


def _is_least(
    task: Task,
    timeline: Schedule,
    ranges: Ranges,
    arena: Arena,
    part: tuple[Memory, Problem, tuple[int, ...]],
    fill: Fill,
) -> bool:
    """Whether any sharing needs as much as `fill`, the memory of `arena` that has the buffers `part`: all that is alive
    at its fullest step is needed there.
    """
    peak, members, (_, problem, indices) = fill.allocation.peak, arena.storage.members, part
    # With `share_io` or a tie, a tensor may leave for another memory with what it shares with.
    leaves = (task.options.share_io or task.ties) and len(arena.fills) > 1
    if peak != fill.allocation.live_bytes or leaves or task.graph.fixed:
        return False  # fixed tensors lie within others
    fullest = _core.peak_step(problem.buffers, 1)
    step = lower_bound(problem).live_step if fullest is None else fullest[1]
    scratch = sum(
        b.size for b, i in zip(problem.buffers, indices, strict=True) if not members[i] and b.lower <= step < b.upper
    )
    inside = frozenset(key for index in indices for key in members[index])
    return scratch + needed_at(task, timeline, ranges, step, inside) >= peak


def _with_scratch(storage: Storage, timeline: Schedule, sizes: Mapping[tuple[int, int], tuple[int, ...]]) -> Storage:
    """`storage` and, behind its buffers, those of scratch, which hold no tensors: each time an operator runs, one for
    each of its `sizes`.
    """
    if not sizes:
        return storage
    buffers = list(storage.buffers)
    for at, step in enumerate(timeline.steps):
        for size in sizes.get((step.subgraph, step.op), ()):
            buffers.append(Buffer(str(len(buffers)), at, step.end, size))
    more = len(buffers) - len(storage.buffers)
    return replace(storage, buffers=tuple(buffers), members=storage.members + ((),) * more)


def _fill(problems: list[tuple[Memory, Problem, tuple[int, ...]]], task: Task) -> Iterator[Fill]:
    stopped = False
    for memory, problem, indices in problems:
        nodes = 0 if stopped else task.options.nodes
        found = allocate(problem, task.options.allocator, nodes=nodes, threads=task.threads, keep=task.keep)
        stopped = stopped or found.stopped
        yield Fill(memory, indices, found)
