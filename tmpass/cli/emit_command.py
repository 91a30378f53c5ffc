"""`tmpass emit`."""

from typing import TYPE_CHECKING

import click

from tmpass.cli.command import Command
from tmpass.cli.files import read_plan
from tmpass.cli.inputs import refuse_inputs
from tmpass.cli.write_files import write_whole
from tmpass.report.formats.registry import FORMATS, all_formats, compares, format_of, load_format

if TYPE_CHECKING:
    from tmpass.plans.plan import Plan

_LIST = "\n".join(f"        {form.NAME:<15} {form.SUMMARY}" for form in all_formats())


@click.command(
    "emit",
    cls=Command,
    help=f"""Write the plan in the file PLAN in another format, for people, tools or firmware.

    \b
    Formats:
{_LIST}

    \b
    Examples:
        tmpass emit plan.json -o plan.csv
        tmpass emit plan.json --format c -o arena_plan.h
        tmpass emit plan.json --before old.json -o arena.html
    """,
)
@click.argument("plan", metavar="PLAN")
@click.option(
    "--format",
    "-f",
    "name",
    metavar=f"[{'|'.join(FORMATS)}]",
    help="The format, or one of another package; by default by the suffix of FILE.",
)
@click.option("--output", "-o", metavar="FILE", default="-", show_default=True, help="- is standard output.")
@click.option("--before", metavar="PLAN", help="Another plan for the same model, to compare with if the format can.")
def command(plan: str, name: str | None, output: str, before: str | None) -> None:
    """Write a plan in another format; the help text is above."""
    if name is None and output == "-":
        raise click.UsageError("no format: give --format, or --output with a suffix")
    refuse_inputs([output], [("the plan", plan), ("the plan before", before)])
    form = format_of(output) if name is None else load_format(name)
    if before is not None and not compares(form):
        raise click.UsageError(f"--before has no effect with {form.NAME}: it shows one plan")
    found = _read(plan)
    if compares(form):
        other = None if before is None else _read(before)
        if other is not None and other.model.sha256 != found.model.sha256:
            raise click.UsageError(f"{before} is a plan for another file than {plan}: {other.model.file}")
        write_whole(output, form.emit(found, other))
    else:
        write_whole(output, form.emit(found))


def _read(path: str) -> "Plan":
    from tmpass.report.references import check_references

    found = read_plan(path)
    check_references(found, path)
    return found
