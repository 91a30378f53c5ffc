"""The layout that moves the fewest bytes outside of the scratchpad in a run, over the orders that may be taken.

    order of the file ──┐
    least peak ─────────┼── layout ── divided among memories where it does not fit ── bytes streamed, traffic elsewhere
    least peak with  ───┘
    pieces of constants

The order of least peak is not always the best: constants that stay have what is left beside live bytes and pieces of
streamed constants, and what another memory takes depends on more than one step.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import accumulate

from tmpass.base.choices import FEWEST_STREAMED, ConstantUse, OrderMethod
from tmpass.base.record import record
from tmpass.graph.model import TensorKey
from tmpass.packing.allocate import allocate
from tmpass.packing.problem import in_use
from tmpass.planning.choose_order import OrderedLayout, items_to_search, laid_out
from tmpass.planning.layout import Layout, aliases_on, ranges_on, smallest_layout, storage_on
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.memories import MemoryAllocation, distribute
from tmpass.planning.memory_rows import memory_rows
from tmpass.planning.ordering.file_order import file_order, unsorted
from tmpass.planning.ordering.subgraphs import ModelItems, order_model
from tmpass.planning.residency.candidates import prices
from tmpass.planning.residency.divide_layout import can_divide, divide_layout
from tmpass.planning.residency.only_here import is_ruled_out, with_held_bounds
from tmpass.planning.residency.overhead import Besides, operators_in_order
from tmpass.planning.residency.placement import DEFAULT_STATES
from tmpass.planning.residency.staged_bound import staging_of
from tmpass.planning.residency.staging import Staging, least_streamed, raised, staged
from tmpass.planning.scratchpad_items import least_items
from tmpass.planning.sharing.in_place import TieError
from tmpass.planning.timeline.lay_out import lay_out
from tmpass.planning.timeline.schedule import Schedule
from tmpass.plans.planned_order import PlannedOrder

_BUSIEST, _TOGETHER = 4, 16
"""The bound looks at this many operators one by one, with at most this many constants each."""

_OTHERS = 8
"""One part in this of the states of a division may be spent on each other layout: few need more than one part in 16."""

_ROUNDS = 4
"""How many times the bound is raised by the constants that it proves too large to stay."""


@record
class Moved:
    """What one layout moves in a run. Of two, the one of lower rank is taken.

    Fields:
        missing: the bytes that memories lack, all together.
        cost: what operators touch in memories beside the cheapest one, in bytes times the price of each.
        streamed: bytes of constants.
    """

    missing: int
    cost: int
    streamed: int

    @property
    def rank(self) -> tuple[int, int, int]:
        """What fits comes first, then what costs less, then what streams less."""
        return self.missing, self.cost, self.streamed


def fewest_moved(
    request: LayoutRequest, ordered: OrderedLayout, besides: Besides, known: Iterable[OrderedLayout] | None = None
) -> OrderedLayout:
    """The layout `ordered`, or one in another order that moves fewer bytes outside of the scratchpad.

    Where a layout does not fit into one memory, it is divided among those that operators use. The search ends early
    where no order streams fewer bytes. Where it is proved that no order fits, none is divided.

    Args:
        request: that was laid out.
        ordered: its layout in one memory.
        besides: what memories hold besides buffers.
        known: the layouts of `other_orders`, if they are known. Then no bound on all orders is asked for.

    Raises:
        KeyboardInterrupt: Ctrl-C came, and the request does not ask to keep what was found.
    """
    best = divide_layout(request, ordered)
    if not _any_order(request, ordered) or (best.division is None and not best.layout.fits):
        return best  # that buffers alone need less in another order has been ruled out or searched for before
    least: int | None = None
    ruled_out = False
    try:
        moved = find_moved(request, best, besides)
        if moved.missing and can_divide(request):
            best = with_held_bounds(request, best, ordered, besides)
            ruled_out = is_ruled_out(request, best, memory_rows(request, best, besides)[0][0])
        order = best.order
        staging = _staging(request, ordered, besides) if moved.streamed else None
        least = None if staging is None or known is not None else _least_streamed(request, ordered, staging)
        others = iter(other_orders(request, ordered, besides, divided=not ruled_out) if known is None else known)
        while moved.missing or best.division is not None or moved.streamed > (least or 0):
            other = next(others, None)
            if other is None:
                break
            if other.stopped:
                best = replace(best, stopped=True)
                break
            if not moved.missing and moved.streamed and _streams_more(staging, other, moved):
                continue
            below = moved.cost if not moved.missing and not moved.streamed else None
            if ruled_out:
                other = replace(other, order=replace(other.order, lower_bound=0))  # which is for one memory
            else:
                other = divide_layout(request, other, states=DEFAULT_STATES // _OTHERS, below=below)
            found = find_moved(request, other, besides)
            if found.rank < moved.rank:
                best, moved = replace(other, order=_bounded(other.order, order)), found
            if other.stopped:
                best = replace(best, stopped=True)
                break
    except KeyboardInterrupt:
        if not request.keep:
            raise
        return replace(best, stopped=True)
    if least is None or moved.missing or not moved.streamed or best.division is not None:
        return best
    return replace(best, order=replace(best.order, streamed_bound=least))


def find_moved(request: LayoutRequest, ordered: OrderedLayout, besides: Besides) -> Moved:
    """What a layout moves in a run, with the best choice of constants that stay."""
    uses, constants = memory_rows(request, ordered, besides)
    memories = [memory for memory in request.target.memories if memory.compute]
    price = prices(memories, sum(use.traffic for use in uses)) if memories else ()
    by_name = {memory.name: one for memory, one in zip(memories, price, strict=True)}
    whole = {row.tensors: row.size for row in constants if row.use == ConstantUse.STORED}
    return Moved(
        sum(use.shortfall for use in uses),
        sum(use.traffic * by_name.get(use.name, 0) for use in uses),
        sum(whole[row.tensors] for row in constants if row.use == ConstantUse.STREAMED),
    )


def other_orders(
    request: LayoutRequest, ordered: OrderedLayout, besides: Besides, *, divided: bool = True
) -> Iterator[OrderedLayout]:
    """Layouts in one memory that may move fewer bytes than `ordered`. They do not depend on capacities.

    First that in the order of the file. Then, where buffers can be in several memories, these two orders at each level
    of sharing: tensors of one buffer are in one memory, and a large buffer is not in a small one. Then, where constants
    are copied, the orders whose live bytes together with the pieces of all streamed constants need the least, at each
    level of sharing. None where the options ask for one order.

    Args:
        request: that was laid out.
        ordered: its layout in one memory.
        besides: what memories hold besides buffers.
        divided: whether buffers may go to other memories.
    """
    if not _any_order(request, ordered):
        return
    graph, tried = request.graph, {ordered.timeline: None}
    if not any(map(unsorted, graph.subgraphs)):
        given = lay_out(graph, [file_order(subgraph) for subgraph in graph.subgraphs])
        if given not in tried:
            tried[given] = None
            with suppress(TieError):
                layout = smallest_layout(request, given)
                yield _like(ordered, OrderedLayout(given, layout, PlannedOrder(OrderMethod.GIVEN, 0, 0)))
    if divided and can_divide(request):
        for timeline in tuple(tried):
            yield from _at_levels(request, ordered, timeline)
    staging = _staging(request, ordered, besides)
    if staging is None or request.target.runtime.allocator:  # a runtime that places tensors itself streams nothing
        return
    orders = tuple(tuple(own) for own in operators_in_order(graph, ordered.timeline))
    every, _ = least_items(request, ordered.layout)
    left = max(0, request.options.states - ordered.order.states)
    for items in items_to_search(request, every, ordered.layout):
        found = order_model(staged(items, staging, staging.every), orders, states=left, search=True)
        left = max(0, left - found.states)
        if found.stopped and not request.keep:
            raise KeyboardInterrupt
        other = laid_out(request, found.orders)
        if other is not None and other.timeline not in tried:
            tried[other.timeline] = None
            other = replace(other, order=PlannedOrder(FEWEST_STREAMED, 0, found.states), stopped=found.stopped)
            yield _like(ordered, other)


def _at_levels(request: LayoutRequest, ordered: OrderedLayout, timeline: Schedule) -> Iterator[OrderedLayout]:
    """A layout on a timeline for each level of sharing, without a search for addresses, which a division finds."""
    ranges = ranges_on(request, timeline)
    method = ordered.order.method if timeline == ordered.timeline else OrderMethod.GIVEN
    for _, aliases in aliases_on(request, timeline, ranges):
        storage = storage_on(request, timeline, ranges, aliases)
        placed = tuple(
            MemoryAllocation(memory, indices, allocate(problem, nodes=0), problem.capacity)
            for memory, problem, indices in distribute(request.graph, storage, request.target, request.taken)
        )
        yield _like(ordered, OrderedLayout(timeline, Layout(storage, placed), PlannedOrder(method, 0, 0)))


def _bounded(order: PlannedOrder, best: PlannedOrder) -> PlannedOrder:
    """`order` with the bounds of `best` on what other memories may not hold, or have no room for."""
    return replace(order, held_bound=best.held_bound, room_bound=best.room_bound)


def _like(ordered: OrderedLayout, other: OrderedLayout) -> OrderedLayout:
    """The layout `other` with what `ordered` says of all orders."""
    states = ordered.order.states + other.order.states
    order = replace(other.order, lower_bound=ordered.order.lower_bound, states=states)
    return replace(other, order=order, warnings=ordered.warnings, stopped=other.stopped or other.layout.stopped)


def _any_order(request: LayoutRequest, ordered: OrderedLayout) -> bool:
    """Whether an order may be taken for what it moves."""
    stopped = ordered.stopped or ordered.layout.stopped
    return request.options.schedule == OrderMethod.AUTO and not request.graph.fixed and not stopped


def _staging(request: LayoutRequest, ordered: OrderedLayout, besides: Besides) -> Staging | None:
    """The constants that are copied to the scratchpad; None where none are, or where it has no limit."""
    return None if request.target.scratchpad.room is None else staging_of(request, ordered, besides)


def with_bounds(
    request: LayoutRequest, ordered: OrderedLayout, besides: Besides, found: OrderedLayout
) -> OrderedLayout:
    """The layout `found`, in which nothing leaves the scratchpad, with what is known of all orders.

    Args:
        request: that was laid out.
        ordered: its layout in one memory.
        besides: what memories hold besides buffers.
        found: with copies of constants between buffers.
    """
    order = replace(found.order, lower_bound=ordered.order.lower_bound)
    moved = find_moved(request, found, besides)
    if not _any_order(request, ordered) or moved.missing or not moved.streamed:
        return replace(found, order=order)  # what does not fit makes no claim, as where the constants find no room
    staging = _staging(request, ordered, besides)
    least = None if staging is None else _least_streamed(request, ordered, staging)
    return replace(found, order=replace(order, streamed_bound=least))


def _streams_more(staging: Staging | None, other: OrderedLayout, moved: Moved) -> bool:
    """Whether a layout in one memory streams as many bytes as are `moved` or more, since its buffers are too high."""
    if staging is None or staging.bodies or not other.layout.fits:
        return False
    least = least_streamed(staging, other.layout.allocations[0].allocation.peak or 0, {})
    return least is None or (not moved.cost and least >= moved.streamed)


def _least_streamed(request: LayoutRequest, ordered: OrderedLayout, staging: Staging) -> int | None:
    """A lower bound on what any order streams where no buffer leaves the scratchpad; None where it is not known.

    Constants that are too large to stay beside the live bytes of any order are streamed. So their pieces are part of
    what any order needs, beside which others may be too large.
    """
    if staging.bodies or not ordered.layout.fits:
        return None
    every, always = least_items(request, ordered.layout)
    orders = tuple(tuple(own) for own in operators_in_order(request.graph, ordered.timeline))

    def bound_of(items: ModelItems) -> int:
        return order_model(items, orders, states=0, search=False).bound + always

    live, streamed = ordered.order.lower_bound, frozenset[int]()
    for _ in range(_ROUNDS):
        more = staging.too_large(live)
        if more == streamed:
            break
        streamed = more
        live = max(live, bound_of(staged(every, staging, streamed)))
    during = {}
    for key in _busiest(staging, ordered):
        items, above = raised(every, key)
        during[key] = max(0, bound_of(items) - above)
    return least_streamed(staging, live, during)


def _busiest(staging: Staging, ordered: OrderedLayout) -> Iterator[TensorKey]:
    """The operators that leave residents the least room in one order, as far as they read constants."""
    layout = ordered.layout
    live = [0] * (len(ordered.timeline.steps) + 1)
    for index in layout.allocations[0].indices:
        buffer = layout.storage.buffers[index]
        for lower, upper, low, high in in_use(buffer):
            live[min(lower, len(live) - 1)] += high - low
            live[min(upper, len(live) - 1)] -= high - low
    needs: dict[TensorKey, int] = {}
    for step, alive in zip(ordered.timeline.steps, accumulate(live), strict=False):
        key = step.subgraph, step.op
        read = staging.reads[key]
        if 0 < len(read) <= _TOGETHER:
            needs[key] = max(needs.get(key, 0), alive + sum(staging.staging[c] for c in read))
    return iter(sorted(needs, key=lambda key: (-needs[key], key))[:_BUSIEST])
