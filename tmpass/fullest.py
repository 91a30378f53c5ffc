"""What a plan's figures come from: which memory decides, and who is alive where it is fullest."""

from dataclasses import dataclass
from itertools import accumulate

from tmpass.plan import MemoryUse, Plan, PlannedBuffer, PlannedStep, PlannedTensor


@dataclass(frozen=True, slots=True)
class Fullest:
    """The step at which the most bytes are alive in a memory.

    `step` is None where nothing is alive, or where the model has no step. `buffers` are those alive there, the largest
    first, each with the first of its tensors, or None where it has none.
    """

    memory: MemoryUse
    step: PlannedStep | None
    live_bytes: int
    buffers: tuple[tuple[PlannedBuffer, PlannedTensor | None], ...]


def deciding_memory(plan: Plan) -> MemoryUse:
    """The memory that says whether `plan` fits: one proved too small, else one too small, else the first."""
    limited = [(m, m.capacity) for m in plan.memories if m.capacity is not None]
    proved = [m for m, capacity in limited if m.lower_bound > capacity]
    over = [m for m, capacity in limited if m.peak > capacity]
    return (*proved, *over, plan.memories[0])[0]


def live_bytes(plan: Plan, memory: MemoryUse) -> list[tuple[int, int]]:
    """What is alive in `memory` over time: (first step, bytes), from there to the next row."""
    changes: dict[int, int] = {}
    for b in plan.buffers:
        if b.memory == memory.name:
            changes[b.lower] = changes.get(b.lower, 0) + b.size
            changes[b.upper] = changes.get(b.upper, 0) - b.size
    times = sorted(changes)
    return list(zip(times, accumulate(changes[time] for time in times), strict=True))


def fullest_step(plan: Plan, memory: MemoryUse) -> Fullest:
    """The first step of `plan` with the most live bytes in `memory`."""
    at, most = max(live_bytes(plan, memory), key=lambda row: row[1], default=(0, 0))
    inside = [b for b in plan.buffers if b.memory == memory.name and b.size]
    rows = {(t.subgraph, t.index): t for t in plan.tensors}
    alive = sorted((b for b in inside if b.lower <= at < b.upper), key=lambda b: (-b.size, b.id))
    step = plan.schedule[at] if alive and at < len(plan.schedule) else None
    return Fullest(memory, step, most, tuple((b, next(map(rows.get, b.tensors), None)) for b in alive))
