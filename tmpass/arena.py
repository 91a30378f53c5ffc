"""The least storage for one order of operators: what may share, tried from the most sharing to the least."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import lcm
from typing import TYPE_CHECKING

from tmpass.aliases import Aliases, Key, find_aliases, permitted
from tmpass.aliases.in_place import Apart, InPlace, in_place_pairs, join_in_place
from tmpass.allocate import allocate
from tmpass.assemble import Fill, distribute
from tmpass.bounds import lower_bound
from tmpass.graph import Graph
from tmpass.liveness import Storage, find_storage, live_ranges
from tmpass.plan import Options
from tmpass.problem import Buffer, Problem
from tmpass.schedule import Schedule
from tmpass.target import Memory, Sharing, Target

if TYPE_CHECKING:
    from tmpass.aliases.tied import EndTie


@dataclass(frozen=True, slots=True)
class Arena:
    """What a graph stores on a timeline, and where: a Fill for each memory in use, the scratchpad's first."""

    storage: Storage
    fills: tuple[Fill, ...]

    @property
    def peak(self) -> int:
        """The bytes in use, of all memories together."""
        return sum(fill.allocation.peak or 0 for fill in self.fills)

    @property
    def least(self) -> bool:
        """Whether no less sharing could do with fewer bytes: all that is in use at one step is needed there.

        Pieces of a whole reserve what is between them, so that is not known of them.
        """
        return not self.storage.position and all(
            fill.allocation.peak == fill.allocation.live_bytes for fill in self.fills
        )


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be laid out, and how: `external` tensors have no place in it, `scratch` has the bytes that operators,
    by subgraph and index, need while they run; `ties` must hold. With `keep`, Ctrl-C ends a search and not the call.
    """

    graph: Graph
    target: Target
    options: Options
    external: frozenset[Key]
    scratch: Mapping[Key, tuple[int, ...]]
    threads: int = 1
    keep: bool = False
    ties: "tuple[EndTie, ...]" = ()


def smallest_arena(task: Task, timeline: Schedule) -> Arena:
    """The arena on `timeline` with all sharing that target and options allow, or with less of it where that
    turns out smaller: pieces held in one place leave the allocator fewer places for each.

    Less sharing is only allocated where its own lower bound is below what was found.

    Raises:
        TieError: a tie of `task` does not hold on this timeline, however little is shared.
        TargetError, ModelError: as `distribute` does.
    """
    graph, options, external = task.graph, task.options, task.external
    loops_copy = task.target.runtime.loops_copy
    ranges = live_ranges(graph, timeline, keep_inputs=options.keep_inputs, loops_copy=loops_copy)
    best: Arena | None = None
    tried: list[Aliases] = []
    broken: EndTie | None = None
    demands = [(tie.input, tie.output) for tie in task.ties]
    for sharing in levels(task):
        aliases, pairs = tied(task, sharing)
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
        if best is None or found.peak <= best.peak:
            best = found
        if best.least or any(fill.allocation.stopped for fill in found.fills):
            break
    if best is None:
        assert broken is not None  # without ties there is always one choice
        from tmpass.aliases.tied import why_not

        raise why_not(graph, broken, timeline)
    return best


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


def tied(task: Task, sharing: Sharing) -> tuple[Aliases, tuple[InPlace, ...]]:
    """The classes in any order, and what may be written in place, as far as `sharing` lists the operators."""
    graph, target, options, external = task.graph, task.target, task.options, task.external
    homes = [m.alignment for m in target.memories if "activations" in m.holds or "inputs_outputs" in m.holds]
    ends = frozenset(key for tie in task.ties for key in (tie.input, tie.output))
    alignment = lcm(*homes) if homes else 1
    aliases = find_aliases(graph, sharing, share_io=options.share_io, external=external, tied=ends, alignment=alignment)
    pairs = in_place_pairs(
        graph,
        aliases,
        sharing,
        share_io=options.share_io,
        keep_inputs=options.keep_inputs,
        external=external,
        tied=ends,
    )
    if task.ties:
        from tmpass.aliases.tied import tie_pairs  # which few plans need

        pairs = tuple(dict.fromkeys((*tie_pairs(graph, task.ties, aliases, target.sharing), *pairs)))
    return aliases, pairs


def levels(task: Task) -> tuple[Sharing, ...]:
    """What of the sharing that target and options allow is tried, from the most to the least."""
    most = permitted(task.target.sharing, task.options.share, inplace=task.options.inplace)
    choices = [most]
    if task.options.share == "auto":
        views = replace(most, parts=(), in_place=())
        choices += [replace(most, parts=()), replace(most, in_place=()), views, replace(views, views=())]
    elif task.ties:
        choices.append(replace(most, views=()))  # a tie may hold only where a view is a copy
    return tuple(dict.fromkeys(choices))


def _fill(problems: list[tuple[Memory, Problem, tuple[int, ...]]], task: Task) -> Iterator[Fill]:
    stopped = False
    for memory, problem, indices in problems:
        nodes = 0 if stopped else task.options.nodes
        found = allocate(problem, task.options.allocator, nodes=nodes, threads=task.threads, keep=task.keep)
        stopped = stopped or found.stopped
        yield Fill(memory, indices, found)
