"""`tmpass verify`."""

import click

from tmpass.cli.files import read_plan
from tmpass.cli.terminal import complain, progress
from tmpass.emit.text import one_line

_SHOWN = 20


@click.command("verify")
@click.argument("plan", metavar="PLAN")
@click.argument("model", metavar="MODEL")
@click.option("--target", "-t", metavar="NAME|FILE", help="Also hold the plan against this target's scratchpad.")
@click.pass_context
def command(ctx: click.Context, plan: str, model: str, target: str | None) -> None:
    """Check the plan in the file PLAN, from wherever it comes, against MODEL.

    \b
    Example:
        tmpass plan model.tflite -o plan.json
        tmpass verify plan.json model.tflite
    """
    from tmpass.pipeline import verify

    found = read_plan(plan)
    with progress(f"verifying {plan}"):
        violations = verify(found, model, target=target)
    for violation in violations[:_SHOWN]:
        complain(f"{violation.kind}: {violation.message}")
    if len(violations) > _SHOWN:
        complain(f"and {len(violations) - _SHOWN} more violations")
    if violations:
        ctx.exit(5)
    placed = sum(row.buffer is not None for row in found.tensors)
    count = f"{placed} tensors in {len(found.buffers)} buffers, {len(found.schedule)} steps"
    click.echo(one_line(f"{plan} is right for {found.model.file}: {count}"))
