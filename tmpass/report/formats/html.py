"""A plan as one HTML page that needs no network: time across, addresses up, a rectangle for each buffer.

The page is made of the files in page/: they are put into one, and the data beside them.
"""

import json
from html import escape
from pathlib import Path
from string import Template

from tmpass.plans.plan import Plan
from tmpass.report.page.data import page_data
from tmpass.report.text import clip, one_line

NAME = "html"
SUFFIX = ".html"
SUMMARY = "a page to look at and search, in one offline file"
COMPARES = True
"""`emit` takes a second plan to compare with."""

_PARTS = Path(__file__).parent.parent / "page"
_SCRIPTS = ("data", "scale", "draw", "tip", "aside", "move", "main")


def emit(plan: Plan, before: Plan | None = None) -> str:
    """The page for `plan`; with `before`, another plan for the same model, both are in it and can be compared."""
    return Template(_part("page.html")).substitute(
        title=escape(one_line(clip(f"{plan.model.file} on {plan.target.name}", 400))),
        style=_part("page.css"),
        data=inert(json.dumps(page_data(plan, before), separators=(",", ":"))),
        script="\n".join(_part(f"{name}.js") for name in _SCRIPTS),
    )


def inert(text: str) -> str:
    """JSON that cannot end the element it stands in, nor begin another: names in it come from files."""
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def _part(name: str) -> str:
    return (_PARTS / name).read_text(encoding="utf-8")
