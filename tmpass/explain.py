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
        for lower, upper, size in _needs(b):
            changes[lower] = changes.get(lower, 0) + size
            changes[upper] = changes.get(upper, 0) - size
    live = most = at = 0
    for time in sorted(changes):
        live += changes[time]
        if live > most:
            most, at = live, time
    rows = {(t.subgraph, t.index): t for t in plan.tensors}
    alive = sorted((b for b in inside if b.lower <= at < b.upper), key=lambda b: (-b.size, b.id))
    step = plan.schedule[at] if alive and at < len(plan.schedule) else None
    return Fullest(memory, step, most, tuple((b, next(map(rows.get, b.tensors), None)) for b in alive))


def _needs(buffer: PlannedBuffer) -> Iterator[tuple[int, int, int]]:
    """The live range of `buffer`, cut at its gaps: (lower, upper, bytes in use)."""
    time = buffer.lower
    for gap in buffer.gaps:
        yield time, gap.lower, buffer.size
        yield gap.lower, gap.upper, gap.window_upper - gap.window_lower
        time = gap.upper
    yield time, buffer.upper, buffer.size
