"""What a plan's figures come from: who is alive where it is fullest."""

from dataclasses import dataclass

from tmpass.plan import MemoryUse, Plan, PlannedBuffer, PlannedStep, PlannedTensor


@dataclass(frozen=True, slots=True)
class Fullest:
    """The step at which the most bytes are alive in a memory.

    `step` is None where nothing is. `buffers` are those alive there, the largest first, each with the tensor that
    it holds at that step.
    """

    memory: MemoryUse
    step: PlannedStep | None
    live_bytes: int
    buffers: tuple[tuple[PlannedBuffer, PlannedTensor], ...]


def fullest_step(plan: Plan) -> Fullest:
    """The first step of `plan` with the most live bytes in its first memory."""
    memory = plan.memories[0]
    changes: dict[int, int] = {}
    inside = [b for b in plan.buffers if b.memory == memory.name and b.size]
    for b in inside:
        changes[b.lower] = changes.get(b.lower, 0) + b.size
        changes[b.upper] = changes.get(b.upper, 0) - b.size
    live = most = at = 0
    for time in sorted(changes):
        live += changes[time]
        if live > most:
            most, at = live, time
    rows = {(t.subgraph, t.index): t for t in plan.tensors}
    alive = sorted((b for b in inside if b.lower <= at < b.upper), key=lambda b: (-b.size, b.id))
    step = plan.schedule[at] if at < len(plan.schedule) else None
    return Fullest(memory, step, most, tuple((b, rows[b.tensors[0]]) for b in alive))
