"""`tmpass emit`."""

from dataclasses import replace
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from tmpass.base.errors import UsageError
from tmpass.cli.command import Command
from tmpass.cli.complete import complete_target
from tmpass.cli.files import read_plan
from tmpass.cli.inputs import refuse_inputs
from tmpass.cli.planned_target import read_for_target
from tmpass.cli.settled import target_for
from tmpass.cli.terminal import complain_of_notes
from tmpass.cli.write_files import write_whole
from tmpass.plans.model_name import check_name
from tmpass.report.formats.registry import FORMATS, all_formats, check_names_model, compares, format_of, load_format
from tmpass.settings import TARGET_VARIABLE

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
        tmpass emit plan.json --format c --name net -o net_plan.h
        tmpass emit plan.json --before old.json -o arena.html
        tmpass emit planned.tflite --target board.toml -o arena_plan.h
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
@click.option(
    "--name",
    "called",
    metavar="NAME",
    help="What the output calls the model; the macros of a header begin with it. By default the name of its file.",
)
@click.option("--before", metavar="PLAN", help="Another plan for the same model, to compare with if the format can.")
@click.option(
    "--target",
    "-t",
    envvar=TARGET_VARIABLE,
    show_envvar=True,
    metavar="NAME|FILE",
    shell_complete=complete_target,
    help="The profile of the target that a planned model is for, if it is your own. "
    "By default that of the settings file, where the plan is for it.",
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    plan: str,
    name: str | None,
    output: str,
    called: str | None,
    before: str | None,
    target: str | None,
) -> None:
    """Write a plan in another format; the help text is above."""
    if name is None and output == "-":
        raise click.UsageError("no format: give --format, or --output with a suffix")
    refuse_inputs([output], [("the plan", plan), ("the plan before", before)])
    form = format_of(output) if name is None else load_format(name)
    if before is not None and not compares(form):
        raise click.UsageError(f"--before has no effect with {form.NAME}: it shows one plan")
    found = _read(ctx, plan, target)
    if called is not None:
        check_names_model(form)
        found = replace(found, model=replace(found.model, file=check_name(called)))
    if compares(form):
        other = None if before is None else _read(ctx, before, target)
        if other is not None and other.model.sha256 != found.model.sha256:
            raise click.UsageError(f"{before} is a plan for another file than {plan}: {other.model.file}")
        write_whole(output, form.emit(found, other))
    else:
        write_whole(output, form.emit(found))
    complain_of_notes(found, ((form, output),))


def _read(ctx: click.Context, path: str, target: str | None) -> "Plan":
    """The plan in the file `path`; a model with one is read for the target that is given.

    Raises:
        UsageError: a flag gives a target for a finished plan, or the plan refers to rows that it does not have.
    """
    from tmpass.loading.registry import names_model
    from tmpass.report.references import check_references

    if names_model(path):
        found, _ = read_for_target(path, *target_for(ctx, path, target))
    elif ctx.get_parameter_source("target") is ParameterSource.COMMANDLINE:
        raise UsageError("--target has no effect on a finished plan, which has its own", where=path)
    else:
        found = read_plan(path)
    check_references(found, path)
    return found
