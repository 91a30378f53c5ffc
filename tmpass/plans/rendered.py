"""Texts of a plan and of an explanation. The package report makes them; it is above this one, and is loaded by name."""

from importlib import import_module
from typing import TYPE_CHECKING, cast

from tmpass.plans.model_name import check_name

if TYPE_CHECKING:
    from tmpass.plans.plan import Plan

_MAKERS = {
    "text": ("tmpass.report.terminal.summary", "summary"),
    "picture": ("tmpass.report.formats.svg", "emit"),
    "explanation": ("tmpass.report.terminal.explanation", "summary"),
}
"""Form -> the module and the function that makes it."""


def rendered(value: object, form: str) -> str:
    """The text or picture of a plan or an explanation.

    Args:
        value: a plan; for "explanation" an Explanation.
        form: "text" for the lines that `tmpass plan` prints, "picture" for an SVG, or "explanation" for lines.
    """
    module, name = _MAKERS[form]
    return cast(str, getattr(import_module(module), name)(value))


def emitted(plan: "Plan", form: str) -> str:
    """The text of the file of `plan` in the output format `form`.

    Raises:
        UsageError: there is no such format, it cannot hold the plan, or the name of the model is not a printable text.
    """
    check_name(plan.model.file)
    return cast(str, import_module("tmpass.report.formats.registry").load_format(form).emit(plan))
