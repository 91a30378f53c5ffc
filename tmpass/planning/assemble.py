"""The last step of the pipeline: which memory takes which buffers, and the plan that comes of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tmpass.base.errors import ModelError
from tmpass.base.sizes import MAX_BYTES
from tmpass.graph.model import Graph
from tmpass.packing.problem import Allocation, Problem, Status
from tmpass.planning.liveness import Role, Storage
from tmpass.planning.not_counted import find_not_counted
from tmpass.planning.sharing.in_place import kernels_in_place
from tmpass.planning.timeline.schedule import Schedule
from tmpass.plans.plan import (
    STOPPED,
    MemoryUse,
    ModelInfo,
    Options,
    Plan,
    PlannedBuffer,
    PlannedOrder,
    PlannedStep,
    PlannedTensor,
    TargetInfo,
)
from tmpass.targets import Memory, Target

USES_OF: Mapping[str, str] = {
    Role.INPUT: "inputs_outputs",
    Role.OUTPUT: "inputs_outputs",
    Role.ACTIVATION: "activations",
    Role.VARIABLE: "variables",
}
"""Role of a tensor -> what a memory must hold to take it."""

_SCRATCH = USES_OF[Role.ACTIVATION]
"""The same for scratch, which no tensor is in."""


@dataclass(frozen=True, slots=True)
class Fill:
    """One memory and what was put there: `indices` are those of the buffers in the whole storage."""

    memory: Memory
    indices: tuple[int, ...]
    allocation: Allocation


def distribute(graph: Graph, storage: Storage, target: Target) -> Iterator[tuple[Memory, Problem, tuple[int, ...]]]:
    """The problem of each memory of `target` that takes a buffer, the scratchpad's first and in any case.

    A buffer goes to the first memory that may hold all of its tensors.

    Raises:
        TargetError: no memory may hold them.
        ModelError: the sizes in one memory add up to more than addresses can count.
    """
    scratchpad = target.scratchpad
    inside: dict[str, list[int]] = {scratchpad.name: []}
    for index, members in enumerate(storage.members):
        uses = [USES_OF[storage.roles[key]] for key in members if key not in graph.held_in] or [_SCRATCH]
        memory = target.memory_for(uses)
        inside.setdefault(memory.name, []).append(index)
    memories = {memory.name: memory for memory in target.memories}
    for name, indices in inside.items():
        memory = memories[name]
        buffers = tuple(storage.buffers[i].rounded(target.runtime.rounding) for i in indices)
        _check_sum(graph, storage, indices, memory)
        yield memory, Problem(buffers, memory.capacity, memory.alignment), tuple(indices)


def _check_sum(graph: Graph, storage: Storage, indices: Sequence[int], memory: Memory) -> None:
    """Raise where a problem would refuse the sum of its sizes, in words of the model."""
    total = sum(storage.buffers[i].size + memory.alignment for i in indices)
    if total <= MAX_BYTES:
        return
    largest = max(indices, key=lambda i: storage.buffers[i].size)
    tensors = [graph.tensor(key) for key in storage.members[largest]]
    name = max(tensors, key=lambda t: t.bytes or 0).name if tensors else "scratch"
    size = storage.buffers[largest].size
    raise ModelError(
        f"the tensors add up to {total} bytes, above 2^62; the largest is {name!r} of {size} bytes",
        hint="check its shape",
    )


def assemble(
    info: ModelInfo,
    target: Target,
    options: Options,
    graph: Graph,
    timeline: Schedule,
    storage: Storage,
    fills: Sequence[Fill],
    order: PlannedOrder,
    *,
    stopped: bool = False,
    warnings: Sequence[str] = (),
) -> Plan:
    """The plan of everything that the stages before have decided, with their `warnings`; `stopped`: Ctrl-C ended one
    of them.
    """
    home = {
        index: (fill.memory.name, offset)
        for fill in fills
        for index, offset in zip(fill.indices, fill.allocation.offsets, strict=True)
    }
    buffers = tuple(
        PlannedBuffer(index, *home[index], b.size, b.lower, b.upper, members, b.gaps, None if members else b.lower)
        for index, (b, members) in enumerate(zip(storage.buffers, storage.members, strict=True))
    )
    steps = []
    for number, step in enumerate(timeline.steps):
        op = graph.subgraphs[step.subgraph].ops[step.op]
        steps.append(PlannedStep(number, step.subgraph, step.op, op.kind, op.name))
    status = _worst([fill.allocation.status for fill in fills])
    left_out = find_not_counted(graph, options, target.runtime.name)
    if status is Status.OPTIMAL and any(row.what == "tensors" for row in left_out):
        status = Status.FEASIBLE  # nothing is proved of a model that is planned in part
    promised = kernels_in_place(graph, target.sharing)
    return Plan(
        model=info,
        target=TargetInfo(target.name, target.scratchpad.name, target.runtime.name, promised),
        options=options,
        status=status.value,
        fits=status in (Status.OPTIMAL, Status.FEASIBLE),
        memories=tuple(_use(fill) for fill in fills),
        order=order,
        schedule=tuple(steps),
        buffers=buffers,
        tensors=_rows(graph, storage, buffers),
        warnings=(
            *graph.warnings,
            *warnings,
            *([STOPPED] if stopped or any(fill.allocation.stopped for fill in fills) else []),
        ),
        not_counted=left_out,
    )


def _worst(statuses: list[Status]) -> Status:
    """What is known of all memories together."""
    order = (Status.INFEASIBLE, Status.UNKNOWN, Status.FEASIBLE, Status.OPTIMAL)
    return min(statuses, key=order.index)


def _use(fill: Fill) -> MemoryUse:
    memory, found = fill.memory, fill.allocation
    assert found.peak is not None  # only memories, fixed offsets and pairs can leave a problem without a packing
    return MemoryUse(
        memory.name,
        memory.capacity,
        memory.alignment,
        found.peak,
        found.lower_bound,
        found.live_bytes,
        memory.sources.get("capacity", ""),
    )


def _rows(graph: Graph, storage: Storage, buffers: Sequence[PlannedBuffer]) -> tuple[PlannedTensor, ...]:
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
