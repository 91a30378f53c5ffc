"""Which order of operators a plan takes: that of the file, unless another one needs a smaller arena."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from tmpass.base.errors import ModelError, TargetError
from tmpass.graph.dependencies import reads
from tmpass.graph.effects import effect_edges
from tmpass.graph.model import TensorKind
from tmpass.graph.topological import topological_order
from tmpass.planning.layout import Arena, smallest_arena
from tmpass.planning.liveness import Role
from tmpass.planning.ordering.file_order import file_order, unsorted
from tmpass.planning.ordering.items import Contents
from tmpass.planning.ordering.subgraphs import ModelItems, ModelOrder, Orders, items_of_model, order_model
from tmpass.planning.sharing.aliases import Aliases, Key
from tmpass.planning.sharing.atoms import Atoms
from tmpass.planning.sharing.in_place import TieError
from tmpass.planning.sharing.rooms import InPlace
from tmpass.planning.task import Task
from tmpass.planning.timeline.lay_out import check_extent, lay_out
from tmpass.planning.timeline.schedule import Schedule
from tmpass.plans.plan import PlannedOrder
from tmpass.targets import Sharing
from tmpass.targets.runtime import Runtime

SCHEDULES = ("auto", "given", "topological", "least-peak")

_FEW = 32
"""Up to this number of operators, orders are searched for as long as the arena has holes; above, as long as fewer bytes
may be alive: on the models of docs/models.md the rest gains nothing.
"""


@dataclass(frozen=True, slots=True)
class Laid:
    """A graph laid out in time and space, and what is known of the order; `stopped` by Ctrl-C in the search for one,
    `warnings` on how the file has it.
    """

    timeline: Schedule
    arena: Arena
    order: PlannedOrder
    stopped: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def live_bytes(self) -> int:
        """The most bytes alive at one step in the scratchpad."""
        return self.arena.fills[0].allocation.live_bytes

    def goal(self, *, holes: bool) -> int:
        """What another order must need less than to be looked for: the bytes alive, or with `holes` the whole peak."""
        return self.arena.peak if holes else self.live_bytes

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

    Where the file's own order cannot run, least-peak and auto start from the topological one.

    Raises:
        TargetError, ModelError: as `smallest_arena` and `file_order` do; with `keep` off, KeyboardInterrupt.
    """
    laid = _lay_in_order(task)
    if not _may_leave(task) or task.options.share != "auto" or task.options.schedule in ("given", "topological"):
        return laid
    # What is in the scratchpad depends on what shares, and orders are searched for with what is there.
    for share in ("views", "none"):
        if laid.stopped:
            break
        try:
            other = _lay_in_order(replace(task, options=replace(task.options, share=share)))
        except (ModelError, TargetError):  # a tie does not hold, or no memory takes what does not share
            continue
        except KeyboardInterrupt:
            if not task.keep:
                raise
            return replace(laid, stopped=True)
        if other.rank(task.options.schedule) < laid.rank(task.options.schedule):
            laid = replace(other, order=replace(other.order, lower_bound=laid.order.lower_bound))
        laid = replace(laid, stopped=other.stopped)
    return laid


def _may_leave(task: Task) -> bool:
    """Whether a tensor may share with an input or output, and leave the scratchpad with it."""
    return bool(task.options.share_io or task.ties) and "inputs_outputs" not in task.target.scratchpad.holds


def _lay_in_order(task: Task) -> Laid:
    """The same, where no level of sharing is tried on its own."""
    graph, schedule = task.graph, task.options.schedule
    check_extent(graph)
    as_asked = schedule in ("given", "topological") or graph.fixed
    fault = "" if as_asked else next(filter(None, map(unsorted, graph.subgraphs)), "")
    sort = schedule == "topological" or bool(fault)
    orders = _topological(task) if sort else tuple(file_order(subgraph) for subgraph in graph.subgraphs)
    timeline, method = lay_out(graph, orders), "topological" if sort else "given"
    try:
        arena = smallest_arena(task, timeline)
    except TieError as error:
        if schedule == "given":
            raise
        orders, timeline, arena = _in_time(task, error)
        method = method if sort else "least-peak"
    note = (f"the file's own order cannot run, another one is planned: {fault}",) if fault else ()
    present = Laid(timeline, arena, PlannedOrder(method, 0, 0), warnings=note)
    if arena.stopped:
        return replace(present, stopped=True)
    if graph.fixed:  # for the file's order only
        return replace(present, order=PlannedOrder(method, present.live_bytes, 0))
    kept = [present]
    try:
        return replace(_ordered(task, orders, kept), warnings=note)
    except KeyboardInterrupt:
        if not task.keep:
            raise
        return replace(kept[-1], stopped=True, warnings=note)


def _ordered(task: Task, orders: Orders, kept: list[Laid]) -> Laid:
    """The given orders laid out, which `kept` has, with a bound on all orders; or what a search finds."""
    present = kept[0]
    if task.options.schedule in ("given", "topological"):
        every, always = _least_items(task, present.arena)
        return _bounded(task, present, order_model(every, orders, states=0, search=False).bound + always)
    return _best_order(task, orders, kept)


def _best_order(task: Task, orders: Orders, kept: list[Laid]) -> Laid:
    """The given orders laid out, which `kept` has, or what a search for the least peak finds, which it gets.

    The order that is best with all sharing may not be with less of it, and the other way round: pieces held in one
    place take what is between them, and bar a write over the whole. So each level is tried that could still give a
    smaller arena, and then an order of the least that any choice of sharing needs; that bounds all of them.
    """
    present = best = kept[0]
    every, always = _least_items(task, present.arena)
    bound = order_model(every, orders, states=0, search=False).bound + always
    spent = 0
    holes = sum(len(subgraph.ops) for subgraph in task.graph.subgraphs) <= _FEW
    for items in _to_search(task, every, present.arena) if best.goal(holes=holes) > bound else ():
        best, found = _searched(task, orders, best, items, always, spent, holes=holes)
        kept.append(best)
        spent += found.states
        if items is every:
            bound = max(bound, found.bound + always)
        if best.stopped or best.goal(holes=holes) == bound:
            break
    return _bounded(task, best, bound, spent)


def _to_search(task: Task, every: ModelItems, arena: Arena) -> Iterator[ModelItems]:
    """What orders are searched for: `every`, the least that any sharing needs, and each level of sharing.

    Where the first level shares all that may be shared, the two hardly differ.
    """
    most, *less = task.levels
    if task.one_choice:
        yield every
        if any(part.partial for part in every.items):
            yield _items(task, most, arena)
    else:
        yield _items(task, most, arena)
        yield every
    for sharing in less:
        yield _items(task, sharing, arena)


def _searched(
    task: Task, orders: Orders, best: Laid, items: ModelItems, always: int, spent: int, *, holes: bool
) -> tuple[Laid, ModelOrder]:
    """`best`, or the order of the least that `items` need where its arena is smaller; and what the search found."""
    found = order_model(items, orders, states=0, search=False)
    if found.bound + always >= best.goal(holes=holes):
        return best, found
    found = order_model(items, orders, states=max(0, task.options.states - spent), search=True)
    if found.stopped and not task.keep:
        raise KeyboardInterrupt
    other = _laid(task, found.orders) if found.orders != orders else None
    stopped = found.stopped or (other is not None and other.arena.stopped)
    lower = other is not None and other.rank(task.options.schedule) < best.rank(task.options.schedule)
    if other is not None and lower and _runs_lower(task, best.timeline, other.timeline):
        best = other
    return replace(best, stopped=stopped), found


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
    there = replace(task, options=options, ties=(), keep=False)  # half an answer is none
    return smallest_arena(there, new).peak < smallest_arena(there, old).peak


def _bounded(task: Task, laid: Laid, bound: int, states: int = 0) -> Laid:
    if _may_leave(task):
        bound = 0  # in another order a tensor may share with an input or output, and leave the scratchpad
    return replace(laid, order=PlannedOrder(laid.order.method, bound, states))


def _in_time(task: Task, error: TieError) -> tuple[Orders, Schedule, Arena]:
    """The file sorted so that tied inputs are read before they are written over: under all names that views give them,
    or under their own, where views are copies. Raises `error` where there is no such order.
    """
    from tmpass.planning.sharing.tied_order import tie_edges

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


def _items(task: Task, sharing: Sharing, arena: Arena) -> ModelItems:
    """What the scratchpad holds in any order with `sharing`."""
    return _of_scratchpad(task, *task.tied(sharing), arena, task.target.runtime, None)[0]


def _least_items(task: Task, arena: Arena) -> tuple[ModelItems, int]:
    """What the scratchpad holds at least in any order, whatever shares, and the bytes that are alive there always."""
    aliases, pairs = task.tied(task.levels[0])[0], task.every_pair
    items, always = _of_scratchpad(task, aliases, pairs, arena, task.counted, None if task.one_choice else task.atoms)
    rows = (row for part in items.items for row in part.in_place_counts)
    if any(count > 1 for count in rows):
        items = replace(items, items=tuple(replace(part, partial=True) for part in items.items))
    return items, always


def _of_scratchpad(
    task: Task, aliases: Aliases, pairs: tuple[InPlace, ...], arena: Arena, runtime: Runtime, atoms: Atoms | None
) -> tuple[ModelItems, int]:
    inside, always = set[Key](), 0
    for index in arena.fills[0].indices:
        members = arena.storage.members[index]
        if any(task.graph.tensor(key).kind is TensorKind.VARIABLE for key in members):
            always += task.target.runtime.round_up(arena.storage.buffers[index].size)
        else:
            inside.update(members)
    if atoms is None and task.external and len(arena.fills) == 1:
        inside.update(_brought_in(task, aliases, arena))
    own = {op: sum(map(task.target.runtime.round_up, sizes)) for op, sizes in task.scratch.items()}
    later: Sequence[tuple[tuple[int, int], ...]] = ()
    if task.ties:
        from tmpass.planning.sharing.tied_order import tie_edges

        later = [tuple(tie_edges(task.graph, task.ties, s)) for s in _subgraphs(task)]
    contents = Contents(task.graph, aliases, pairs, inside, own, task.options.keep_inputs, runtime, later, atoms)
    return items_of_model(contents), always


def _brought_in(task: Task, aliases: Aliases, arena: Arena) -> Iterator[Key]:
    """What lies with the caller's tensors in `arena`, and in the arena where tensors share by `aliases`."""
    stored = {key for members in arena.storage.members for key in members}
    outside = {aliases.of(key) for key in task.external}
    for key, role in arena.storage.roles.items():
        if role is Role.ACTIVATION and key not in stored and aliases.of(key) not in outside:
            yield key
