"""The option --emit: the plan in further formats, one file for each."""

import os
import re
from typing import TYPE_CHECKING, Any

import click

from tmpass.report.formats.registry import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tmpass.plans.plan import Plan
    from tmpass.report.formats.registry import Format
    from tmpass.report.model_facts import ModelFacts

HELP = (
    f"Write the plan to FILE in FORMAT, by default that of its suffix. Formats: {', '.join(FORMATS)}; see tmpass emit. "
    "Repeatable."
)


class Emission(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.4 on
    """A format and a path: `FORMAT=FILE`, or a `FILE` whose suffix tells the format."""

    name = "emission"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple["Format", str]:
        """The format and the path in `value`."""
        del param, ctx
        from tmpass.report.formats.registry import format_of, is_format, load_format

        name, equals, path = str(value).partition("=")
        if equals and is_format(name):
            return load_format(name), path
        if value in FORMATS:
            self.fail(f"{value!r} is a format: write {value}=FILE")
        if equals and re.fullmatch("[a-zA-Z-]+", name) and not os.path.dirname(path):
            load_format(name)  # raises, and names the nearest format. With a folder, lr=1/a.html is a path
        return format_of(str(value)), str(value)


def make_all(
    plan: "Plan",
    wanted: "tuple[tuple[Format, str], ...]",
    before: "Callable[[], Plan | None]",
    facts: "Callable[[], ModelFacts]",
) -> list[tuple[str, str]]:
    """The path and the text of `plan` for each format.

    Args:
        plan: the plan.
        wanted: formats and paths.
        before: makes the plan to compare with, or None after Ctrl-C; called only if a format compares.
        facts: finds what the model says besides; called only if a format shows it.
    """
    from tmpass.report.formats.registry import compares, takes_facts

    other = before() if any(compares(form) for form, _ in wanted) else None
    known = facts() if any(takes_facts(form) for form, _ in wanted) else None

    def emit(form: "Format") -> str:
        if known is not None and takes_facts(form):
            return form.emit(plan, other, known)
        return form.emit(plan, other) if compares(form) else form.emit(plan)

    return [(path, emit(form)) for form, path in wanted]
