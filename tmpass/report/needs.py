"""Texts for what a memory needs besides buffers: constants, the runtime's own bytes, and a reserve."""

from tmpass.base.choices import ConstantUse
from tmpass.base.sizes import format_size
from tmpass.plans.between import kept_between
from tmpass.plans.plan import MemoryUse, Plan
from tmpass.report.run_time import time_line
from tmpass.report.text import counted, short_size
from tmpass.report.transfers import moved

PARTS = ("buffers", "constants", "runtime", "reserve")
"""The names of the parts of what a memory needs, as every output says them."""


def parts(memory: MemoryUse) -> tuple[int, int, int, int]:
    """The bytes of PARTS. They may add up to less than `needed`, by bytes that alignment leaves free."""
    runtime = max(memory.kept, memory.overhead - memory.loaded)  # copies lie where only preparation needs bytes
    return memory.peak, memory.constants + memory.loaded, runtime, memory.reserve


def needs(plan: Plan, memory: MemoryUse) -> str:
    """The bytes that a run needs of `memory`, and their parts; empty where it needs buffers only."""
    if not any(parts(memory)[1:]) and not kept_between(plan, memory):
        return ""
    return f"{format_size(memory.needed)}: {parts_text(plan, memory)}"


def parts_text(plan: Plan, memory: MemoryUse) -> str:
    """The parts that `memory` needs, with their bytes: `buffers 36864 B, reserve 16384 B (assumed)`.

    Constants that stay between the buffers are part of their bytes, and named in brackets.
    """
    kept = kept_between(plan, memory)
    between = f" (with {kept} B of constants between them)" if kept else ""
    remarks = (
        between,
        "",
        " (assumed)" * memory.overhead_source.startswith("assumed"),
        " (assumed)" * memory.reserve_source.startswith("assumed"),
    )
    return ", ".join(
        f"{name} {size} B{remark}" for name, size, remark in zip(PARTS, parts(memory), remarks, strict=True) if size
    )


def memory_lines(plan: Plan) -> list[str]:
    """One line for each memory, with its parts and its capacity, one for transfers, and one for the time of a run.

    There are none where one memory has buffers and nothing else, and no time is known.
    """
    if len(plan.memories) == 1 and not needs(plan, plan.memories[0]) and plan.time is None:
        return []
    travels = [] if plan.transfers is None else [("transfers", moved(plan))]
    travels += [] if plan.time is None else [("time", time_line(plan, names=True))]
    wide = max(len(name) for name in (*(memory.name for memory in plan.memories), *(name for name, _ in travels)))
    lines = [
        f"{memory.name:<{wide}}  {format_size(memory.needed)}{_of(memory)}"
        + (f": {parts_text(plan, memory)}" if needs(plan, memory) else "")
        for memory in plan.memories
    ]
    return lines + [f"{name:<{wide}}  {text}" for name, text in travels]


def usable(memory: MemoryUse) -> int | None:
    """The first byte that is neither for buffers nor for constants; None where the capacity is unlimited.

    What the runtime takes in a run and the reserve are above it.
    """
    return None if memory.capacity is None else max(0, memory.capacity - memory.kept - memory.reserve)


def usable_name(memory: MemoryUse, *, size: bool = False) -> str:
    """The name of the line where the usable bytes end: the capacity, with its size if asked, and what is taken off."""
    in_run = " in a run" * (memory.tail is not None)
    taken = [f"runtime{in_run}"] * (memory.kept > 0) + ["reserve"] * (memory.reserve > 0)
    less = f" less {' and '.join(taken)}" if taken else ""
    return f"{'assumed ' * bool(memory.assumed)}capacity{f' {short_size(memory.capacity or 0)}' * size}{less}"


def used(memory: MemoryUse) -> str:
    """The part of the capacity that is needed: `66.7 % used`, or `120.0 % needed`; empty without a capacity."""
    if not memory.capacity:
        return ""
    return f"{100 * memory.needed / memory.capacity:.1f} % {'needed' if memory.shortfall else 'used'}"


def also_missing(plan: Plan, shown: MemoryUse) -> str:
    """The bytes that are missing in memories besides `shown`: `200 B in flash`; empty where the others have room."""
    others = (m for m in plan.memories if m.name != shown.name and m.shortfall)
    return ", ".join(f"{format_size(m.shortfall)} in {m.name}" for m in others)


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


def _of(memory: MemoryUse) -> str:
    """The capacity, and how much of it is needed."""
    if memory.capacity is None:
        return ""
    share = used(memory)
    return f" of {short_size(memory.capacity)}{f', {share}' if share else ''}"
