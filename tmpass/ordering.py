"""Which order of operators a plan takes: that of the file, unless another one needs a smaller arena."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tmpass.aliases import Key
from tmpass.arena import Arena, smallest_arena, tied
from tmpass.graph import Graph, TensorKind
from tmpass.plan import Options, PlannedOrder
from tmpass.schedule import Schedule
from tmpass.schedule.dependencies import reads
from tmpass.schedule.effects import effect_edges
from tmpass.schedule.file_order import file_order
from tmpass.schedule.items import Contents
from tmpass.schedule.subgraphs import order_model
from tmpass.schedule.timeline import check_extent, lay_out
from tmpass.schedule.topological import topological_order
from tmpass.target import Target

SCHEDULES = ("auto", "given", "topological", "least-peak")


@dataclass(frozen=True, slots=True)
class Laid:
    """A graph laid out in time and space, and what is known of the order; `stopped` by Ctrl-C in the search for one."""

    timeline: Schedule
    arena: Arena
    order: PlannedOrder
    stopped: bool = False


def lay_in_order(
    graph: Graph,
    target: Target,
    options: Options,
    external: frozenset[Key],
    *,
    scratch: Mapping[Key, tuple[int, ...]],
    threads: int = 1,
    keep: bool = False,
) -> Laid:
    """`graph` in the order that `options.schedule` asks for.

    given         as the file has it
    topological   of all operators that can come next, the first in the file: for files that are not sorted
    least-peak    the fewest bytes alive at one step
    auto          given, but least-peak where its arena is smaller: as planned, and as a runtime that plans for itself
                  places it

    `scratch` has the bytes that operators, by subgraph and index, need while they run.

    Raises:
        TargetError, ModelError: as `smallest_arena` and `file_order` do; with `keep` off, KeyboardInterrupt.
    """
    check_extent(graph)

    def arena_of(timeline: Schedule) -> Arena:
        return smallest_arena(graph, timeline, target, options, external, scratch=scratch, threads=threads, keep=keep)

    def helps(old: Schedule, new: Schedule) -> bool:
        """Whether a runtime that places tensors itself takes fewer bytes for them in the order `new`."""
        if not target.runtime.allocator:
            return True
        own = replace(options, allocator=target.runtime.allocator, keep_inputs=True, share="views")
        first, second = (smallest_arena(graph, t, target, own, external, scratch=scratch) for t in (old, new))
        return second.peak < first.peak

    orders = _topological(graph) if options.schedule == "topological" else [file_order(s) for s in graph.subgraphs]
    timeline = lay_out(graph, orders)
    arena = arena_of(timeline)
    contents, always = _contents(graph, target, options, external, scratch, arena)
    present = order_model(contents, orders, states=0, search=False)
    name = "topological" if options.schedule == "topological" else "given"
    laid = Laid(timeline, arena, PlannedOrder(name, present.bound + always, 0))
    if options.schedule in ("given", "topological") or (present.peak == present.bound and options.schedule != "auto"):
        return laid
    if options.schedule == "auto" and arena.fills[0].allocation.peak == present.bound + always:
        return laid  # no order can need less
    found = order_model(contents, orders, states=options.states, search=True)
    if found.stopped and not keep:
        raise KeyboardInterrupt
    bound = PlannedOrder(name, found.bound + always, found.states)
    if found.orders == tuple(map(tuple, orders)):
        return Laid(timeline, arena, bound, found.stopped)
    other_timeline = lay_out(graph, found.orders)
    other = arena_of(other_timeline)
    if options.schedule == "auto" and (other.peak >= arena.peak or not helps(timeline, other_timeline)):
        return Laid(timeline, arena, bound, found.stopped)
    return Laid(other_timeline, other, PlannedOrder("least-peak", found.bound + always, found.states), found.stopped)


def _topological(graph: Graph) -> list[tuple[int, ...]]:
    effects = effect_edges(graph)
    return [
        topological_order(subgraph, [*((a, b) for a, b, _ in reads(subgraph)), *effects[s]])
        for s, subgraph in enumerate(graph.subgraphs)
    ]


def _contents(
    graph: Graph,
    target: Target,
    options: Options,
    external: frozenset[Key],
    scratch: Mapping[Key, tuple[int, ...]],
    arena: Arena,
) -> tuple[Contents, int]:
    """What the scratchpad holds in any order, and the bytes that are alive there always."""
    aliases, pairs = tied(graph, target, options, external)
    storage, inside, always = arena.storage, set[Key](), 0
    for index in arena.fills[0].indices:
        members = storage.members[index]
        if any(graph.tensor(key).kind is TensorKind.VARIABLE for key in members):
            always += target.runtime.round_up(storage.buffers[index].size)
        else:
            inside.update(members)
    own = {op: sum(map(target.runtime.round_up, sizes)) for op, sizes in scratch.items()}
    return Contents(graph, aliases, pairs, inside, own, options.keep_inputs, target.runtime), always
