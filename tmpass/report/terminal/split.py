"""A split in a few lines: the answer first, one fact per line; and the table of trade-offs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tmpass.api.split import Split, SplitStage, TradeOff
from tmpass.base.choices import Status
from tmpass.base.sizes import format_size
from tmpass.plans.plan import Plan
from tmpass.report.kernels import does_not_run, kernel_lines
from tmpass.report.resolver import new_registrations
from tmpass.report.text import clip, counted, one_line
from tmpass.targets.runtime import SPLIT_FOR

if TYPE_CHECKING:
    from rich.table import Table

_NAME = 40

PROVED = "each is planned and proved; tmpass split --budget BYTES writes one; no reserve is counted in bytes"
"""What is said of trade-offs."""

NO_SEARCH = "splitting does not make constants smaller"
"""Why no split is searched for where the constants do not fit their memory."""


def split_summary(made: Split, limits: Sequence[str] = ()) -> str:
    """The text that `tmpass split` prints.

    Args:
        made: the split.
        limits: the options by which the user limited its work: more of these may help where it does not fit.
    """
    memory, before = made.plan.memories[0], made.before.memories[0]
    open_ = "not found" if made.status is Status.UNKNOWN else "no"
    short = f"{open_}: {does_not_run(made.plan) or missing(made)}"
    if made.status is Status.UNKNOWN and made.searched and memory.shortfall and not made.plan.refused:
        short += f"; more {' or '.join(limits)} may help" if limits else "; other splits may fit"
    after, original = made.needed
    change = _change(after, original)
    lines = [
        f"fits         {'yes' if made.fits else short}",
        f"model        {made.before.model.file} on {made.plan.target.name}, memory {memory.name}",
        f"before       {format_size(original)}: head {before.peak} B{_beside(made, made.before)}",
        f"after        {format_size(after)}: head {memory.peak} B{_beside(made, made.plan)}, {change}",
        f"macs         {made.macs[0]}, {_change(made.macs[0], made.macs[1])}",
        f"operators    {made.operators[0]}, {made.operators[1]} before",
    ]
    if added := sorted({s.kind for s in made.plan.schedule} - {s.kind for s in made.before.schedule}):
        calls = ", ".join(new_registrations(made.plan.registrations, made.before.registrations))
        register = f": to register with {calls}" if calls else ""
        lines.append(f"new kinds    {', '.join(added)}{register}")
    if made.bindings:
        lines.append(f"sizes        {', '.join(f'{name}={size}' for name, size in made.bindings.items())}, in the file")
    if made.slowdown is not None and made.changed:
        lines.append(f"run time     {100 * made.slowdown:+.1f} %, estimated for int8 reference kernels on x86-64")
    if made.bound is not None:
        reached = " (reached)" if made.bound.bytes >= after else ""
        where = f", for operator {clip(made.bound.operator, _NAME)!r}" if made.bound.operator else ""
        what = f"of any choice of stages in equal parts, within the limits{where}"
        lines.append(f"lower bound  {format_size(made.bound.bytes)}{reached}: {what}")
    if memory.reserve:
        lines.append(f"reserve      {format_size(memory.reserve)} more, of the program; --budget has none")
    if made.folded:
        lines.append(f"folded       {counted(made.folded, 'PAD')} into the operators behind")
    lines += [f"split        {stage_text(stage)}" for stage in made.stages]
    if made.changed:
        lines.append("proved       each output element: the same inputs, the same arithmetic")
        lines += [f"warning      {text}" for text in trusted(made)]
    elif made.before.refused:
        lines += [f"kernels      {text}" for text in kernel_lines(made.before)]
        lines.append("split        nothing: parts of operators do not run either")
    elif made.before.fits and before.capacity is not None:
        lines.append("split        nothing: it fits already; a smaller --budget asks for fewer bytes")
    elif not made.searched:
        lines.append(f"split        nothing: {NO_SEARCH}")
    else:
        lines.append("split        nothing: no split that was found needs fewer bytes")
    first, *others = lines
    return "".join(f"{one_line(line)}\n" for line in (first, *(clip(line, 160) for line in others)))


def missing(made: Split) -> str:
    """How many bytes are missing, and in which memory: that of the constants if no split was searched for."""
    first, *others = made.plan.memories
    if not made.searched:
        home = next(memory for memory in made.plan.memories if memory.constants and memory.shortfall)
        return f"{format_size(home.shortfall)} are missing in {home.name}; {NO_SEARCH}"
    over = next((memory for memory in others if memory.shortfall), first)
    return (
        f"{format_size(first.shortfall)} are missing"
        if first.shortfall
        else (f"{format_size(over.shortfall)} are missing in {over.name}")
    )


def _beside(made: Split, plan: Plan) -> str:
    """What `plan`, one of the two of a split, needs of other memories, where one of them has buffers there."""
    if len(made.before.arenas) == len(made.plan.arenas) == 1:
        return ""
    others = "".join(f", and {format_size(memory.needed)} in {memory.name}" for memory in plan.arenas[1:])
    return others or f", all in {plan.memories[0].name}"


def trusted(made: Split) -> list[str]:
    """What the proof leaves to the kernels, one fact per line."""
    found = []
    if made.floats:
        found.append("floats: bits are equal where kernels add in the same order in every shape")
    if made.plan.target.name != SPLIT_FOR:  # the one with the reference kernels; boards may have others
        found.append("the proof is for reference kernels: compare the outputs on the target")
    return found


def stage_text(stage: SplitStage) -> str:
    """One stage in one line."""
    first, last = (repr(clip(name, _NAME)) for name in (stage.first, stage.last))
    where = f"{first} to {last}" if stage.operators > 1 else first
    return f"{counted(stage.operators, 'operator')} in {stage.parts} parts of {stage.along}: {where}"


def _change(after: int, before: int) -> str:
    return f"{100 * (after - before) / before:+.1f} %" if before else "none before"


def frontier_table(points: Sequence[TradeOff]) -> "Table":
    """The trade-offs, those with the least work first."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    timed = all(one.slowdown is not None for one in points)
    for head in ("bytes", "of the first", "macs", "more", *(["run time"] if timed else []), "operators", "stages"):
        table.add_column(head, justify="left" if head == "stages" else "right", no_wrap=True)
    first = points[0]
    for one in points:
        stages = ", ".join(f"{s.operators} x {s.parts} {s.along}" for s in one.stages) or "-"
        part, more = 100 * one.needed / first.needed, 100 * (one.macs - first.macs) / max(1, first.macs)
        time = [f"{100 * (one.slowdown or 0):+.1f} %"] if timed else []
        operators = str(one.operators)
        table.add_row(str(one.needed), f"{part:.1f} %", str(one.macs), f"{more:+.2f} %", *time, operators, stages)
    return table
