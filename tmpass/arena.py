"""The least storage for one order of operators: what may share, tried from the most sharing to the least."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import lcm

from tmpass.aliases import Aliases, Key, find_aliases, permitted
from tmpass.aliases.in_place import InPlace, in_place_pairs, join_in_place
from tmpass.allocate import allocate
from tmpass.assemble import Fill, distribute
from tmpass.bounds import lower_bound
from tmpass.graph import Graph
from tmpass.liveness import Storage, find_storage, live_ranges
from tmpass.plan import Options
from tmpass.problem import Buffer, Problem
from tmpass.schedule import Schedule
from tmpass.target import Memory, Sharing, Target


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


def smallest_arena(
    graph: Graph,
    timeline: Schedule,
    target: Target,
    options: Options,
    external: frozenset[Key],
    *,
    scratch: Mapping[tuple[int, int], tuple[int, ...]],
    threads: int = 1,
    keep: bool = False,
) -> Arena:
    """The arena of `graph` on `timeline` with all sharing that target and options allow, or with less of it where that
    turns out smaller: pieces held in one place leave the allocator fewer places for each.

    `scratch` are the bytes that operators, by subgraph and index, need while they run.

    Less sharing is only allocated where its own lower bound is below what was found. Tensors of `external`
    have no place in it.

    Raises:
        TargetError, ModelError: as `distribute` does.
    """
    ranges = live_ranges(graph, timeline, keep_inputs=options.keep_inputs, loops_copy=target.runtime.loops_copy)
    best: Arena | None = None
    tried: list[Aliases] = []
    for sharing in _from_most_to_least(target.sharing, options):
        aliases, pairs = tied(graph, target, options, external, sharing)
        aliases = join_in_place(graph, timeline, aliases, pairs, ranges)
        if any(aliases.root == old.root and aliases.position == old.position for old in tried):
            continue
        tried.append(aliases)
        storage = find_storage(
            graph, timeline, aliases, keep_inputs=options.keep_inputs, external=external, ranges=ranges
        )
        storage = _with_scratch(storage, timeline, scratch)
        problems = list(distribute(graph, storage, target))
        if best is not None and sum(lower_bound(problem).peak for _, problem, _ in problems) >= best.peak:
            continue
        found = Arena(storage, tuple(_fill(problems, options, threads, keep=keep)))
        if best is None or found.peak <= best.peak:
            best = found
        if best.least or any(fill.allocation.stopped for fill in found.fills):
            break
    assert best is not None  # there is always one choice
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


def tied(
    graph: Graph, target: Target, options: Options, external: frozenset[Key], sharing: Sharing | None = None
) -> tuple[Aliases, tuple[InPlace, ...]]:
    """The classes of `graph` in any order, and what may be written in place, as far as `sharing` lists the operators:
    all that target and options allow where it is None.
    """
    if sharing is None:
        sharing = permitted(target.sharing, options.share, inplace=options.inplace)
    homes = [m.alignment for m in target.memories if "activations" in m.holds or "inputs_outputs" in m.holds]
    aliases = find_aliases(
        graph, sharing, share_io=options.share_io, external=external, alignment=lcm(*homes) if homes else 1
    )
    pairs = in_place_pairs(
        graph, aliases, sharing, share_io=options.share_io, keep_inputs=options.keep_inputs, external=external
    )
    return aliases, pairs


def _from_most_to_least(allowed: Sharing, options: Options) -> Iterator[Sharing]:
    most = permitted(allowed, options.share, inplace=options.inplace)
    choices = [most]
    if options.share == "auto":
        views = replace(most, parts=(), in_place=())
        choices += [replace(most, parts=()), views, replace(views, views=())]
    yield from dict.fromkeys(choices)


def _fill(
    problems: list[tuple[Memory, Problem, tuple[int, ...]]], options: Options, threads: int, *, keep: bool
) -> Iterator[Fill]:
    stopped = False
    for memory, problem, indices in problems:
        nodes = 0 if stopped else options.nodes
        found = allocate(problem, options.allocator, nodes=nodes, threads=threads, keep=keep)
        stopped = stopped or found.stopped
        yield Fill(memory, indices, found)
