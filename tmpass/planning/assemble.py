"""The last stage of planning: a plan from what the other stages have found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tmpass.base.choices import ConstantUse, Status
from tmpass.graph.model import Graph
from tmpass.planning.choose_order import OrderedLayout
from tmpass.planning.layout import Layout
from tmpass.planning.layout_request import LayoutRequest
from tmpass.planning.liveness import Storage
from tmpass.planning.memories import MemoryAllocation
from tmpass.planning.not_counted import find_not_counted
from tmpass.planning.residency.constants import StoredConstants
from tmpass.planning.residency.on_chip import OnChip, choose_resident, find_on_chip, loaded_rows
from tmpass.planning.residency.overhead import Overhead
from tmpass.planning.sharing.in_place import kernels_in_place
from tmpass.planning.timeline.schedule import Schedule
from tmpass.plans.plan import (
    STOPPED,
    MemoryUse,
    ModelInfo,
    Plan,
    PlannedBuffer,
    PlannedConstant,
    PlannedStep,
    PlannedTensor,
    TargetInfo,
)
from tmpass.targets import Memory


def assemble(
    info: ModelInfo,
    request: LayoutRequest,
    ordered: OrderedLayout,
    stored: StoredConstants | None,
    overhead: Mapping[str, Overhead],
) -> Plan:
    """The plan of the layout that the stages before have found.

    Args:
        info: of the model's file.
        request: that was laid out.
        ordered: the layout, with the warnings that the plan gets besides those of the graph.
        stored: the constants in their home; None where they are not planned.
        overhead: memory -> what the runtime takes of it.
    """
    graph, target, layout = request.graph, request.target, ordered.layout
    buffers = _buffers(layout)
    ends = (buffer.upper for buffer in layout.storage.buffers)
    horizon = max(1, len(ordered.timeline.steps), *ends)
    free = None if stored is None else find_on_chip(stored, graph, ordered.timeline, layout, target, horizon)
    found = _memories(layout.allocations, stored, free, overhead)
    memories = tuple(_with_overhead(use, overhead) for use in found)
    constants: tuple[PlannedConstant, ...] = ()
    if stored is not None:
        constants = tuple(_constants(stored, memories, free, horizon))
        memories = tuple(_with_loaded(memories, constants))
    status = _worst([_status(use) for use in memories])
    left_out = find_not_counted(graph, request.options, target.runtime.name, counted=stored is not None)
    if status is Status.OPTIMAL and any(row.what == "tensors" for row in left_out):
        status = Status.FEASIBLE  # nothing is proved of a model that is planned in part
    stopped = ordered.stopped or any(placed.allocation.stopped for placed in layout.allocations)
    promised = kernels_in_place(graph, target.sharing)
    return Plan(
        model=info,
        target=TargetInfo(target.name, target.scratchpad.name, target.runtime.name, promised),
        options=request.options,
        status=status.value,
        fits=status in (Status.OPTIMAL, Status.FEASIBLE),
        memories=memories,
        order=ordered.order,
        schedule=_steps(graph, ordered.timeline),
        buffers=buffers,
        tensors=_rows(graph, layout.storage, buffers),
        warnings=(*graph.warnings, *ordered.warnings, *((STOPPED,) if stopped else ())),
        not_counted=left_out,
        constants=constants,
    )


def _buffers(layout: Layout) -> tuple[PlannedBuffer, ...]:
    """The rows of the buffers, by their numbers in the storage."""
    home = {
        index: (placed.memory.name, offset)
        for placed in layout.allocations
        for index, offset in zip(placed.indices, placed.allocation.offsets, strict=True)
    }
    pairs = zip(layout.storage.buffers, layout.storage.members, strict=True)
    return tuple(
        PlannedBuffer(index, *home[index], b.size, b.lower, b.upper, members, b.gaps, None if members else b.lower)
        for index, (b, members) in enumerate(pairs)
    )


def _steps(graph: Graph, timeline: Schedule) -> tuple[PlannedStep, ...]:
    """The rows of the schedule."""
    steps = []
    for number, step in enumerate(timeline.steps):
        op = graph.subgraphs[step.subgraph].ops[step.op]
        steps.append(PlannedStep(number, step.subgraph, step.op, op.kind, op.name))
    return tuple(steps)


def _worst(statuses: list[Status]) -> Status:
    """The status of all memories together: that of the worst."""
    order = (Status.INFEASIBLE, Status.UNKNOWN, Status.FEASIBLE, Status.OPTIMAL)
    return min(statuses, key=order.index)


def _memories(
    allocations: Sequence[MemoryAllocation],
    stored: StoredConstants | None,
    free: OnChip | None,
    overhead: Mapping[str, Overhead],
) -> Iterator[MemoryUse]:
    """The rows of the memories: those with buffers, the one with copies of constants, and the home of the constants."""
    home, names = None if stored is None else stored.home, {placed.memory.name for placed in allocations}
    for placed in allocations:
        constants = stored.total if stored is not None and placed.memory is home else 0
        found = placed.allocation
        assert found.peak is not None  # only memories, fixed offsets and pairs can leave a problem without a packing
        yield _use(placed.memory, found.peak, found.lower_bound, found.live_bytes, constants)
    if free is not None and free.memory.name not in names:
        yield _use(free.memory, 0, 0, 0, 0)
    if stored is not None and (stored.constants or stored.home.name in overhead) and stored.home.name not in names:
        yield _use(stored.home, 0, 0, 0, stored.total)


def _use(memory: Memory, peak: int, lower_bound: int, live_bytes: int, constants: int) -> MemoryUse:
    """The row of a memory."""
    return MemoryUse(
        memory.name,
        memory.capacity,
        memory.alignment,
        peak,
        lower_bound,
        live_bytes,
        memory.sources.get("capacity", ""),
        constants=constants,
        reserve=memory.reserve,
        reserve_source=memory.sources.get("reserve", ""),
        compute=memory.compute,
    )


def _constants(
    stored: StoredConstants, memories: Sequence[MemoryUse], free: OnChip | None, horizon: int
) -> Iterator[PlannedConstant]:
    """The rows of the constants: stored in their home, and copied from there where operators do not use the home."""
    peak = next((memory.peak for memory in memories if memory.name == stored.home.name), 0)
    yield from stored.rows(peak, horizon)
    if free is not None:
        yield from loaded_rows(free, stored.constants, choose_resident(free), horizon)


def _with_overhead(use: MemoryUse, overhead: Mapping[str, Overhead]) -> MemoryUse:
    """The row of a memory with what the runtime takes of it."""
    taken = overhead.get(use.name)
    return use if taken is None else replace(use, overhead=taken.bytes, overhead_source=taken.source)


def _with_loaded(memories: Sequence[MemoryUse], constants: Sequence[PlannedConstant]) -> Iterator[MemoryUse]:
    """The rows of the memories with the bytes of copies of constants above their peaks."""
    tops: dict[str, int] = {}
    for row in constants:
        if row.use != ConstantUse.STORED:
            tops[row.memory] = max(tops.get(row.memory, 0), row.offset + row.size)
    for use in memories:
        yield replace(use, loaded=max(0, tops.get(use.name, 0) - use.peak))


def _status(use: MemoryUse) -> Status:
    """What is proved of one memory."""
    if use.shortfall:
        return Status.INFEASIBLE if use.proved_shortfall else Status.UNKNOWN
    return Status.OPTIMAL if use.peak == use.lower_bound else Status.FEASIBLE


def _rows(graph: Graph, storage: Storage, buffers: Sequence[PlannedBuffer]) -> tuple[PlannedTensor, ...]:
    """The rows of the tensors, in the order of the graph."""
    home = {key: buffer for buffer in buffers for key in buffer.tensors}
    rows = []
    for key, role in storage.roles.items():
        tensor, buffer = graph.tensor(key), home.get(key)
        rows.append(
            PlannedTensor(
                *key,
                tensor.name,
                tensor.dtype.name,
                tensor.shape,
                tensor.bytes,
                role.value,
                None if buffer is None else buffer.id,
                None if buffer is None else buffer.offset + storage.position.get(key, 0),
                storage.reasons.get(key, ""),
            )
        )
    return tuple(rows)
