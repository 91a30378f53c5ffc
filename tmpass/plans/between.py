"""Copies of constants that lie between the buffers of a memory, where its peak counts their bytes."""

from tmpass.base.choices import ConstantUse
from tmpass.plans.plan import MemoryUse, Plan


def kept_between(plan: Plan, memory: MemoryUse) -> int:
    """The bytes of constants that stay in `memory` below its peak. Those of `loaded` are above it."""
    return sum(
        min(row.offset + row.size, memory.peak) - row.offset
        for row in plan.constants
        if row.use == ConstantUse.RESIDENT and row.memory == memory.name and row.offset < memory.peak
    )
