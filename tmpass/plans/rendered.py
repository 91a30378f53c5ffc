"""Texts of a plan and of an explanation. The package report makes them; it is above this one, and is loaded by name."""

from dataclasses import replace
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


def emitted(plan: "Plan", form: str, name: str | None = None) -> str:
    """The text of the file of `plan` in the output format `form`.

    Args:
        plan: any.
        form: the name of the format.
        name: what the text calls the model; None for the name of its file.

    Raises:
        UsageError: no format is called `form`; the format cannot hold this plan; `name` is not a printable text; or the
            format does not contain the model's name.
    """
    registry = import_module("tmpass.report.formats.registry")
    found = registry.load_format(form)
    if name is not None:
        registry.check_names_model(found)
        plan = replace(plan, model=replace(plan.model, file=name))
    check_name(plan.model.file)
    return cast(str, found.emit(plan))
