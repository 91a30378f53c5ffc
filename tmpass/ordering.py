"""Which order of operators a plan takes: that of the file, unless another one needs a smaller arena."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from tmpass.aliases import Key
from tmpass.aliases.in_place import TieError
from tmpass.arena import Arena, Task, levels, smallest_arena, tied
from tmpass.errors import ModelError
from tmpass.graph import TensorKind
from tmpass.plan import PlannedOrder
from tmpass.schedule import Schedule
from tmpass.schedule.dependencies import reads
from tmpass.schedule.effects import effect_edges
from tmpass.schedule.file_order import file_order
from tmpass.schedule.items import Contents
from tmpass.schedule.subgraphs import ModelItems, Orders, items_of_model, order_model
from tmpass.schedule.timeline import check_extent, lay_out
from tmpass.schedule.topological import topological_order
from tmpass.target import Sharing

SCHEDULES = ("auto", "given", "topological", "least-peak")


@dataclass(frozen=True, slots=True)
class Laid:
    """A graph laid out in time and space, and what is known of the order; `stopped` by Ctrl-C in the search for one."""

    timeline: Schedule
    arena: Arena
    order: PlannedOrder
    stopped: bool = False

    @property
    def live_bytes(self) -> int:
        """The most bytes alive at one step in the scratchpad."""
        return self.arena.fills[0].allocation.live_bytes

    def rank(self, schedule: str) -> tuple[int, ...]:
        """What another one must be below to be taken instead."""
        return (self.live_bytes, self.arena.peak) if schedule == "least-peak" else (self.arena.peak,)


def lay_in_order(task: Task) -> Laid:
    """The graph in the order that the options ask for.

    given         as the file has it
    topological   of all operators that can come next, the first in the file: for files that are not sorted
    least-peak    the fewest bytes alive at one step
    auto          given, but least-peak where its arena is smaller: as planned, and as a runtime that plans for itself
                  places it

    Raises:
        TargetError, ModelError: as `smallest_arena` and `file_order` do; with `keep` off, KeyboardInterrupt.
    """
    graph, schedule = task.graph, task.options.schedule
    check_extent(graph)
    sort = schedule == "topological"
    orders = _topological(task) if sort else tuple(file_order(subgraph) for subgraph in graph.subgraphs)
    timeline, method = lay_out(graph, orders), "topological" if sort else "given"
    try:
        arena = smallest_arena(task, timeline)
    except TieError as error:
        if schedule == "given":
            raise
        orders, timeline, arena = _in_time(task, error)
        method = method if sort else "least-peak"
    present = Laid(timeline, arena, PlannedOrder(method, 0, 0))
    if schedule in ("given", "topological"):
        items, always = _items(task, levels(task)[0], present.arena)
        return _bounded(task, present, order_model(items, orders, states=0, search=False).bound + always)
    return _best_order(task, orders, present)


def _best_order(task: Task, orders: Orders, present: Laid) -> Laid:
    """`present`, the given orders laid out, or what a search for the least peak finds.

    The order that is best with all sharing may not be with less of it, and the other way round: pieces held in one
    place take what is between them. So each level is tried that could still give a smaller arena.
    """
    best, bound, spent = present, 0, 0
    for number, sharing in enumerate(levels(task)):
        items, always = _items(task, sharing, present.arena)
        found = order_model(items, orders, states=0, search=False)
        if found.bound + always < best.live_bytes:
            found = order_model(items, orders, states=max(0, task.options.states - spent), search=True)
            spent += found.states
            if found.stopped and not task.keep:
                raise KeyboardInterrupt
            if found.orders != orders:
                other = _laid(task, found.orders)
                lower = other is not None and other.rank(task.options.schedule) < best.rank(task.options.schedule)
                if other is not None and lower and _runs_lower(task, best.timeline, other.timeline):
                    best = other
            best = replace(best, stopped=found.stopped)
        if number == 0:
            bound = found.bound + always  # less sharing never makes less alive
        if best.stopped or best.live_bytes == bound:
            break
    return _bounded(task, best, bound, spent)


def _laid(task: Task, orders: Orders) -> Laid | None:
    """The orders that a search has found, laid out; None where a tie does not hold in them."""
    timeline = lay_out(task.graph, orders)
    try:
        return Laid(timeline, smallest_arena(task, timeline), PlannedOrder("least-peak", 0, 0))
    except TieError:
        return None


def _runs_lower(task: Task, old: Schedule, new: Schedule) -> bool:
    """Whether a runtime that places tensors itself takes fewer bytes for them in the order `new`; where it does not, or
    another order was asked for whatever it gains, any is right.
    """
    own = task.target.runtime.allocator
    if not own or task.options.schedule != "auto":
        return True
    options = replace(task.options, allocator=own, keep_inputs=True, share="views")
    there = replace(task, options=options, ties=())
    return smallest_arena(there, new).peak < smallest_arena(there, old).peak


def _bounded(task: Task, laid: Laid, bound: int, states: int = 0) -> Laid:
    if task.options.share_io and "inputs_outputs" not in task.target.scratchpad.holds:
        bound = 0  # in another order a tensor may share with an input or output, and leave the scratchpad
    return replace(laid, order=PlannedOrder(laid.order.method, bound, states))


def _in_time(task: Task, error: TieError) -> tuple[Orders, Schedule, Arena]:
    """The file sorted so that tied inputs are read before they are written over: under all names that views give them,
    or under their own, where views are copies. Raises `error` where there is no such order.
    """
    from tmpass.aliases.tied import tie_edges

    for views in (True, False):
        try:
            orders = _topological(task, [tuple(tie_edges(task.graph, task.ties, s, views)) for s in _subgraphs(task)])
            timeline = lay_out(task.graph, orders)
            return orders, timeline, smallest_arena(task, timeline)
        except ModelError:
            continue
    raise error from None


def _subgraphs(task: Task) -> range:
    return range(len(task.graph.subgraphs))


def _topological(task: Task, more: Sequence[Iterable[tuple[int, int]]] = ()) -> Orders:
    effects = effect_edges(task.graph)
    return tuple(
        topological_order(subgraph, [(a, b) for a, b, _ in reads(subgraph)], (*effects[s], *(more[s] if more else ())))
        for s, subgraph in enumerate(task.graph.subgraphs)
    )


def _items(task: Task, sharing: Sharing, arena: Arena) -> tuple[ModelItems, int]:
    """What the scratchpad holds in any order with `sharing`, and the bytes that are alive there always."""
    aliases, pairs = tied(task, sharing)
    runtime = task.target.runtime
    inside, always = set[Key](), 0
    for index in arena.fills[0].indices:
        members = arena.storage.members[index]
        if any(task.graph.tensor(key).kind is TensorKind.VARIABLE for key in members):
            always += runtime.round_up(arena.storage.buffers[index].size)
        else:
            inside.update(members)
    own = {op: sum(map(runtime.round_up, sizes)) for op, sizes in task.scratch.items()}
    later: Sequence[tuple[tuple[int, int], ...]] = ()
    if task.ties:
        from tmpass.aliases.tied import tie_edges

        later = [tuple(tie_edges(task.graph, task.ties, s)) for s in _subgraphs(task)]
    contents = Contents(task.graph, aliases, pairs, inside, own, task.options.keep_inputs, runtime, later)
    return items_of_model(contents), always
