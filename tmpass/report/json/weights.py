"""The constants of a plan as JSON: totals, one row per constant, one per operator that reads any."""

from dataclasses import asdict
from typing import Any

from tmpass.base.json_text import json_text
from tmpass.explanation.weight_facts import Weights
from tmpass.plans.plan import Plan
from tmpass.report.weights import reason

SCHEMA = "tmpass.weights/1"


def to_json(plan: Plan, known: Weights) -> str:
    """What is `known` of the constants of `plan`."""
    totals = asdict(known)
    del totals["rows"], totals["layers"]
    facts: dict[str, Any] = {
        "schema": SCHEMA,
        "model": plan.model.file,
        "target": plan.target.name,
        "fits": plan.fits,
        **totals,
        "constants": [asdict(row) for row in known.rows],
        "layers": None,
    }
    if known.layers is not None:
        facts["layers"] = [
            {
                "step": layer.step,
                "kind": layer.kind,
                "name": layer.name,
                "bytes": layer.bytes,
                "places": {str(place): size for place, size in layer.shares},
                "constants": [known.rows[number].id for number in layer.rows],
                "why": reason(layer, known),
            }
            for layer in known.layers
        ]
    return json_text(facts, indent=2) + "\n"
