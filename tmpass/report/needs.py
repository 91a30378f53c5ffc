"""Texts for what a memory needs besides buffers: constants, the runtime's own bytes, and a reserve."""

from tmpass.base.sizes import format_size
from tmpass.plans.plan import MemoryUse, Plan
from tmpass.report.text import counted, short_size


def needs(memory: MemoryUse) -> str:
    """The bytes that a run needs of `memory`, and their parts; empty where it needs buffers only."""
    parts = {
        "constants": memory.constants,
        "runtime": memory.overhead,
        "reserve": memory.reserve,
    }
    listed = [f"{name} {size} B" for name, size in parts.items() if size]
    if not listed:
        return ""
    buffers = [f"buffers {memory.peak} B"] if memory.peak else []
    return f"{format_size(memory.needed)}: {', '.join(buffers + listed)}"


def constants(plan: Plan, shown: MemoryUse) -> str:
    """The bytes of the constants and where they are stored; empty where the plan has none, or `shown` stores them."""
    stored = [row for row in plan.constants if row.use == "stored"]
    home = plan.memory(stored[0].memory) if stored else None
    if home is None or home == shown:
        return ""
    total = sum(row.size for row in stored)
    room = "" if home.capacity is None else f", {_percent(home)} of {short_size(home.capacity)}"
    return f"{format_size(total)} in {home.name}{room}, {counted(len(stored), 'constant')}"


def _percent(memory: MemoryUse) -> str:
    return f"{100 * memory.needed / memory.capacity:.1f} %" if memory.capacity else "more than all"
