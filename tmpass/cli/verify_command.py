"""`tmpass verify`."""

import click

from tmpass.cli.options import progress, read_plan

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
        click.echo(f"tmpass: {violation.kind}: {violation.message}", err=True)
    if len(violations) > _SHOWN:
        click.echo(f"tmpass: and {len(violations) - _SHOWN} more violations", err=True)
    if violations:
        ctx.exit(5)
    placed = sum(row.buffer is not None for row in found.tensors)
    click.echo(f"{plan} is right for {found.model.file}: {placed} tensors in {len(found.buffers)} buffers, "
               f"{len(found.schedule)} steps")  # fmt: skip
