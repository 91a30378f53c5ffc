"""The option --emit: a plan in further forms, each in a file of its own."""

from typing import TYPE_CHECKING, Any

import click

from tmpass.report.formats.registry import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tmpass.plans.plan import Plan
    from tmpass.report.formats.registry import Format

HELP = (
    f"Write the plan to FILE in the form that its end says, or that is named: {', '.join(FORMATS)}; see tmpass emit. "
    "Repeatable."
)


class Emission(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.4 on
    """`FORMAT=FILE`, or a `FILE` whose end says the format: what to write, and where."""

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
        return format_of(str(value)), str(value)


def make_all(
    plan: "Plan", wanted: "tuple[tuple[Format, str], ...]", before: "Callable[[], Plan | None]"
) -> list[tuple[str, str]]:
    """The path for each of the forms, and the text of `plan` in it.

    `before` makes the plan to compare with, or None where there is no time for that; it is asked once, where a form
    compares.
    """
    from tmpass.report.formats.registry import compares

    other = before() if any(compares(form) for form, _ in wanted) else None
    return [(path, form.emit(plan, other) if compares(form) else form.emit(plan)) for form, path in wanted]
