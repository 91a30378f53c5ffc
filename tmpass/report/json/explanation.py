"""An explanation as JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tmpass.base.json_text import json_text
from tmpass.explanation.curve_point import CurvePoint, saved_per_kib
from tmpass.explanation.facts import Alive, Change, Explanation
from tmpass.explanation.travels import Travels
from tmpass.plans.plan import MemoryUse, Plan, PlannedConstant, PlannedStep, PlannedTensor
from tmpass.report.kernels import condition
from tmpass.report.terminal.explanation import why

SCHEMA = "tmpass.explanation/1"


def to_json(known: Explanation) -> str:
    """The explanation as JSON, without the plan.

    Where the plan has transfers, all that holds without them is under `without_transfers`.
    """
    asked = known.plan if known.travels is None else known.travels.plan
    memory = asked.memory(known.peak_step.memory.name) or asked.memories[0]
    facts: dict[str, Any] = {
        "schema": SCHEMA,
        "model": asked.model.file,
        "target": asked.target.name,
        **({"target_assumed": True} if asked.target.assumed else {}),
        "memory": memory.name,
        **_figures(asked, memory),
        "capacity": memory.capacity,
        "capacity_source": memory.capacity_source,
        "not_counted": [asdict(row) for row in asked.not_counted],
        **({"not_run": [asdict(row) for row in asked.not_run]} if asked.not_run else {}),
        **({"condition": needed} if (needed := condition(asked)) else {}),
        "stopped": known.stopped,
        **({} if asked.time is None else {"time": asdict(asked.time)}),
        **_split(known),
    }
    reasons = _reasons(known)
    if known.travels is None:
        facts |= reasons
    else:
        facts["transfers"] = _travels(known.travels)
        facts["without_transfers"] = {**_figures(known.plan, known.peak_step.memory), **reasons}
    facts["curve"] = None if known.curve is None else [_point(known.curve, at) for at in range(len(known.curve))]
    return json_text(facts, indent=2) + "\n"


def _split(known: Explanation) -> dict[str, Any]:
    """The split that is offered, or the reason why none is."""
    if known.split is None:
        return {}
    from tmpass.api.split_offer import NoSplit  # which is imported where there is one

    name = "no_split" if isinstance(known.split, NoSplit) else "split"
    return {name: {key: value for key, value in asdict(known.split).items() if value != {}}}


def _figures(plan: Plan, memory: MemoryUse) -> dict[str, Any]:
    """Whether `plan` fits, and what it needs of `memory`."""
    return {
        "status": plan.status,
        "fits": plan.fits,
        "peak": memory.peak,
        "lower_bound": memory.lower_bound,
        "missing": memory.shortfall,
        "also_missing": {m.name: m.shortfall for m in plan.memories if m.name != memory.name and m.shortfall},
        "needed": {
            "bytes": memory.needed,
            "buffers": memory.peak,
            "constants": memory.constants + memory.loaded,
            "overhead": memory.overhead,
            "reserve": memory.reserve,
        },
        **_preparation(memory),
    }


def _preparation(memory: MemoryUse) -> dict[str, Any]:
    """What preparing the model needs of `memory`, and what a run needs once it is prepared; nothing where not known."""
    if memory.tail is None and not memory.preparation:
        return {}
    figures = {
        "at_least": memory.preparation,
        "missing": memory.preparation_shortfall,
        "kept_in_run": memory.kept,
        "missing_in_run": memory.run_shortfall,
    }
    return {"preparation": figures}


def _reasons(known: Explanation) -> dict[str, Any]:
    """What keeps the peak high without transfers, and what would lower it."""
    peak_step, conflict = known.peak_step, known.conflict
    streamed = known.streamed_budget
    proved = known.least_budget == known.lowest_budget if streamed is None else bool(streamed.proved)
    proved = known.lowest_elsewhere >= known.least_budget if known.elsewhere else proved
    proved = proved and not known.plan.unknown_tensors
    facts: dict[str, Any] = {
        "least_budget": {"bytes": known.least_budget, "proved": proved, "memory": peak_step.memory.name},
        "constants": [_constant(known, row) for row in known.constants],
        "runtime": [asdict(part) for part in known.runtime],
        "order": {"method": known.plan.order.method, "lower_bound": known.plan.order.lower_bound},
        "fullest": {
            "step": _step(peak_step.step),
            "live_bytes": peak_step.live_bytes,
            "as_full": known.peak_steps,
            "one_operator": known.one_operator,
        },
        "too_full": known.over,
        "alive": [_alive(known, one) for one in known.alive],
        "conflict": None,
        "changes": [_change(change) for change in known.changes],
        "without_effect": known.without_effect,
        "together": _change(known.together) if known.together is not None else None,
        "int8_estimate": _change(known.quantized) if known.quantized is not None else None,
        "hints": _hints(known),
    }
    if conflict is not None:
        facts["conflict"] = {
            "capacity": conflict.capacity,
            "lower_bound": conflict.lower_bound,
            "minimal": conflict.minimal,
            "cause": str(conflict.cause),
            "buffers": [{"id": b.id, "size": b.size, "tensor": _tensor(tensor)} for b, tensor in known.conflicting],
        }
    return facts


def _travels(travels: Travels) -> dict[str, Any]:
    """The figures of the plan with transfers, and its travellers."""
    figures = travels.plan.transfers
    return {
        "status": travels.plan.status,
        **({} if figures is None else asdict(figures)),
        "travellers": [
            {
                "buffer": one.buffer.id,
                "tensor": _tensor(one.tensor),
                "moved": one.moved,
                "away": one.away,
                "step": _step(one.step),
                "needed": one.needed,
                "missing": one.missing,
            }
            for one in travels.travellers
        ],
    }


def _point(points: Sequence[CurvePoint], at: int) -> dict[str, Any]:
    one = points[at]
    counted = {name: getattr(one, name) if one.fits else None for name in ("streamed", "outside", "moved")}
    saved = saved_per_kib(points, at) if one.fits else None
    return {
        "size": one.size,
        "status": one.status,
        "fits": one.fits,
        **counted,
        "seconds": one.seconds,
        "computing": one.computing,
        "saved_per_kib": saved,
        "knee": one.knee,
        "this_plan": one.own,
    }


def _hints(known: Explanation) -> dict[str, Any]:
    return {
        "split": [
            {
                "tensors": [_tensor(t) for t in h.tensors],
                "alike": h.alike,
                "axis": h.axis,
                "letter": h.letter,
                "pieces": h.pieces,
                "lower_bound": h.least,
            }
            for h in known.tilings
        ],
        "make_again": [
            {"tensor": _tensor(h.tensor), "made": _step(h.made), "read": _step(h.read)}
            for h in known.rematerialisations
        ],
    }


def _constant(known: Explanation, row: PlannedConstant) -> dict[str, Any]:
    tensor = known.plan.tensor(row.tensors[0]) if row.tensors else None
    others = max(0, len(row.tensors) - 1)
    facts = {"id": row.id, "size": row.size, "use": row.use, "lower": row.lower, "upper": row.upper}
    return {**facts, "tensor": _tensor(tensor), "others": others}


def _alive(known: Explanation, one: Alive) -> dict[str, Any]:
    return {
        "buffer": one.buffer.id,
        "size": one.buffer.size,
        "used": one.used,
        "offset": one.buffer.offset,
        "lower": one.buffer.lower,
        "upper": one.buffer.upper,
        "tensor": _tensor(one.tensor),
        "others": one.others,
        "made": _step(one.made),
        "read": _step(one.read),
        "here": one.here,
        "why": why(known, one),
    }


def _change(change: Change) -> dict[str, Any]:
    return {name: getattr(change, name) for name in ("option", "what", "peak", "saves", "fits", "proved")}


def _step(step: PlannedStep | None) -> dict[str, Any] | None:
    return None if step is None else {name: getattr(step, name) for name in step.__dataclass_fields__}


def _tensor(tensor: PlannedTensor | None) -> dict[str, Any] | None:
    if tensor is None:
        return None
    return {"subgraph": tensor.subgraph, "index": tensor.index, "name": tensor.name, "role": tensor.role}
