"""What a plan's figures come from: which memory decides, and who is alive where it is fullest."""

from collections.abc import Iterator
from dataclasses import dataclass

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


def in_use(buffer: PlannedBuffer) -> Iterator[tuple[int, int, int, int]]:
    """The steps `[lower, upper)` and the bytes `[low, high)`, from its own offset on, that `buffer` is needed for."""
    time = buffer.lower
    for gap in buffer.gaps:
        if time < gap.lower:
            yield time, gap.lower, 0, buffer.size
        yield gap.lower, gap.upper, gap.window_lower, gap.window_upper
        time = gap.upper
    if time < buffer.upper:
        yield time, buffer.upper, 0, buffer.size


def deciding_memory(plan: Plan) -> MemoryUse:
    """The memory that says whether `plan` fits: one proved too small, else one too small, else the first."""
    limited = [(m, m.capacity) for m in plan.memories if m.capacity is not None]
    proved = [m for m, capacity in limited if m.lower_bound > capacity]
    over = [m for m, capacity in limited if m.peak > capacity]
    return (*proved, *over, plan.memories[0])[0]


def fullest_step(plan: Plan, memory: MemoryUse) -> Fullest:
    """The first step of `plan` with the most live bytes in `memory`."""
    changes: dict[int, int] = {}
    inside = [b for b in plan.buffers if b.memory == memory.name and b.size]
    for b in inside:
        for lower, upper, low, high in in_use(b):
            changes[lower] = changes.get(lower, 0) + high - low
            changes[upper] = changes.get(upper, 0) + low - high
    live = most = at = 0
    for time in sorted(changes):
        live += changes[time]
        if live > most:
            most, at = live, time
    rows = {(t.subgraph, t.index): t for t in plan.tensors}
    alive = sorted((b for b in inside if b.lower <= at < b.upper), key=lambda b: (-b.size, b.id))
    step = plan.schedule[at] if alive and at < len(plan.schedule) else None
    return Fullest(memory, step, most, tuple((b, next(map(rows.get, b.tensors), None)) for b in alive))
