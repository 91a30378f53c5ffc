"""A plan as text and as a picture. The package report makes both; it is above this one, and is loaded by name."""

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from tmpass.plans.plan import Plan

_MAKERS = {"text": ("tmpass.report.terminal.summary", "summary"), "picture": ("tmpass.report.formats.svg", "emit")}
"""Form -> the module and the function that makes it."""


def rendered(plan: "Plan", form: str) -> str:
    """The text or picture of a plan.

    Args:
        plan: any.
        form: "text" for the lines that `tmpass plan` prints, or "picture" for an SVG.
    """
    module, name = _MAKERS[form]
    return cast("Callable[[Plan], str]", getattr(import_module(module), name))(plan)
