"""`tmpass show`."""

from typing import TYPE_CHECKING, Any

import click

from tmpass.base.errors import UsageError
from tmpass.cli.files import read_plan
from tmpass.cli.options import INTERRUPTED, make_plan, planning_options
from tmpass.cli.terminal import coloured, complain, print_table
from tmpass.report.text import clip, one_line

if TYPE_CHECKING:
    from tmpass.plans.plan import Plan


@click.command("show")
@click.argument("source", metavar="PLAN|MODEL")
@planning_options
@click.option("--table/--no-table", default=True, help="Print the table of buffers.")
@click.option("--constants", is_flag=True, help="Print a table of the largest constants.")
@click.option("--picture/--no-picture", default=True, help="Print the picture of the arena.")
@click.pass_context
def command(ctx: click.Context, /, source: str, table: bool, constants: bool, picture: bool, **asked: Any) -> None:
    """Show the buffers of a plan, and a picture of the arena: steps from left to right, addresses upwards.

    The picture has colours on a terminal, unless NO_COLOR is set. In it # is a constant, and ~ a constant that is
    streamed. A line for each memory says what is needed of it. Where buffers leave the scratchpad and come back, a
    second table has the copies.

    PLAN is a .json file that `tmpass plan -o` wrote, or - for standard input. A MODEL is planned first.

    \b
    Examples:
        tmpass show plan.json
        tmpass show model.tflite --target pixel6-tpu --no-table
    """
    from tmpass.plans.plan import STOPPED

    plan = _read(ctx, source, list(asked)) if _is_plan(source) else make_plan(source, asked)
    stopped = not _is_plan(source) and STOPPED in plan.warnings
    if table and stopped:
        complain("the table is left out: interrupted")  # it takes up to half a second for a thousand rows
    elif table:
        from tmpass.report.terminal.tables import buffer_table

        print_table(buffer_table(plan))
        if plan.transfers is not None:
            from tmpass.report.terminal.tables import transfer_table

            print_table(transfer_table(plan))
    from tmpass.report.left_out import notes

    if constants:
        from tmpass.report.terminal.constants import constant_table

        print_table(constant_table(plan))
    if picture:
        from tmpass.report.needs import memory_lines
        from tmpass.report.terminal.picture import picture as draw

        for memory in plan.arenas:
            if len(plan.arenas) > 1:
                click.echo(f"{one_line(clip(memory.name))}:")
            click.echo(draw(plan, memory, colour=coloured()), nl=False)
        for line in memory_lines(plan):
            click.echo(one_line(clip(line)))
        if plan.transfers is not None:
            from tmpass.report.transfers import moved

            click.echo(one_line(clip(f"transfers  {moved(plan)}")))
    for line in notes(plan):
        complain(line)
    if stopped:
        ctx.exit(INTERRUPTED)


def _is_plan(source: str) -> bool:
    return source == "-" or source.lower().endswith(".json")


def _read(ctx: click.Context, source: str, options: list[str]) -> "Plan":
    """The plan in a file; options of planning are refused."""
    for option in options:
        if ctx.get_parameter_source(option) is not click.core.ParameterSource.DEFAULT:
            name = f"--{option.replace('_', '-')}"
            raise UsageError(f"{name} has no effect on a finished plan", where=source, hint="show the model instead")
    return read_plan(source)
