"""The last stage of planning: a plan from what the other stages have found."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from tmpass.base.choices import TAIL_ALIGNMENT, OrderMethod, Role, Status
from tmpass.base.record import maker
from tmpass.base.version import VERSION
from tmpass.graph.dependencies import read_pairs
from tmpass.graph.model import Graph
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout import Layout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.liveness import Ranges, Storage
from tmpass.planning.memory_rows import MemoryRows, memory_rows
from tmpass.planning.not_counted import find_not_counted
from tmpass.planning.not_run import not_run_rows, registration_rows
from tmpass.planning.residency.overhead import Besides, operators_in_order, tail_of
from tmpass.planning.sharing.in_place import kernels_in_place
from tmpass.planning.timeline.schedule import Schedule
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.plan import STOPPED, MemoryUse, Plan, PlannedBuffer, PlannedStep, PlannedTensor, TargetInfo


def assemble(
    info: ModelInfo,
    request: LayoutRequest,
    ordered: OrderedLayout,
    besides: Besides,
    rows: MemoryRows | None = None,
) -> Plan:
    """The plan of the layout that the stages before have found.

    Args:
        info: of the model's file.
        request: that was laid out.
        ordered: the layout, with the warnings that the plan gets besides those of the graph.
        besides: what memories hold besides buffers.
        rows: `memory_rows` of these, where they are known.
    """
    graph, target, layout = request.graph, request.target, ordered.layout
    travel = ordered.travel
    buffers = _buffers(layout) if travel is None else travel.buffers
    memories, constants = memory_rows(request, ordered, besides) if rows is None else rows
    status = find_status(request, ordered, memories)
    left_out = find_not_counted(request, besides)
    if status is Status.OPTIMAL and any(row.what == "tensors" for row in left_out):
        status = Status.FEASIBLE  # nothing is proved of a model that is planned in part
    not_run = not_run_rows(graph, target)
    if any(row.known for row in not_run):
        status = Status.INFEASIBLE
    stopped = ordered.stopped or any(placed.allocation.stopped for placed in layout.allocations)
    promised = kernels_in_place(graph, target.sharing)
    fits, order = status in (Status.OPTIMAL, Status.FEASIBLE), ordered.order
    if order.operator_bound is not None and (fits or not _above(order.operator_bound, memories[0], 0)):
        order = replace(order, operator_bound=None)
    if order.held_bound is not None and (fits or not _above(order.held_bound, memories[0], 0)):
        order = replace(order, held_bound=None)
    if order.room_bound is not None and (fits or not _above(order.room_bound, memories[0], 0)):
        order = replace(order, room_bound=None)
    if not fits and order.streamed_bound is not None:
        order = replace(order, streamed_bound=None)  # nothing runs, so nothing is streamed
    return Plan(
        model=info,
        target=TargetInfo(target.name, target.scratchpad.name, target.runtime.name, promised),
        options=request.options,
        status=status.value,
        fits=fits,
        memories=memories,
        order=order,
        schedule=_steps(graph, ordered.timeline),
        buffers=buffers,
        tensors=_rows(graph, layout.storage, buffers, {} if travel is None else travel.ranges),
        warnings=(*graph.warnings, *ordered.warnings, *((STOPPED,) if stopped else ())),
        not_counted=left_out,
        constants=constants,
        transfers=None if travel is None or not travel.transfers.moved else travel.transfers,
        not_run=not_run,
        registrations=registration_rows(graph, target),
        version=VERSION,
    )


def _buffers(layout: Layout) -> tuple[PlannedBuffer, ...]:
    """The rows of the buffers, by their numbers in the storage."""
    home = {
        index: (placed.memory.name, offset)
        for placed in layout.allocations
        for index, offset in zip(placed.indices, placed.allocation.offsets, strict=True)
    }
    pairs = zip(layout.storage.buffers, layout.storage.members, strict=True)
    made = maker(PlannedBuffer)
    return tuple(
        [
            made(index, *home[index], b.size, b.lower, b.upper, members, b.gaps, None if members else b.lower)
            for index, (b, members) in enumerate(pairs)
        ]
    )


def _steps(graph: Graph, timeline: Schedule) -> tuple[PlannedStep, ...]:
    """The rows of the schedule."""
    made, ops, steps = maker(PlannedStep), [subgraph.ops for subgraph in graph.subgraphs], []
    for number, step in enumerate(timeline.steps):
        op = ops[step.subgraph][step.op]
        steps.append(made(number, step.subgraph, step.op, op.kind, op.name))
    return tuple(steps)


def find_status(request: LayoutRequest, ordered: OrderedLayout, memories: Sequence[MemoryUse]) -> Status:
    """What is proved of all memories together. A search whose budget ended proves nothing."""
    if not any(use.shortfall for use in memories):
        if ordered.travel is not None and ordered.travel.transfers.moved:
            moved, least = ordered.travel.transfers.moved, ordered.travel.transfers.lower_bound
            return Status.OPTIMAL if moved == least else Status.FEASIBLE
        return Status.OPTIMAL if all(use.peak == use.lower_bound for use in memories) else Status.FEASIBLE
    first, *others = memories
    slack = _tail_slack(request, ordered, first)
    if first.fixed_shortfall > slack or any(use.fixed_shortfall for use in others):
        return Status.INFEASIBLE  # whatever is still open: the home of constants is the target's
    order = ordered.order
    if any(_above(bound, first, slack) for bound in (order.operator_bound, order.held_bound, order.room_bound)):
        return Status.INFEASIBLE
    proved = any(use.proved_shortfall for use in memories)
    # Buffers were divided for their own sake: another division may leave copies and the runtime more room.
    other = ordered.division is not None and ordered.division is not Status.INFEASIBLE
    if not proved or other or _may_fit(request, ordered, memories, slack):
        return Status.UNKNOWN
    return Status.INFEASIBLE


def rules_out(request: LayoutRequest, ordered: OrderedLayout, first: MemoryUse, bound: int) -> bool:
    """Whether no order fits, since any needs `bound` bytes of `first`, which does not have room for `ordered`."""
    return _above(bound, first, _tail_slack(request, ordered, first))


def _above(bound: int | None, first: MemoryUse, slack: int) -> bool:
    """Whether `bound` bytes of the first memory are more than it has, with `slack` bytes less of its tail."""
    return bound is not None and first.capacity is not None and _least_needed(bound, first, slack) > first.capacity


def _least_needed(bound: int, first: MemoryUse, slack: int) -> int:
    """What is needed of the first memory for `bound` bytes, with `slack` bytes less of its tail.

    An arena with a tail is a multiple of its alignment in any order.
    """
    least = first.needed_at_least(bound) - slack
    return least + (-(least - first.reserve) % TAIL_ALIGNMENT if slack and not first.constants else 0)


def _is_order_free(request: LayoutRequest) -> bool:
    return request.options.schedule in (OrderMethod.AUTO, OrderMethod.LEAST_PEAK) and not request.graph.fixed


def _is_chain(graph: Graph, timeline: Schedule) -> bool:
    """Whether no other order is possible, since each operator reads what the one before it makes."""
    orders = zip(graph.subgraphs, operators_in_order(graph, timeline), strict=True)
    return all(set(read_pairs(subgraph)).issuperset(pairwise(order)) for subgraph, order in orders)


def _tail_slack(request: LayoutRequest, ordered: OrderedLayout, first: MemoryUse) -> int:
    """The bytes by which another order may have a smaller tail in the arena `first`: it has other padding."""
    if not first.has_tail or not first.shortfall or not _is_order_free(request):
        return 0
    if _is_chain(request.graph, ordered.timeline):
        return 0
    tail = tail_of(request.graph, request.target, ordered.timeline)
    return 0 if tail is None else max(0, first.kept - tail.least)


def _may_fit(request: LayoutRequest, ordered: OrderedLayout, memories: Sequence[MemoryUse], slack: int) -> bool:
    """Whether another order may fit: the budget of the search ended before all orders were ruled out.

    An order with as few live bytes may still leave copies of constants more room, since it places them at other steps.
    Of the overhead of the first memory, `slack` bytes may be less in another order.
    """
    if not _is_order_free(request):
        return False
    first, *others = memories
    bound = ordered.order.lower_bound
    capacity = first.needed if first.capacity is None else first.capacity
    searched = bound == first.live_bytes and _least_needed(first.lower_bound, first, slack) > capacity
    fits = _least_needed(bound, first, slack) <= capacity
    return not searched and fits and not any(use.proved_shortfall for use in others)


def _rows(
    graph: Graph, storage: Storage, buffers: Sequence[PlannedBuffer], ranges: Ranges
) -> tuple[PlannedTensor, ...]:
    """The rows of the tensors, in the order of the graph. Those whose buffers leave have their live ranges."""
    leaves = {buffer.first for buffer in buffers if buffer.first is not None}
    home = {key: buffer for buffer in buffers if buffer.first is None for key in buffer.tensors}
    position, reasons, made, rows = storage.position, storage.reasons, maker(PlannedTensor), []
    words = {role: role.value for role in Role}
    for s, subgraph in enumerate(graph.subgraphs):
        for t, (tensor, size) in enumerate(zip(subgraph.tensors, subgraph.sizes, strict=True)):
            key = s, t
            number = offset = span = None
            if key in home:
                buffer = home[key]
                number, offset = buffer.id, buffer.offset
                if key in position:
                    offset += position[key]
                if number in leaves:
                    span = ranges[key]
            role, reason = words[storage.roles[key]], reasons.get(key, "")
            name = tensor.name
            rows.append(made(s, t, name, tensor.dtype.name, tensor.shape, size, role, number, offset, reason, span))
    return tuple(rows)
