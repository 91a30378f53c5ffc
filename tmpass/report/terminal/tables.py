"""Tables for the terminal."""

import textwrap
from typing import TYPE_CHECKING

from tmpass.base.sizes import format_size
from tmpass.graph.model import TensorKey
from tmpass.plans.plan import Plan, PlannedBuffer, PlannedTensor
from tmpass.plans.tensor_places import absent_tensors
from tmpass.plans.transfers import buffer_copies
from tmpass.report.terminal.picture import hue, letter
from tmpass.report.text import clip, one_line, short_size
from tmpass.report.transfers import about
from tmpass.targets import Memory, Target
from tmpass.targets.parse import implied_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.table import Table

_WIDE = 56
"""Characters of a line in a column of long texts."""

_SPANS = 4
"""Spans of steps that are listed of one buffer."""


def buffer_table(plan: Plan) -> "Table":
    """A table of all buffers: offset, size, first and last step, and tensors."""
    from rich.text import Text

    several = len(plan.arenas) > 1
    table = plain_table("", ">buffer", *(["memory"] if several else []), ">offset", ">size", ">steps", "tensors")
    rows, absent = plan.tensors_by_key(), absent_tensors(plan)
    for b in plan.buffers:
        names = [one_line(_tensor(rows[key], b)) for key in b.tensors if key in rows and (b.id, key) not in absent]
        names = names or ([] if b.step is None else [f"scratch of step {b.step}"])
        if b.first is not None:  # and tensors that were not in the first residence
            names = [about(plan, b), *_new_tensors(plan, b, rows, absent)]
        names += [f"partly used in steps {_spans(b)}"] if b.gaps else []
        place = [one_line(clip(b.memory, 60))] if several else []
        steps = f"{b.lower}..{b.upper - 1}"
        drawn = b.id if b.first is None else b.first
        sign = Text(letter(drawn), f"color(16) on color({hue(drawn)})")
        table.add_row(sign, str(b.id), *place, str(b.offset), str(b.size), steps, "\n".join(names))
    return table


def transfer_table(plan: Plan) -> "Table":
    """A table of all spills and fetches in their order: step, direction, bytes, source, target, and the tensor."""
    table = plain_table(">before step", "copy", ">bytes", ">from", ">to", "buffer")
    rows = plan.tensors_by_key()
    for copy in buffer_copies(plan):
        source, target = (
            "" if b is None else f"{one_line(clip(b.memory, 60))}+{b.offset}" for b in (copy.source, copy.target)
        )
        name = next((rows[key].name for key in copy.target.tensors if key in rows), "")
        what = f"{copy.target.first} {one_line(clip(name))}"
        table.add_row(str(copy.step), copy.direction.value, str(copy.bytes), source, target, what)
    return table


def _new_tensors(
    plan: Plan, b: PlannedBuffer, rows: "Mapping[TensorKey, PlannedTensor]", absent: frozenset[tuple[int, TensorKey]]
) -> "Iterable[str]":
    """The tensors of a further residence in the scratchpad that are not alive before it."""
    if b.memory == plan.memories[0].name:
        for key in b.tensors:
            alive = rows[key].live_range if key in rows and (b.id, key) not in absent else None
            if alive is not None and alive[0] >= b.lower:
                yield one_line(_tensor(rows[key], b, plan.moved_by(b)))


def _tensor(row: PlannedTensor, b: PlannedBuffer, by: int = 0) -> str:
    """The name of a tensor, with its offset where it is not the buffer's, and the reason for sharing.

    Args:
        row: of the tensor.
        b: one residence of its buffer.
        by: how many bytes it is above the first one.
    """
    place = "" if row.offset is None or row.offset + by == b.offset else f" at {row.offset + by}"
    return clip(row.name) + place + (f" ({clip(row.reason)})" if row.reason else "")


def _spans(b: PlannedBuffer) -> str:
    """The spans of steps, first and last, in which only a part of `b` is in use."""
    spans = [f"{gap.lower}..{gap.upper - 1}" for gap in b.gaps]
    return ", ".join(spans[:_SPANS]) + (f" and {len(spans) - _SPANS} more" if len(spans) > _SPANS else "")


def target_list(targets: "Iterable[Target]") -> "Table":
    """A table of targets: name, capacity and alignment of the scratchpad; ~ marks assumed numbers."""
    table = plain_table("target", ">scratchpad", ">align", "~ assumed, not known")
    for target in targets:
        memory = target.scratchpad
        size = "unlimited" if memory.capacity is None else short_size(memory.capacity)
        table.add_row(
            target.name,
            _tilde(target, memory, "capacity") + size,
            f"{_tilde(target, memory, 'alignment')}{memory.alignment}",
            target.summary,
        )
    return table


def memory_table(target: Target) -> "Table":
    """A table of the numbers of each memory of `target`, with their sources."""
    table = plain_table("memory", "figure", "value", "source")
    for memory in target.memories:
        capacity = "unlimited" if memory.capacity is None else format_size(memory.capacity)
        table.add_row(memory.name, "capacity", capacity, memory.sources.get("capacity", ""))
        table.add_row("", "alignment", f"{memory.alignment} B", memory.sources.get("alignment", ""))
        if memory.bandwidth is not None:
            speed = f"{memory.bandwidth / 1e9:g} GB/s"
            table.add_row("", "bandwidth", speed, memory.sources.get("bandwidth", ""))
        for name in ("write_bandwidth", "reserve", "compute", "chunk", "survives"):
            if name in memory.sources:
                table.add_row("", *_fact(memory, name), memory.sources[name])
        table.add_row("", "holds", ", ".join(memory.holds), "")
    return table


def _fact(memory: Memory, name: str) -> tuple[str, str]:
    """The figure and the value of a fact that a profile may leave out."""
    value = getattr(memory, name)
    if name in ("reserve", "chunk"):
        return name, format_size(value)
    if name == "write_bandwidth":
        return "bandwidth of writes", f"{value / 1e9:g} GB/s"
    meaning = {"compute": "operators use it directly", "survives": "keeps its content between inferences"}
    return meaning[name], "yes" if value else "no"


def _wrapped(text: str) -> str:
    """`text`, without control characters, in lines that leave room for other columns. Long words stay whole."""
    return textwrap.fill(one_line(text), _WIDE, break_long_words=False, break_on_hyphens=False)


def sharing_table(target: Target) -> "Table":
    """A table of the kinds of sharing that `target` allows: operators and source."""
    sharing = target.sharing
    table = plain_table("sharing", "operators", "source")
    for name in ("views", "in_place", "parts"):
        kinds = ", ".join(map(str, getattr(sharing, name))) or "none"
        origin = f"runtime {target.runtime.name}: " if "sharing" in target.implied and name in sharing.sources else ""
        source = origin + sharing.sources.get(name, "not in the profile")
        table.add_row(name, _wrapped(kinds), _wrapped(source))
    return table


def scratch_table(target: Target) -> "Table":
    """A table of the scratch rules of `target`: operator kind, bytes and source."""
    table = plain_table("scratch", "bytes", "source")
    implied = implied_rules(target.runtime)[1] if "scratch" in target.implied else ()
    for rule in target.scratch:
        origin = f"runtime {target.runtime.name}: " if rule in implied else ""
        table.add_row(one_line(rule.kind), _wrapped(str(rule.bytes)), one_line(origin + rule.source))
    return table


def runtime_line(target: Target) -> str:
    """What the runtime of `target` brings, and what its profile says instead."""
    runtime = target.runtime
    brings = ["sharing"] * ("sharing" in target.implied) + ["scratch"] * ("scratch" in target.implied)
    brings += ["kernels"] * (runtime.kernels is not None) + ["the tail of the arena"] * bool(runtime.tail)
    brings += [f"sizes in multiples of {runtime.rounding} B"] * (runtime.rounding > 1)
    brings += [f"tensors at multiples of {runtime.alignment} B"] * (runtime.alignment > 1)
    line = f"runtime  {runtime.name} brings {', '.join(brings) or 'no rules'}"
    if runtime.rules and "sharing" not in target.implied:
        line += "; sharing is that of the profile"
    return line


def _tilde(target: Target, memory: Memory, number: str) -> str:
    return "~" if f"{memory.name}.{number}" in target.assumed else ""


def plain_table(*columns: str) -> "Table":
    """A table without rules; `>` before a column's name aligns it to the right."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name.lstrip(">"), justify="right" if name[:1] == ">" else "left", overflow="fold")
    return table
