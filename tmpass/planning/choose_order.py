"""The choice of an order of operators: that of the file, unless another one needs a smaller arena."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from tmpass.base.choices import OrderMethod, Share, Status
from tmpass.base.errors import ModelError, TargetError
from tmpass.base.record import record
from tmpass.graph.dependencies import read_pairs
from tmpass.graph.effects import effect_edges
from tmpass.graph.topological import topological_order
from tmpass.planning.layout import Layout, smallest_layout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.ordering.file_order import file_order, unsorted
from tmpass.planning.ordering.subgraphs import ModelItems, ModelOrder, Orders, order_model
from tmpass.planning.scratchpad_items import items_of, least_items
from tmpass.planning.sharing.in_place import TieError
from tmpass.planning.timeline.lay_out import check_extent, lay_out
from tmpass.planning.timeline.schedule import Schedule
from tmpass.plans.planned_order import PlannedOrder

if TYPE_CHECKING:
    from tmpass.planning.residency.transfers.travel import Travel

_FEW = 32
"""The number of operators up to which orders are searched for while the arena has holes. Above, the search goes on only
while fewer bytes may be alive: on the models of docs/models.md a longer search gains nothing.
"""


@record
class OrderedLayout:
    """A layout with its timeline, and what is known of the order.

    Fields:
        timeline: of all operators.
        layout: on that timeline.
        order: its method, and a bound on all orders.
        stopped: Ctrl-C ended the search for an order.
        warnings: for the plan.
        division: what is known of layouts in several memories; None where one memory was enough, or is the only one.
        travel: the rows of buffers that leave the scratchpad and come back; None where none does.
        resident: of each constant, whether it stays on chip; None where the fewest bytes decide.
    """

    timeline: Schedule
    layout: Layout
    order: PlannedOrder
    stopped: bool = False
    warnings: tuple[str, ...] = ()
    division: Status | None = None
    travel: "Travel | None" = None
    resident: tuple[bool, ...] | None = None

    @property
    def live_bytes(self) -> int:
        """The live bytes at the peak step of the scratchpad."""
        return self.layout.allocations[0].allocation.live_bytes

    def goal(self, *, holes: bool) -> int:
        """The bytes below which another order is worth a search: the live bytes, or with `holes` the whole peak."""
        return self.layout.peak if holes else self.live_bytes

    def rank(self, schedule: str) -> tuple[int, ...]:
        """The rank of the layout under a schedule option. Another layout is taken if its rank is lower."""
        return (self.live_bytes, *self.layout.rank) if schedule == OrderMethod.LEAST_PEAK else self.layout.rank


def choose_order(request: LayoutRequest) -> OrderedLayout:
    """The layout in the order that the options ask for.

    given         the order of the file
    topological   of all operators that can come next, the first in the file; for files that are not sorted
    least-peak    the order with the fewest live bytes at its peak step
    auto          given, or least-peak where its arena is smaller: in the plan, and also as the runtime places tensors
                  if it places them itself

    Where the file's own order cannot run, least-peak and auto start from the topological one.

    Raises:
        TargetError, ModelError: as `smallest_layout` and `file_order` do; with `keep` off, KeyboardInterrupt.
    """
    ordered = _choose_order(request)
    if (
        not _may_leave(request)
        or request.options.share != Share.AUTO
        or request.options.schedule in (OrderMethod.GIVEN, OrderMethod.TOPOLOGICAL)
    ):
        return ordered
    # Which tensors are in the scratchpad depends on the sharing, and the search for an order considers only these.
    for share in (Share.VIEWS, Share.NONE):
        if ordered.stopped:
            break
        try:
            other = _choose_order(replace(request, options=replace(request.options, share=share)))
        except (ModelError, TargetError):  # a tie does not hold, or no memory takes tensors that do not share
            continue
        except KeyboardInterrupt:
            if not request.keep:
                raise
            return replace(ordered, stopped=True)
        if other.rank(request.options.schedule) < ordered.rank(request.options.schedule):
            ordered = replace(other, order=replace(other.order, lower_bound=ordered.order.lower_bound))
        ordered = replace(ordered, stopped=other.stopped)
    return ordered


def _may_leave(request: LayoutRequest) -> bool:
    """Whether a tensor may leave the scratchpad together with an input or output that it shares with."""
    return bool(request.options.share_io or request.ties) and "inputs_outputs" not in request.target.scratchpad.holds


def _choose_order(request: LayoutRequest) -> OrderedLayout:
    """The layout in the order that the options ask for, where no level of sharing is tried on its own."""
    graph, schedule = request.graph, request.options.schedule
    check_extent(graph)
    as_asked = schedule in (OrderMethod.GIVEN, OrderMethod.TOPOLOGICAL) or graph.fixed
    fault = "" if as_asked else next(filter(None, map(unsorted, graph.subgraphs)), "")
    sort = schedule == OrderMethod.TOPOLOGICAL or bool(fault)
    checked = not as_asked or sort
    orders = (
        _topological(request)
        if sort
        else tuple(tuple(range(len(subgraph.ops))) if checked else file_order(subgraph) for subgraph in graph.subgraphs)
    )
    timeline, method = lay_out(graph, orders), OrderMethod.TOPOLOGICAL if sort else OrderMethod.GIVEN
    try:
        layout = smallest_layout(request, timeline)
    except TieError as error:
        if schedule == OrderMethod.GIVEN:
            raise
        orders, timeline, layout = _in_time(request, error)
        method = method if sort else OrderMethod.LEAST_PEAK
    note = (f"the file's own order cannot run, another one is planned: {fault}",) if fault else ()
    present = OrderedLayout(timeline, layout, PlannedOrder(method, 0, 0), warnings=note)
    if layout.stopped:
        return replace(present, stopped=True)
    if graph.fixed:  # for the file's order only
        return replace(present, order=PlannedOrder(method, present.live_bytes, 0))
    kept = [present]
    try:
        return replace(_ordered(request, orders, kept), warnings=note)
    except KeyboardInterrupt:
        if not request.keep:
            raise
        return replace(kept[-1], stopped=True, warnings=note)


def _ordered(request: LayoutRequest, orders: Orders, kept: list[OrderedLayout]) -> OrderedLayout:
    """The layout in `kept`, which has the given orders, with a bound on all orders; or a better one by a search."""
    present = kept[0]
    if request.options.schedule in (OrderMethod.GIVEN, OrderMethod.TOPOLOGICAL):
        every, always = least_items(request, present.layout)
        return _bounded(request, present, order_model(every, orders, states=0, search=False).bound + always)
    return _best_order(request, orders, kept)


def _best_order(request: LayoutRequest, orders: Orders, kept: list[OrderedLayout]) -> OrderedLayout:
    """The layout in `kept`, which has the given orders, or the best one that searches for the least peak find.

    `kept` gets each layout that is the best so far. The best order with all sharing may not be the best with less
    sharing, and vice versa: pieces that are held in one place occupy the bytes between them, and prevent a write over
    the whole. So an order is searched for at each level of sharing that could still give a smaller arena, and for the
    least bytes that any choice of sharing needs, which bounds all of them.
    """
    present = best = kept[0]
    every, always = least_items(request, present.layout)
    given = order_model(every, orders, states=0, search=False)
    bound = given.bound + always
    spent = 0
    holes = sum(len(subgraph.ops) for subgraph in request.graph.subgraphs) <= _FEW
    for items in items_to_search(request, every, present.layout) if best.goal(holes=holes) > bound else ():
        found = given if items is every else order_model(items, orders, states=0, search=False)
        if found.bound + always < best.goal(holes=holes):
            best, found = _searched(request, orders, best, items, spent)
        kept.append(best)
        spent += found.states
        if items is every:
            bound = max(bound, found.bound + always)
        if best.stopped or best.goal(holes=holes) == bound:
            break
    return _bounded(request, best, bound, spent)


def items_to_search(request: LayoutRequest, every: ModelItems, layout: Layout) -> Iterator[ModelItems]:
    """The order problems to search: `every`, for the least bytes that any sharing needs, and one per level of sharing.

    If the first level shares all that may be shared, the two hardly differ.
    """
    most, *less = request.sharing_levels
    if request.one_choice:
        yield every
        if any(part.partial for part in every.items):
            yield items_of(request, most, layout)
    else:
        yield items_of(request, most, layout)
        yield every
    for sharing in less:
        yield items_of(request, sharing, layout)


def _searched(
    request: LayoutRequest, orders: Orders, best: OrderedLayout, items: ModelItems, spent: int
) -> tuple[OrderedLayout, ModelOrder]:
    """The layout `best`, or a smaller one in the order of least peak of `items`; and that order."""
    found = order_model(items, orders, states=max(0, request.options.states - spent), search=True)
    if found.stopped and not request.keep:
        raise KeyboardInterrupt
    other = laid_out(request, found.orders) if found.orders != orders else None
    stopped = found.stopped or (other is not None and other.layout.stopped)
    lower = other is not None and other.rank(request.options.schedule) < best.rank(request.options.schedule)
    if other is not None and lower and _runs_lower(request, orders, other.timeline):
        best = other
    return replace(best, stopped=stopped), found


def laid_out(request: LayoutRequest, orders: Orders) -> OrderedLayout | None:
    """The smallest layout in orders that a search has found; None where a tie does not hold in them."""
    timeline = lay_out(request.graph, orders)
    try:
        return OrderedLayout(timeline, smallest_layout(request, timeline), PlannedOrder(OrderMethod.LEAST_PEAK, 0, 0))
    except TieError:
        return None


def _runs_lower(request: LayoutRequest, orders: Orders, new: Schedule) -> bool:
    """Whether a runtime that places tensors itself takes fewer bytes on the timeline `new` than in the given orders.

    Always true for other runtimes, and where the options ask for another order whatever the runtime does. An order that
    the search found before does not count: else the result would depend on which one it finds first.
    """
    own = request.target.runtime.allocator
    if not own or request.options.schedule != OrderMethod.AUTO:
        return True
    options = replace(request.options, allocator=own, keep_inputs=True, share=Share.VIEWS)
    there = replace(request, options=options, ties=(), keep=False)  # an interrupted comparison has no result
    return smallest_layout(there, new).peak < smallest_layout(there, lay_out(request.graph, orders)).peak


def _bounded(request: LayoutRequest, ordered: OrderedLayout, bound: int, states: int = 0) -> OrderedLayout:
    """The layout with a bound on all orders, in bytes, and the states of the search."""
    if _may_leave(request):
        bound = 0  # in another order a tensor may share with an input or output, and leave the scratchpad
    return replace(ordered, order=PlannedOrder(ordered.order.method, bound, states))


def _in_time(request: LayoutRequest, error: TieError) -> tuple[Orders, Schedule, Layout]:
    """Orders in which tied inputs are read before they are overwritten, with timeline and layout.

    An input counts under all names that views give it, or under its own name alone, where views are copies.

    Raises:
        TieError: no such order exists; it is `error`.
    """
    from tmpass.planning.sharing.tied_order import tie_edges

    for views in (True, False):
        try:
            edges = [
                tuple(tie_edges(request.graph, request.ties, s, views)) for s in range(len(request.graph.subgraphs))
            ]
            orders = _topological(request, edges)
            timeline = lay_out(request.graph, orders)
            return orders, timeline, smallest_layout(request, timeline)
        except ModelError:
            continue
    raise error from None


def _topological(request: LayoutRequest, more: Sequence[Iterable[tuple[int, int]]] = ()) -> Orders:
    effects = effect_edges(request.graph)
    return tuple(
        topological_order(subgraph, read_pairs(subgraph), (*effects[s], *(more[s] if more else ())))
        for s, subgraph in enumerate(request.graph.subgraphs)
    )
