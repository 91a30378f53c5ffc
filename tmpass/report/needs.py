"""Texts for what a memory needs besides buffers: constants, the runtime's own bytes, and a reserve."""

from tmpass.base.choices import ConstantUse
from tmpass.base.sizes import format_size
from tmpass.plans.plan import MemoryUse, Plan
from tmpass.report.text import counted, short_size


def needs(memory: MemoryUse) -> str:
    """The bytes that a run needs of `memory`, and their parts; empty where it needs buffers only."""
    parts = (
        ("constants", memory.constants + memory.loaded, ""),
        ("runtime", memory.overhead, memory.overhead_source),
        ("reserve", memory.reserve, memory.reserve_source),
    )
    listed = [f"{name} {size} B{' (assumed)' * source.startswith('assumed')}" for name, size, source in parts if size]
    if not listed:
        return ""
    buffers = [f"buffers {memory.peak} B"] if memory.peak else []
    return f"{format_size(memory.needed)}: {', '.join(buffers + listed)}"


def constants(plan: Plan, shown: MemoryUse) -> str:
    """The bytes of the constants and where they are stored; empty where the plan has none, or `shown` stores them."""
    stored = [row for row in plan.constants if row.use == ConstantUse.STORED]
    home = plan.memory(stored[0].memory) if stored else None
    if home is None or home == shown:
        return ""
    total = sum(row.size for row in stored)
    room = "" if home.capacity is None else f", {_percent(home)} of {short_size(home.capacity)}"
    copies = "; " + _copies(plan) if len(stored) < len(plan.constants) else ""
    return f"{format_size(total)} in {home.name}{room}{copies or ', ' + counted(len(stored), 'constant')}"


def _copies(plan: Plan) -> str:
    """The bytes of constants that are copied from their home once, and in each run."""
    sizes = {row.tensors: row.size for row in plan.constants if row.use == ConstantUse.STORED}
    memory = next(row.memory for row in plan.constants if row.use != ConstantUse.STORED)
    kept, streamed = (
        sum(sizes.get(row.tensors, row.size) for row in plan.constants if row.use == use)
        for use in (ConstantUse.RESIDENT, ConstantUse.STREAMED)
    )
    return f"{short_size(kept)} stay in {memory}, {short_size(streamed)} are streamed in each run"


def _percent(memory: MemoryUse) -> str:
    return f"{100 * memory.needed / memory.capacity:.1f} %" if memory.capacity else "more than all"
