"""The difference of two plans as text and as JSON."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from tmpass.base.json_text import json_text
from tmpass.base.sizes import format_size
from tmpass.plans.diff import (
    CHANGES,
    Difference,
    Figure,
    Limit,
    Location,
    MemoryChange,
    ModelChange,
    OptionChange,
    TensorChange,
)
from tmpass.plans.plan import Plan
from tmpass.report.left_out import target_name, unknown
from tmpass.report.run_time import duration
from tmpass.report.terminal.tables import plain_table
from tmpass.report.text import clip, counted, one_line

if TYPE_CHECKING:
    from rich.table import Table

SCHEMA = "tmpass.diff/1"
_SHOWN = 20


_COLOURS = {
    "grew": "red",
    "appeared": "red",
    "parted": "red",
    "shrank": "green",
    "vanished": "green",
    "joined": "green",
}
"""The colour of a change that costs bytes, and of one that saves some."""


def head(old: Plan, new: Plan, found: Difference, *, colour: bool = False) -> str:
    """The first lines: that the models differ, both plans, the figures of memories, and how many tensors changed.

    Of what memories need besides buffers, only what changed is listed. All that is needed has a line where it grew by
    another number than the peak. With `colour`, growth is red, and what is saved green.
    """
    lines = [(f"models       {_unlike(found.models)}", "")] if found.models is not None else []
    lines += [(f"old          {_outline(old)}", ""), (f"new          {_outline(new)}", "")]
    lines += [(f"options      {'; '.join(map(_option, found.options))}", "")] if found.options else []
    for name, figures in _named_figures(found):
        for number, (memory, figure) in enumerate(figures):
            line = f"{name if number == 0 else '':<13}{_change(found, memory, figure)}"
            lines.append((line, growth(figure) if figure.growth else ""))
    if any(one.needed is None for one in found.memories):
        lines.append(("needed       not compared: one of the plans is of version 1, which has buffers only", ""))
    if (moved := found.transfers) is not None:
        line = f"transfers    {moved.old} B -> {format_size(moved.new)} in each run, {growth(moved)}"
        lines.append((line, growth(moved) if moved.growth else ""))
    if (times := found.time) is not None:
        share = "unchanged" if not times.growth else percent(float(times.percent)) if times.percent else "more"
        line = f"time         {duration(times.old)} -> {duration(times.new)} for one run, {share}"
        lines.append((line, share if times.percent else ""))
    counts = Counter(shift.change for shift in found.shifts)
    changed = ", ".join(f"{counts[change]} {change}" for change in CHANGES if counts[change])
    lines.append((f"tensors      {changed or 'none changed: each has the same place in both plans'}", ""))
    return "".join(f"{_tinted(one_line(clip(line)), last if colour else '')}\n" for line, last in lines)


def _tinted(line: str, last: str) -> str:
    """`line` with `last`, a growth at its end, in the colour of its sign."""
    if not last or not line.endswith(last):
        return line
    code = 32 if last.startswith("-") else 31
    return f"{line.removesuffix(last)}\x1b[{code}m{last}\x1b[0m"


def shift_table(found: Difference) -> "Table":
    """A table of at most _SHOWN tensors that changed, by falling growth in bytes."""
    table = plain_table("", ">change", ">bytes", ">offset", "tensor")
    several = len(found.memories) > 1
    for shift in found.shifts[:_SHOWN]:
        cells = [_arrow(shift, lambda place: str(place.bytes)), _arrow(shift, lambda place: _where(place, several))]
        name, more = one_line(clip(shift.name)), f"{shift.growth:+}" if shift.growth else ""
        table.add_row(shift.change, more, *cells, name, style=_COLOURS.get(shift.change))
    return table


def rest(found: Difference) -> str:
    """A line with the number of rows that the table left out; empty where it has all."""
    more = len(found.shifts) - _SHOWN
    return f"and {more} more; --json lists them\n" if more > 0 else ""


def to_json(old: Plan, new: Plan, found: Difference, limit: Limit | None) -> str:
    """The whole difference as JSON.

    "too_much" names the memories of which a figure grew by more than `limit`. It has "transfers" at its end where the
    bytes that transfers move did.
    """
    too_much = [one.name for one in found.memories if limit is not None and limit.broken_by(one)]
    too_much += ["transfers"] * (limit is not None and limit.broken_by_transfers(found))
    facts: dict[str, Any] = {
        "schema": SCHEMA,
        "old": _facts(old),
        "new": _facts(new),
        "models": _models(found.models),
        "options": [asdict(one) for one in found.options],
        "memories": [_memory(one) for one in found.memories],
        "too_much": too_much,
        "changes": [_shift(shift) for shift in found.shifts],
    }
    if found.transfers is not None:
        facts["transfers"] = {"old": found.transfers.old, "new": found.transfers.new}
    if found.time is not None:
        facts["time"] = {"old": found.time.old, "new": found.time.new}
    lines = []
    for key, value in facts.items():
        rows = [json_text(row) for row in value] if isinstance(value, list) and value else []
        text = "[\n" + ",\n".join(rows) + "\n]" if rows else json_text(value)
        lines.append(f"{json_text(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def growth(change: Figure) -> str:
    """The growth of a figure as text: `+4096 B, +11.1 %`."""
    if not change.growth:
        return "unchanged"
    share = "" if change.percent is None else f", {percent(float(change.percent))}"
    return f"{change.growth:+} B{share}"


def percent(share: float) -> str:
    """A growth in percent as text, with three digits, and all that stand before the point: `+1.79 %`, `+2606 %`."""
    digits = f"{share:.0f}" if abs(share) >= 999.5 else f"{share:.3g}"
    return f"{Decimal(digits):+f} %"  # 1 B of 10 MB is +0.00001 %: of a float, that would be written with an exponent


def _named_figures(found: Difference) -> Iterator[tuple[str, list[tuple[str, Figure]]]]:
    """The figures that have lines: the name of a figure, and the memories with it."""
    memories = found.memories
    first = memories[0].name if memories else ""
    yield "peak", [(one.name, one.peak) for one in memories if one.peak.old or one.peak.new or one.name == first]
    yield "constants", [(one.name, one.constants) for one in memories if one.needed and one.constants.growth]
    yield "runtime", [(one.name, one.overhead) for one in memories if one.needed and one.overhead.growth]
    yield "needed", [(one.name, one.needed) for one in memories if one.needed and one.needed.growth != one.growth]


def _change(found: Difference, memory: str, figure: Figure) -> str:
    name = f"{memory}: " if len(found.memories) > 1 else ""
    return f"{name}{figure.old} B -> {format_size(figure.new)}, {growth(figure)}"


def _unlike(models: ModelChange) -> str:
    """That two models differ, and what of them is compared."""
    if not models.common:
        return "two different models without a tensor of the same name: only the figures of memories are comparable"
    if models.alike:
        return f"two files, with the same names of all {counted(models.common, 'tensor')}: all are compared by name"
    each = f"{models.old} in the old, {models.new} in the new"
    common = counted(models.common, "tensor")
    return f"two different models: compared are figures of memories, and {common} with the same name in both ({each})"


def _option(change: OptionChange) -> str:
    """An option that differs: `budget 64 KiB -> 40 KiB`. One that most plans do not have is said to be none."""
    name = change.name.replace("_", "-")
    return f"{name} {_value(change.name, change.old)} -> {_value(change.name, change.new)}"


def _value(name: str, value: Any) -> str:
    if value is None:
        return "of the target" if name in ("budget", "alignment") else "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "scratch":
        return counted(len(value), "rule")
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={one}" for key, one in sorted(value.items())) or "none"
    return format_size(value) if name == "budget" else str(value)


def _outline(plan: Plan) -> str:
    fits = {"infeasible": "does not fit", "unknown": "not found to fit"}.get(plan.status, "fits")
    fits += "".join(f", {format_size(one.shortfall)} missing in {one.name}" for one in plan.memories if one.shortfall)
    left_out = f"; {unknown(plan)}" if plan.unknown_tensors else ""
    return f"{plan.model.file} on {target_name(plan)}, {fits}, {counted(len(plan.schedule), 'step')}{left_out}"


def _arrow(shift: TensorChange, show: Any) -> str:
    places = [show(place) for place in (shift.old, shift.new) if place is not None]
    return " -> ".join(dict.fromkeys(places))


def _where(place: Location, several: bool) -> str:
    return f"{one_line(clip(place.memory, 60))}+{place.offset}" if several else str(place.offset)


def _facts(plan: Plan) -> dict[str, Any]:
    return {
        "model": plan.model.file,
        "sha256": plan.model.sha256,
        "target": plan.target.name,
        "status": plan.status,
        "fits": plan.fits,
        "missing": {one.name: one.shortfall for one in plan.memories if one.shortfall},
    }


def _models(models: ModelChange | None) -> dict[str, Any]:
    if models is None:
        return {"same": True}
    return {"same": False, "old_tensors": models.old, "new_tensors": models.new, "common_tensors": models.common}


def _memory(change: MemoryChange) -> dict[str, Any]:
    unknown = change.needed is None
    return {
        "name": change.name,
        "old_peak": change.peak.old,
        "new_peak": change.peak.new,
        "old_lower_bound": change.bound.old,
        "new_lower_bound": change.bound.new,
        "growth": change.growth,
        "old_constants": None if unknown else change.constants.old,
        "new_constants": None if unknown else change.constants.new,
        "old_overhead": None if unknown else change.overhead.old,
        "new_overhead": None if unknown else change.overhead.new,
        "old_needed": None if change.needed is None else change.needed.old,
        "new_needed": None if change.needed is None else change.needed.new,
    }


def _shift(shift: TensorChange) -> dict[str, Any]:
    return {
        "change": shift.change,
        "name": shift.name,
        "subgraph": shift.subgraph,
        "index": shift.index,
        "growth": shift.growth,
        **dict(_place(shift)),
    }


def _place(shift: TensorChange) -> Iterator[tuple[str, Any]]:
    for when, place in (("old", shift.old), ("new", shift.new)):
        known = place and {"memory": place.memory, "offset": place.offset, "bytes": place.bytes, "reason": place.reason}
        yield when, known
