"""The data of the HTML page: rows of numbers and texts, in the order that `page/data.js` reads them.

    {"model": ..., "colours": [[kind, colour]], "views": [view of the plan, view of the one before]}

A view has a row for each memory with buffers, step, placed tensor and buffer, for what is needed of each memory, and
for each constant with its copies. All figures are computed here, with the functions of
the other formats; the page only draws.
"""

from typing import Any

from tmpass.base.sizes import format_size
from tmpass.explanation.weights import find_weights
from tmpass.graph.model import Graph
from tmpass.packing.problem import in_use
from tmpass.plans.peak_step import find_peak_step, live_bytes
from tmpass.plans.plan import MemoryUse, Plan, PlannedBuffer
from tmpass.plans.tensor_places import absent_tensors
from tmpass.plans.transfers import spilled_rows
from tmpass.report.answer import sentence
from tmpass.report.constants import copies_of, stored_constants, use
from tmpass.report.drawn import constant_kind, drawn_constants, height_of
from tmpass.report.hues import colours_of, kind_of
from tmpass.report.labels import short_labels
from tmpass.report.left_out import not_counted, target_name
from tmpass.report.needs import parts, parts_text, usable, usable_name, used
from tmpass.report.run_time import time_line
from tmpass.report.text import clip, short_size
from tmpass.report.transfers import about, moved, moved_by_step
from tmpass.report.weights import deciding, weight_lines

_BOUND = 4
"""Bound dimensions that are named."""


def page_data(plan: Plan, before: Plan | None = None, graph: Graph | None = None) -> dict[str, Any]:
    """The data of `plan`, and of the plan `before` to compare with, as JSON values.

    Args:
        plan: any.
        before: for the same model.
        graph: of this model; without it, only operators that constants are streamed for are known to read them.
    """
    plans = (plan,) if before is None else (plan, before)
    colours = colours_of(plans)
    places = {kind: at for at, kind in enumerate(colours)}
    return {
        "model": plan.model.file,
        "target": target_name(plan),
        "colours": [list(row) for row in colours.items()],
        "views": [_view(one, places, graph) for one in plans],
    }


def how(plan: Plan) -> str:
    """The options that `plan` was made with, in one line."""
    orders = {
        "given": "order as in the file",
        "topological": "topological order",
        "least-peak": "order for the least peak",
        "fewest-transfers": "order for the fewest transfers",
        "fewest-streamed": "order for the fewest streamed bytes",
    }
    sharing = {"auto": "sharing where it helps", "views": "views share", "none": "nothing shared"}
    method = plan.options.allocator
    addresses = "the best addresses found" if method == "auto" else f"addresses by {method}"
    made = f"{orders[plan.order.method]}, {addresses}, {sharing[plan.options.share]}"
    return made + (f"; bound: {bound_sizes(plan)}" if plan.options.bind else "")


def bound_sizes(plan: Plan) -> str:
    """The dimensions that are bound, with their numbers: the first few."""
    pairs = [f"{clip(name, 40)}={number}" for name, number in sorted(plan.options.bind.items())]
    return ", ".join(pairs[:_BOUND]) + (f" and {len(pairs) - _BOUND} more" if len(pairs) > _BOUND else "")


def _view(plan: Plan, places: dict[str, int], graph: Graph | None) -> dict[str, Any]:
    memories = {memory.name: at for at, memory in enumerate(plan.arenas)}
    rows, absent = plan.tensors_by_key(), absent_tensors(plan)
    placed = [t for t in plan.tensors if t.buffer is not None]
    at = {(t.subgraph, t.index): i for i, t in enumerate(placed)}
    labels = short_labels(t.name for t in plan.tensors)
    return {
        "how": how(plan),
        "fits": plan.fits,
        "verdict": sentence(plan),
        "not_counted": not_counted(plan),
        "memories": [_memory(plan, memory) for memory in plan.arenas],
        "needs": [_need(plan, memory) for memory in plan.memories],
        "steps": [[step.kind, step.name] for step in plan.schedule],
        "tensors": [
            [t.name, t.dtype, t.shape, t.bytes, t.role, t.offset, t.reason, t.subgraph, t.index]
            + ([labels[t.name]] if t.name in labels else [])
            for t in placed
        ],
        "buffers": [
            [
                b.id,
                memories.get(b.memory, 0),
                b.offset,
                b.size,
                b.lower,
                b.upper,
                places[kind_of(plan, b, rows)],
                [at[key] for key in b.tensors if key in at and (b.id, key) not in absent],
                _rectangles(b),
            ]
            for b in plan.buffers
        ],
        "constants": _constants(plan, places, memories, graph),
        **_transfers(plan),
        **({} if plan.time is None else {"time": time_line(plan, names=True)}),
    }


def _transfers(plan: Plan) -> dict[str, Any]:
    """What plans with transfers have besides: a line, the bytes moved before each step, and what rows of buffers are.

    Each of these rows is the number of a buffer, how many bytes it is above the first one, whether it begins with a
    fetch (1) or a spill (2), whether a spill reads it as it ends, and a text.
    """
    if plan.transfers is None:
        return {}
    ends = spilled_rows(plan)
    begins = {b.id: 0 if b.first is None else 2 if b.memory == plan.transfers.memory else 1 for b in plan.buffers}
    rows = [
        [b.id, plan.moved_by(b), begins[b.id], int(b.id in ends), about(plan, b)]
        for b in plan.buffers
        if begins[b.id] or b.id in ends
    ]
    return {"transfers": {"text": moved(plan), "steps": moved_by_step(plan), "rows": rows}}


def _memory(plan: Plan, memory: MemoryUse) -> dict[str, Any]:
    peak_step = find_peak_step(plan, memory)
    rows = {id(b): i for i, b in enumerate(plan.buffers)}
    return {
        "name": memory.name,
        "capacity": memory.capacity,
        "needed": memory.needed,
        "used": used(memory),
        "usable": usable(memory),
        "usable_name": "" if memory.capacity is None else usable_name(memory, size=True),
        "height": height_of(plan, memory),
        "assumed": memory.assumed,
        "alignment": memory.alignment,
        "peak": memory.peak,
        "bound": memory.lower_bound,
        "live": live_bytes(plan, memory),
        "full": [
            peak_step.at,
            peak_step.live_bytes,
            [[rows[id(b)], used] for (b, _), used in zip(peak_step.buffers, peak_step.used, strict=True)],
        ],
    }


def _need(plan: Plan, memory: MemoryUse) -> list[Any]:
    """The name of a memory, its capacity, all that is needed of it, the parts in bytes, and the text."""
    text = format_size(memory.needed) + (f" of {short_size(memory.capacity)}" if memory.capacity is not None else "")
    share = used(memory)
    listed = parts_text(plan, memory)
    text += (f", {share}" if share else "") + (f": {listed}" if listed else "")
    return [memory.name, memory.capacity, memory.needed, list(parts(memory)), text]


def _constants(plan: Plan, places: dict[str, int], memories: dict[str, int], graph: Graph | None) -> dict[str, Any]:
    """The constants, each once by falling size, the operators that read any, and the rows of those that are drawn.

    An operator has its step, the bytes that it reads, how many of them are in which place, the number of the constant
    whose reason it has, and whether it reads more than one.
    """
    stored = sorted(stored_constants(plan), key=lambda row: (-row.size, row.id))
    weights = find_weights(plan, graph)
    rows, copies = plan.tensors_by_key(), copies_of(plan)
    labels = short_labels(t.name for t in plan.tensors)
    numbers = {row.tensors: at for at, row in enumerate(stored)}
    known = []
    for row, found in zip(stored, weights.rows, strict=True):
        t = next((rows[key] for key in row.tensors if key in rows), None)
        facts = ["", "", None] if t is None else [t.name, t.dtype, t.shape]
        place = f"{row.memory} at {row.offset}"
        used = use(copies.get(row.tensors, []))
        label = labels.get(t.name, "") if t is not None else ""
        known.append([*facts, row.size, len(row.tensors) - 1, place, used, found.why, found.steps, label])
    return {
        "lines": weight_lines(weights) if stored else [],
        "known": known,
        "layers": [
            [one.step, one.bytes, dict(one.shares), deciding(one, weights), len(one.rows) > 1]
            for one in weights.layers or ()
        ],
        "rows": [
            [memories[c.memory], c.offset, c.size, c.lower, c.upper, places[constant_kind(c)], numbers[c.tensors]]
            for c in drawn_constants(plan)
            if c.tensors in numbers
        ],
    }


def _rectangles(buffer: PlannedBuffer) -> list[tuple[int, int, int, int]] | int:
    """The bytes in use of `buffer` over time, as (lower, upper, low, high); 0 where it is always whole."""
    return list(in_use(buffer)) if buffer.gaps else 0
