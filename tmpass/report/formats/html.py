"""A plan as one HTML page without network access: steps from left to right, addresses upwards, buffers as rectangles.

The page consists of the files in `report/page/` and the data of the plan.
"""

import json
from html import escape
from pathlib import Path
from string import Template

from tmpass.plans.plan import Plan
from tmpass.report.model_facts import ModelFacts
from tmpass.report.page.curve import curve_section
from tmpass.report.page.data import page_data
from tmpass.report.text import clip, one_line

NAME = "html"
SUFFIX = ".html"
SUMMARY = "an interactive page in one file, without network access"
COMPARES = True
"""`emit` accepts a second plan for comparison."""

FACTS = True
"""`emit` accepts facts of the model."""

_PARTS = Path(__file__).parent.parent / "page"
_SCRIPTS = (
    *("data", "scale", "draw", "strips", "tip", "aside", "step", "layers", "buffers", "address", "move"),
    *("print", "main"),
)


def emit(plan: Plan, before: Plan | None = None, facts: ModelFacts | None = None) -> str:
    """The page of `plan`; with `before`, another plan for the same model, it shows either of them.

    Args:
        plan: any.
        before: to compare with.
        facts: what the model says besides.
    """
    facts = facts or ModelFacts()
    return Template(_part("page.html")).substitute(
        title=escape(one_line(clip(f"{plan.model.file} on {plan.target.name}", 400))),
        style=_part("page.css"),
        curve=curve_section(facts.curve, plan.target.memory),
        data=inert(json.dumps(page_data(plan, before, facts.graph), separators=(",", ":"))),
        script="\n".join(_part(f"{name}.js") for name in _SCRIPTS),
    )


def inert(text: str) -> str:
    """JSON without characters that could end its HTML element or begin another: names come from files."""
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _part(name: str) -> str:
    return (_PARTS / name).read_text(encoding="utf-8")
