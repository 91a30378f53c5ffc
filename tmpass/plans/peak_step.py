"""The peak step of a plan: the memory that decides, and the buffers that are alive where it needs the most bytes."""

from collections.abc import Mapping
from itertools import accumulate

from tmpass.base.record import record
from tmpass.graph.model import TensorKey
from tmpass.packing.problem import in_use
from tmpass.plans.plan import MemoryUse, Plan, PlannedBuffer, PlannedStep, PlannedTensor


@record
class PeakStep:
    """The step at which the most bytes are alive in a memory.

    Fields:
        at: the number of the step.
        step: its operator; None where nothing is alive, or where the model has no step.
        live_bytes: how many bytes are alive.
        buffers: those with bytes in use at the step, the most bytes first, each with the first of its tensors, or None
            for scratch. Of a buffer that leaves the scratchpad, it is the first one that is alive at the step.
        used: for each buffer, how many of its bytes are in use.
    """

    memory: MemoryUse
    at: int
    step: PlannedStep | None
    live_bytes: int
    buffers: tuple[tuple[PlannedBuffer, PlannedTensor | None], ...]
    used: tuple[int, ...]


def deciding_memory(plan: Plan) -> MemoryUse:
    """The memory that decides whether `plan` fits: one proved too small, else one that overflows, else the first.

    A memory behind the scratchpad that is too small without any buffer comes before all others: what is missing in the
    scratchpad is not proved until buffers may leave it.
    """
    behind = [m for m in plan.memories[1:] if m.fixed_shortfall and not m.compute]
    proved = [m for m in plan.memories if m.proved_shortfall]
    over = [m for m in plan.memories if m.shortfall]
    return (*behind, *proved, *over, plan.memories[0])[0]


def deciding_arena(plan: Plan) -> MemoryUse:
    """The deciding memory where it holds buffers, and otherwise the first."""
    memory = deciding_memory(plan)
    return memory if memory in plan.arenas else plan.memories[0]


def live_bytes(plan: Plan, memory: MemoryUse) -> list[tuple[int, int]]:
    """The bytes alive in `memory` over time, as rows (first step, bytes); each holds until the next row."""
    changes: dict[int, int] = {}
    for b in plan.buffers_in(memory.name):
        for lower, upper, low, high in in_use(b):
            changes[lower] = changes.get(lower, 0) + high - low
            changes[upper] = changes.get(upper, 0) + low - high
    times = sorted(changes)
    return list(zip(times, accumulate(changes[time] for time in times), strict=True))


def find_peak_step(plan: Plan, memory: MemoryUse) -> PeakStep:
    """The first step of `plan` with the most live bytes in `memory`."""
    at, most = max(live_bytes(plan, memory), key=lambda row: row[1], default=(0, 0))
    rows = plan.tensors_by_key()
    inside = [(b, used) for b in plan.buffers_in(memory.name) if (used := _used(b, at))]
    alive = sorted(inside, key=lambda one: (-one[1], one[0].id))
    step = plan.schedule[at] if alive and at < len(plan.schedule) else None
    named = tuple((b, _named(b, at, rows)) for b, _ in alive)
    return PeakStep(memory, at, step, most, named, tuple(used for _, used in alive))


def _named(buffer: PlannedBuffer, at: int, rows: Mapping[TensorKey, PlannedTensor]) -> PlannedTensor | None:
    """The tensor that stands for `buffer` at step `at`."""
    known = [rows[key] for key in buffer.tensors if key in rows]
    alive = (t for t in known if t.live_range is None or t.live_range[0] <= at < t.live_range[1])
    return next(alive, next(iter(known), None))


def _used(buffer: PlannedBuffer, at: int) -> int:
    """The bytes of `buffer` in use at step `at`."""
    return next((high - low for lower, upper, low, high in in_use(buffer) if lower <= at < upper), 0)
