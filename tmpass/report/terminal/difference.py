"""The difference of two plans as text and as JSON."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tmpass.base.json_text import json_text
from tmpass.base.sizes import format_size
from tmpass.plans.diff import CHANGES, Difference, Limit, Location, MemoryChange, TensorChange
from tmpass.plans.plan import Plan
from tmpass.report.left_out import unknown
from tmpass.report.terminal.tables import plain_table
from tmpass.report.text import clip, counted, one_line

if TYPE_CHECKING:
    from rich.table import Table

SCHEMA = "tmpass.diff/1"
_SHOWN = 20


def head(old: Plan, new: Plan, found: Difference) -> str:
    """The first lines: both plans, the peak of each memory, and how many tensors changed."""
    lines = [f"old          {_outline(old)}", f"new          {_outline(new)}"]
    lines += [f"{'peak' if number == 0 else '':<13}{_peaks(found, one)}" for number, one in enumerate(found.memories)]
    counts = Counter(shift.change for shift in found.shifts)
    changed = ", ".join(f"{counts[change]} {change}" for change in CHANGES if counts[change])
    lines.append(f"tensors      {changed or 'none changed'}")
    return "".join(f"{one_line(clip(line))}\n" for line in lines)


def shift_table(found: Difference) -> "Table":
    """A table of at most _SHOWN tensors that changed, by falling growth in bytes."""
    table = plain_table("", ">change", ">bytes", ">offset", "tensor")
    several = len(found.memories) > 1
    for shift in found.shifts[:_SHOWN]:
        cells = [_arrow(shift, lambda place: str(place.bytes)), _arrow(shift, lambda place: _where(place, several))]
        table.add_row(shift.change, f"{shift.growth:+}" if shift.growth else "", *cells, one_line(clip(shift.name)))
    return table


def rest(found: Difference) -> str:
    """A line with the number of rows that the table left out; empty where it has all."""
    more = len(found.shifts) - _SHOWN
    return f"and {more} more; --json lists them\n" if more > 0 else ""


def to_json(old: Plan, new: Plan, found: Difference, limit: Limit | None) -> str:
    """The whole difference as JSON; "too_much" names the memories that grew by more than `limit`."""
    facts: dict[str, Any] = {
        "schema": SCHEMA,
        "old": _facts(old),
        "new": _facts(new),
        "memories": [_memory(one) for one in found.memories],
        "too_much": [one.name for one in found.memories if limit is not None and limit.exceeded(one)],
        "changes": [_shift(shift) for shift in found.shifts],
    }
    lines = []
    for key, value in facts.items():
        rows = [json_text(row) for row in value] if isinstance(value, list) and value else []
        text = "[\n" + ",\n".join(rows) + "\n]" if rows else json_text(value)
        lines.append(f"{json_text(key)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def growth(change: MemoryChange) -> str:
    """The growth of a peak as text: `+4096 B, +11.1 %`."""
    if not change.growth:
        return "unchanged"
    share = "" if change.percent is None else f", {float(change.percent):+.3g} %"
    return f"{change.growth:+} B{share}"


def _peaks(found: Difference, change: MemoryChange) -> str:
    name = f"{change.name}: " if len(found.memories) > 1 else ""
    return f"{name}{change.old_peak} B -> {format_size(change.new_peak)}, {growth(change)}"


def _outline(plan: Plan) -> str:
    fits = {"infeasible": "does not fit", "unknown": "not known to fit"}.get(plan.status, "fits")
    left_out = f"; {unknown(plan)}" if plan.unknown_tensors else ""
    return f"{plan.model.file} on {plan.target.name}, {fits}, {counted(len(plan.schedule), 'step')}{left_out}"


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
    }


def _memory(change: MemoryChange) -> dict[str, Any]:
    return {
        "name": change.name,
        "old_peak": change.old_peak,
        "new_peak": change.new_peak,
        "old_lower_bound": change.old_bound,
        "new_lower_bound": change.new_bound,
        "growth": change.growth,
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
