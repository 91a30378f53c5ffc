"""One memory of a plan as the packing problem that its offsets solve."""

from dataclasses import replace

from tmpass.base.choices import Status
from tmpass.packing.allocation import Allocation
from tmpass.packing.problem import Buffer, Problem
from tmpass.plans.plan import MemoryUse, Plan, PlannedBuffer
from tmpass.targets import RUNTIMES


def buffers_of(plan: Plan, memory: MemoryUse) -> tuple[PlannedBuffer, ...]:
    """The buffers of `plan` in `memory`, in the order of the problem's buffers."""
    return tuple(b for b in plan.buffers if b.memory == memory.name)


def without_copies(memory: MemoryUse) -> MemoryUse:
    """`memory` as if nothing were copied into it: copies of constants take what the buffers of a step leave free."""
    return replace(memory, loaded=0)


def problem_of(plan: Plan, memory: MemoryUse) -> Problem:
    """The packing problem of `memory`."""
    rounding = RUNTIMES[plan.target.runtime].rounding
    planned = buffers_of(plan, memory)
    buffers = tuple(Buffer(str(b.id), b.lower, b.upper, b.size, gaps=b.gaps).rounded(rounding) for b in planned)
    return Problem(buffers, memory.room, memory.alignment)


def answer_of(plan: Plan, memory: MemoryUse) -> Allocation:
    """The answer of `plan` to the packing problem of `memory`."""
    offsets = tuple(b.offset for b in buffers_of(plan, memory))
    return Allocation(
        offsets, memory.peak, memory.lower_bound, memory.live_bytes, _status(memory), plan.options.allocator
    )


def _status(memory: MemoryUse) -> Status:
    if not memory.shortfall:
        return Status.OPTIMAL if memory.peak == memory.lower_bound else Status.FEASIBLE
    return Status.INFEASIBLE if memory.proved_shortfall else Status.UNKNOWN
