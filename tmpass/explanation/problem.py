"""A plan's memory as the problem that it answers."""

from tmpass.packing.problem import Allocation, Buffer, Problem, Status
from tmpass.plans.plan import MemoryUse, Plan, PlannedBuffer
from tmpass.targets import RUNTIMES


def buffers_of(plan: Plan, memory: MemoryUse) -> tuple[PlannedBuffer, ...]:
    """What `plan` puts into `memory`, in the order of the problem's buffers."""
    return plan.buffers_in(memory.name)


def problem_of(plan: Plan, memory: MemoryUse) -> Problem:
    """The problem of `memory`."""
    rounding = RUNTIMES[plan.target.runtime].rounding
    planned = buffers_of(plan, memory)
    buffers = tuple(Buffer(str(b.id), b.lower, b.upper, b.size, gaps=b.gaps).rounded(rounding) for b in planned)
    return Problem(buffers, memory.capacity, memory.alignment)


def answer_of(plan: Plan, memory: MemoryUse) -> Allocation:
    """What `plan` knows of the problem of `memory`."""
    offsets = tuple(b.offset for b in buffers_of(plan, memory))
    return Allocation(
        offsets, memory.peak, memory.lower_bound, memory.live_bytes, _status(memory), plan.options.allocator
    )


def _status(memory: MemoryUse) -> Status:
    if memory.capacity is None or memory.peak <= memory.capacity:
        return Status.OPTIMAL if memory.peak == memory.lower_bound else Status.FEASIBLE
    return Status.INFEASIBLE if memory.lower_bound > memory.capacity else Status.UNKNOWN
