"""A conflict of buffers as text, as a table, and as JSON."""

from typing import TYPE_CHECKING, Any

from tmpass.base.json_text import json_text
from tmpass.base.sizes import format_size
from tmpass.packing.allocation import Allocation
from tmpass.packing.conflict import Cause, Conflict
from tmpass.packing.problem import Buffer, Problem
from tmpass.report.terminal.tables import plain_table
from tmpass.report.text import clip, one_line

if TYPE_CHECKING:
    from rich.table import Table

_ROWS = 40


def headline(problem: Problem, conflict: Conflict) -> str:
    """One or two lines: which buffers have no packing within the capacity, and why."""
    buffers = [problem.buffers[at] for at in conflict.buffers]
    steps = f"steps {min(b.lower for b in buffers)}..{max(b.upper for b in buffers) - 1}"
    failure = "have no packing at any capacity"
    if conflict.lower_bound is not None:
        failure = f"do not fit within {format_size(conflict.capacity)}"
    if len(buffers) == 1:
        one = failure.replace("have", "has").replace("do not", "does not")
        return f"why: {one_line(clip(buffers[0].id))} alone {one}\n"
    others = "without any one of them the others fit"
    if not conflict.minimal:
        others = f"the set may not be minimal: the budget ended after {conflict.nodes} nodes"
    return f"why: {len(buffers)} buffers of {steps} {failure}; {others}\n     {_cause(conflict)}\n"


def conflict_table(problem: Problem, conflict: Conflict) -> "Table":
    """A table of the buffers in the conflict, by their first step, then by falling size; at most _ROWS of them."""
    rows = sorted((problem.buffers[at] for at in conflict.buffers), key=lambda b: (b.lower, -b.size))
    fixed = any(b.offset is not None for b in rows)
    placed = any(b.memories for b in rows)
    table = plain_table("buffer", ">steps", ">size", ">align", *[">fixed at"] * fixed, *["memory"] * placed)
    for b in rows[:_ROWS]:
        offset = ["" if b.offset is None else str(b.offset)] * fixed
        memory = [one_line(clip(" ".join(b.memories)))] * placed
        steps = f"{b.lower}..{b.upper - 1}"
        table.add_row(one_line(clip(b.id)), steps, str(b.size), str(problem.alignment_of(b)), *offset, *memory)
    if len(rows) > _ROWS:
        table.add_row(f"and {len(rows) - _ROWS} more")
    return table


def remedy(problem: Problem, conflict: Conflict) -> str:
    """One line: the least capacity that these buffers need."""
    if conflict.lower_bound is None:
        return "no capacity is enough: their memories, fixed offsets or pairs contradict each other\n"
    count = len(conflict.buffers)
    need = "this buffer needs" if count == 1 else f"these {count} buffers need"
    exact = conflict.lower_bound == conflict.peak
    least = f"{need} {'' if exact else 'at least '}{format_size(conflict.lower_bound)}"
    if conflict.capacity != problem.capacity:
        return f"{least}: no packing is lower\n"
    known = "" if exact or conflict.peak is None else f"; {format_size(conflict.peak)} are enough for them"
    return f"{least}, {format_size(conflict.lower_bound - conflict.capacity)} above the capacity{known}\n"


def to_json(problem: Problem, answer: Allocation, conflict: Conflict | None) -> str:
    """The answer to `problem` as JSON, with the conflict or null."""
    facts: dict[str, Any] = {
        "status": str(answer.status),
        "peak": answer.peak,
        "lower_bound": answer.lower_bound,
        "stopped": answer.stopped,
        "live_bytes": answer.live_bytes,
        "capacity": problem.capacity,
        "buffers": len(problem.buffers),
        "allocator": answer.allocator,
        "nodes": answer.nodes,
        "conflict": None,
    }
    if conflict is not None:
        facts["conflict"] = {
            "capacity": conflict.capacity,
            "lower_bound": conflict.lower_bound,
            "peak": conflict.peak,
            "minimal": conflict.minimal,
            "cause": str(conflict.cause),
            "live_bytes": conflict.live_bytes,
            "live_step": conflict.live_step,
            "nodes": conflict.nodes,
            "buffers": [_row(problem, problem.buffers[at]) for at in conflict.buffers],
        }
    return json_text(facts, indent=2) + "\n"


def _row(problem: Problem, b: Buffer) -> dict[str, Any]:
    return {
        "id": b.id,
        "lower": b.lower,
        "upper": b.upper,
        "size": b.size,
        "alignment": problem.alignment_of(b),
        "offset": b.offset,
        "memories": list(b.memories),
    }


def _cause(conflict: Conflict) -> str:
    live = f"at step {conflict.live_step} they have {format_size(conflict.live_bytes)} alive"
    match conflict.cause:
        case Cause.BUFFER:
            return "they must begin at one offset"
        case Cause.STEP:
            return live
        case Cause.ALIGNMENT:
            return f"{live}, and alignment leaves gaps between them"
        case Cause.ARRANGEMENT:
            return f"{live}, and never more; proved by search: no packing has room for all of them"
