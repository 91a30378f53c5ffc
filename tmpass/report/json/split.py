"""A split, and trade-offs of splits, as JSON."""

from collections.abc import Sequence
from dataclasses import asdict

from tmpass.api.split import Split, TradeOff
from tmpass.base.json_text import json_text
from tmpass.report.kernels import condition


def split_json(made: Split) -> str:
    """The figures of a split as JSON."""
    memory, before = made.plan.memories[0], made.before.memories[0]
    found = {
        "fits": made.fits,
        "status": made.status.value,
        "missing": {one.name: one.shortfall for one in made.plan.memories if one.shortfall},
        "model": made.before.model.file,
        "target": made.plan.target.name,
        **({"bind": dict(made.bindings)} if made.bindings else {}),
        "needed": {"before": made.needed[1], "after": made.needed[0]},
        "reserve": memory.reserve,
        "head": {"before": before.peak, "after": memory.peak},
        "macs": {"before": made.macs[1], "after": made.macs[0]},
        "bound": None if made.bound is None else made.bound.bytes,
        "slowdown": made.slowdown,
        "operators": {"before": made.operators[1], "after": made.operators[0]},
        "proved": made.changed,
        "folded": made.folded,
        "stages": [asdict(stage) for stage in made.stages],
        **({"registrations": _registrations(made)} if made.plan.registrations else {}),
        **({"not_run": [asdict(row) for row in made.plan.not_run]} if made.plan.not_run else {}),
        **({"condition": needed} if (needed := condition(made.plan)) else {}),
    }
    return json_text(found, indent=2) + "\n"


def _registrations(made: Split) -> list[dict[str, object]]:
    """The kernels that a program registers for the split, and whether the original needs them as well."""
    known = {row.kind for row in made.before.registrations}
    return [{**asdict(row), "new": row.kind not in known} for row in made.plan.registrations]


def frontier_json(points: Sequence[TradeOff]) -> str:
    """Trade-offs as JSON."""
    return json_text({"proved": True, "frontier": [asdict(one) for one in points]}, indent=2) + "\n"
