"""`tmpass plan`."""

from typing import TYPE_CHECKING, Any

import click

from tmpass.cli import emit_option
from tmpass.cli.files import write_whole
from tmpass.cli.options import EXIT_CODES, INTERRUPTED, make_plan, plan_before, planning_options

if TYPE_CHECKING:
    from tmpass.emit.formats import Format


@click.command("plan")
@click.argument("model", metavar="MODEL")
@planning_options
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON instead of the summary.")
@click.option("--output", "-o", metavar="FILE", help="Write the plan as JSON to FILE; - is standard output.")
@click.option("--emit", type=emit_option.Emission(), multiple=True, metavar="[FORMAT=]FILE", help=emit_option.HELP)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    model: str,
    as_json: bool,
    output: str | None,
    emit: "tuple[tuple[Format, str], ...]",
    **asked: Any,
) -> None:
    """Plan the memory of MODEL: every tensor's address, and whether they fit.

    \b
    Examples:
        tmpass plan model.tflite --target pixel6-tpu
        tmpass plan model.onnx --bind batch=1 --budget 512KiB -o plan.json
        tmpass plan model.tflite --emit arena_plan.h --emit plan.csv
        tmpass plan model.tflite --emit arena.html
    """
    from tmpass.plan import STOPPED

    plan = make_plan(model, asked)
    aside = output == "-" or any(path == "-" for _, path in emit)
    emit_option.write_all(plan, emit, lambda: plan_before(model, asked))
    if output is not None and not (as_json and output == "-"):
        write_whole(output, plan.to_json())
    if as_json:
        write_whole("-", plan.to_json())
    elif not aside:
        from tmpass.emit.summary import summary

        click.echo(summary(plan), nl=False)
    ctx.exit(INTERRUPTED if STOPPED in plan.warnings else EXIT_CODES[plan.status])
