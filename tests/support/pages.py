"""Plans to look at: of small models, of rectangles, and what they are compared with."""

from dataclasses import replace
from pathlib import Path

from support.graphs import chain
from tmpass.api.plan import plan
from tmpass.loading.load import Model
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.plan import MemoryUse, Plan, PlannedBuffer, PlannedStep, PlannedTensor

MODELS = Path(__file__).parent.parent.parent / "models"
SIMPLE = {"schedule": "given", "share": "none", "allocator": "greedy-by-size"}

LEFT, RIGHT, TOP, BOTTOM, BETWEEN = 74, 14, 24, 26, 16
"""The margins of the picture: where on the canvas a step and an address must be is worked out anew here."""

_BASE = plan(Model(ModelInfo("test", "test", "0" * 64), chain(4, 4)))


def both(name: str, **options) -> tuple[Plan, Plan]:
    """The plan of a model of this tree, and the one to compare it with."""
    return plan(MODELS / name, **options), plan(MODELS / name, **{**options, **SIMPLE})


def plan_of(*buffers, gaps=None, names=None, capacity=None, step=None) -> Plan:
    """A plan of (offset, size, lower, upper), each with one tensor; `gaps`, `names` and `step` are by buffer."""
    gaps, names, step = gaps or {}, names or {}, step or {}
    planned = tuple(
        PlannedBuffer(i, "m", *b, () if i in step else ((0, i),), gaps.get(i, ()), step.get(i))
        for i, b in enumerate(buffers)
    )
    tensors = tuple(
        PlannedTensor(0, i, names.get(i, f"t{i}"), "int8", (b.size,), b.size, "activation", i, b.offset, "")
        for i, b in enumerate(planned)
        if i not in step
    )
    peak = max((b.offset + b.size for b in planned), default=0)
    end = max((b.upper for b in planned), default=0)
    return replace(
        _BASE,
        buffers=planned,
        tensors=tensors,
        schedule=tuple(PlannedStep(i, 0, i, f"KIND{i % 20}", f"op{i}") for i in range(end)),
        memories=(MemoryUse("m", capacity, 1, peak, peak, peak),),
    )


def point(page, plans, step, address):
    """Where on the screen a step and an address are, when all of the plans is in sight."""
    box = page.locator("#canvas").bounding_box()
    steps = max(max([len(p.schedule), *(b.upper for b in p.buffers)]) for p in plans)
    first = plans[0].memories[0]
    inside = [row for p in plans for row in (*p.buffers, *p.constants) if row.memory == first.name]
    peak = max(row.offset + row.size for row in inside)
    capacity = (first.capacity or 0) - first.overhead - first.reserve
    top = 1.04 * max(peak, capacity if capacity <= 1.4 * peak else 0)
    inner = box["height"] - TOP - BOTTOM - BETWEEN
    arena = inner - min(120, round(inner * 0.22))
    x = box["x"] + LEFT + step * (box["width"] - LEFT - RIGHT) / steps
    return x, box["y"] + TOP + arena - address * arena / top
