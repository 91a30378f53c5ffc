"""`tmpass show`."""

from typing import Any

import click

from tmpass.cli.options import make_plan, planning_options, read_plan


@click.command("show")
@click.argument("source", metavar="PLAN|MODEL")
@planning_options
@click.option("--table/--no-table", default=True, help="Print the table of buffers.")
@click.option("--picture/--no-picture", default=True, help="Print the picture of the arena.")
def command(source: str, table: bool, picture: bool, **asked: Any) -> None:
    """Show the buffers of a plan, and a picture of the arena: time across, addresses up.

    PLAN is a file that `tmpass plan -o` wrote, its name ending in .json; a MODEL is planned first.

    \b
    Example:
        tmpass show plan.json
        tmpass show model.tflite --target pixel6-tpu --no-table
    """
    plan = read_plan(source) if source.lower().endswith(".json") else make_plan(source, asked)
    if table:
        from rich.console import Console

        from tmpass.emit.tables import buffer_table

        Console(highlight=False, soft_wrap=False).print(buffer_table(plan))
    if picture:
        from tmpass.emit.picture import picture as draw

        click.echo(draw(plan), nl=False)
