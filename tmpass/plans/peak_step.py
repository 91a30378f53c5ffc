"""What a plan's figures come from: which memory decides, and who is alive where it is fullest."""

from dataclasses import dataclass
from itertools import accumulate

from tmpass.packing.problem import in_use
from tmpass.plans.plan import MemoryUse, Plan, PlannedBuffer, PlannedStep, PlannedTensor


@dataclass(frozen=True, slots=True)
class Fullest:
    """The step at which the most bytes are alive in a memory.

    `at` is its time, and `step` its operator: None where nothing is alive, or where the model has no step. `buffers`
    are those with bytes in use there, the most first, each with the first of its tensors, or None where it has none;
    `used` is how many of its bytes are.
    """

    memory: MemoryUse
    at: int
    step: PlannedStep | None
    live_bytes: int
    buffers: tuple[tuple[PlannedBuffer, PlannedTensor | None], ...]
    used: tuple[int, ...]


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
            for lower, upper, low, high in in_use(b):
                changes[lower] = changes.get(lower, 0) + high - low
                changes[upper] = changes.get(upper, 0) + low - high
    times = sorted(changes)
    return list(zip(times, accumulate(changes[time] for time in times), strict=True))


def fullest_step(plan: Plan, memory: MemoryUse) -> Fullest:
    """The first step of `plan` with the most live bytes in `memory`."""
    at, most = max(live_bytes(plan, memory), key=lambda row: row[1], default=(0, 0))
    rows = {(t.subgraph, t.index): t for t in plan.tensors}
    inside = [(b, used) for b in plan.buffers if b.memory == memory.name and (used := _used(b, at))]
    alive = sorted(inside, key=lambda one: (-one[1], one[0].id))
    step = plan.schedule[at] if alive and at < len(plan.schedule) else None
    named = tuple((b, next(map(rows.get, b.tensors), None)) for b, _ in alive)
    return Fullest(memory, at, step, most, named, tuple(used for _, used in alive))


def _used(buffer: PlannedBuffer, at: int) -> int:
    """The bytes of `buffer` in use at step `at`."""
    return next((high - low for lower, upper, low, high in in_use(buffer) if lower <= at < upper), 0)
