"""`tmpass emit`."""

import click

from tmpass.cli.files import read_plan, write_whole
from tmpass.emit.formats import FORMATS, all_formats, format_of, load_format

_LIST = "\n".join(f"        {form.NAME:<15} {form.SUMMARY}" for form in all_formats())


@click.command(
    "emit",
    help=f"""Write the plan in the file PLAN in another form, for people, tools or firmware.

    \b
    Formats:
{_LIST}

    \b
    Examples:
        tmpass emit plan.json -o plan.csv
        tmpass emit plan.json --format c -o arena_plan.h
    """,
)
@click.argument("plan", metavar="PLAN")
@click.option("--format", "-f", "name", type=click.Choice(FORMATS), help="The form; without it the end of FILE says.")
@click.option("--output", "-o", metavar="FILE", default="-", show_default=True, help="- is standard output.")
def command(plan: str, name: str | None, output: str) -> None:
    """What the help above says."""
    from tmpass.emit.references import check_references

    if name is None and output == "-":
        raise click.UsageError("neither --format nor --output says which form")
    form = format_of(output) if name is None else load_format(name)
    found = read_plan(plan)
    check_references(found, plan)
    write_whole(output, form.emit(found))
