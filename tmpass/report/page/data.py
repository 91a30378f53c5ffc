"""The data of the HTML page: rows of numbers and texts, in the order that `page/data.js` reads them.

    {"model": ..., "colours": [[kind, colour]], "views": [view of the plan, view of the one before]}

A view has a row for each memory, step, placed tensor and buffer. All figures are computed here, with the functions of
the other formats; the page only draws.
"""

from typing import Any

from tmpass.packing.problem import in_use
from tmpass.plans.peak_step import find_peak_step, live_bytes
from tmpass.plans.plan import MemoryUse, Plan, PlannedBuffer
from tmpass.report.hues import colours_of, kind_of
from tmpass.report.left_out import not_counted, verdict

_VERDICTS = {
    "optimal": "fits; optimal for this order and sharing",
    "feasible": "fits; a smaller plan is not ruled out",
    "infeasible": "does not fit, proved for this order and sharing",
    "unknown": "not found to fit; the search ended",
}


def page_data(plan: Plan, before: Plan | None = None) -> dict[str, Any]:
    """The data of `plan`, and of the plan `before` to compare with, as JSON values."""
    plans = (plan,) if before is None else (plan, before)
    colours = colours_of(plans)
    places = {kind: at for at, kind in enumerate(colours)}
    return {
        "model": plan.model.file,
        "target": plan.target.name,
        "colours": [list(row) for row in colours.items()],
        "views": [_view(one, places) for one in plans],
    }


def how(plan: Plan) -> str:
    """The options that `plan` was made with, in one line."""
    orders = {
        "given": "order as in the file",
        "topological": "topological order",
        "least-peak": "order for the least peak",
    }
    sharing = {"auto": "sharing where it helps", "views": "views share", "none": "nothing shared"}
    method = plan.options.allocator
    addresses = "the best addresses found" if method == "auto" else f"addresses by {method}"
    return f"{orders[plan.order.method]}, {addresses}, {sharing[plan.options.share]}"


def _verdict(plan: Plan) -> str:
    """Whether `plan` fits, and what is proved."""
    if plan.fits and (part := verdict(plan)):
        return f"fits, {part}"
    return _VERDICTS[plan.status]


def _view(plan: Plan, places: dict[str, int]) -> dict[str, Any]:
    memories = {memory.name: at for at, memory in enumerate(plan.memories)}
    rows = plan.tensors_by_key()
    placed = [t for t in plan.tensors if t.buffer is not None]
    at = {(t.subgraph, t.index): i for i, t in enumerate(placed)}
    return {
        "how": how(plan),
        "fits": plan.fits,
        "verdict": _verdict(plan),
        "not_counted": not_counted(plan),
        "memories": [_memory(plan, memory) for memory in plan.memories],
        "steps": [[step.kind, step.name] for step in plan.schedule],
        "tensors": [
            [t.name, t.dtype, t.shape, t.bytes, t.role, t.offset, t.reason, t.subgraph, t.index] for t in placed
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
                [at[key] for key in b.tensors if key in at],
                _rectangles(b),
            ]
            for b in plan.buffers
        ],
    }


def _memory(plan: Plan, memory: MemoryUse) -> dict[str, Any]:
    peak_step = find_peak_step(plan, memory)
    rows = {id(b): i for i, b in enumerate(plan.buffers)}
    return {
        "name": memory.name,
        "capacity": memory.capacity,
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


def _rectangles(buffer: PlannedBuffer) -> list[tuple[int, int, int, int]] | int:
    """The bytes in use of `buffer` over time, as (lower, upper, low, high); 0 where it is always whole."""
    return list(in_use(buffer)) if buffer.gaps else 0
