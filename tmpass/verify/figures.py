"""The figures that a plan states about itself, worked out again."""

from tmpass.bounds import lower_bound
from tmpass.plan import MemoryUse, Plan
from tmpass.problem import Buffer, Problem
from tmpass.verify.hulls import Hull
from tmpass.verify.violation import Violation


def check_figures(plan: Plan, hulls: list[Hull]) -> list[Violation]:
    """Peaks, bounds, live bytes, `fits` and `status` that do not follow from the buffers."""
    found = []
    for memory in plan.memories:
        found += _check_memory(memory, [hull for hull in hulls if hull.buffer.memory == memory.name])
    fits = all(m.capacity is None or m.peak <= m.capacity for m in plan.memories)
    tight = all(m.peak == m.lower_bound for m in plan.memories)
    too_large = any(m.capacity is not None and m.lower_bound > m.capacity for m in plan.memories)
    status = ("optimal" if tight else "feasible") if fits else "infeasible" if too_large else "unknown"
    if (plan.fits, plan.status) != (fits, status):
        message = f"the plan says {plan.status}, fits: {plan.fits}; its figures say {status}, fits: {fits}"
        found.append(Violation("status", message))
    return found


def _check_memory(memory: MemoryUse, inside: list[Hull]) -> list[Violation]:
    peak = max((h.buffer.offset + h.buffer.size for h in inside if h.buffer.size), default=0)
    buffers = tuple(Buffer("", h.lower, h.upper, h.buffer.size, gaps=h.gaps) for h in inside)
    bound = lower_bound(Problem(buffers, alignment=memory.alignment))
    found = []
    if memory.peak != peak:
        found.append(Violation("peak", f"{memory.name} claims a peak of {memory.peak}, but it is {peak}"))
    if memory.live_bytes != bound.live_bytes:
        message = f"{memory.name} claims {memory.live_bytes} live bytes, but there are {bound.live_bytes}"
        found.append(Violation("peak", message, step=bound.live_step))
    if memory.lower_bound < bound.peak:
        message = f"{memory.name} claims a lower bound of {memory.lower_bound}, but {bound.peak} is proved"
        found.append(Violation("peak", message, step=bound.peak_step))
    if memory.lower_bound > peak:
        message = f"{memory.name} claims that {memory.lower_bound} bytes are needed, but {peak} are enough"
        found.append(Violation("peak", message))
    return found
