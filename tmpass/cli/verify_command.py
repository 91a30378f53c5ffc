"""`tmpass verify`."""

from typing import TYPE_CHECKING

import click

from tmpass.cli.files import read_plan
from tmpass.cli.terminal import complain, progress
from tmpass.emit.text import one_line

if TYPE_CHECKING:
    from tmpass.execute.run import Execution

_SHOWN = 20


@click.command("verify")
@click.argument("plan", metavar="PLAN")
@click.argument("model", metavar="MODEL")
@click.option("--target", "-t", metavar="NAME|FILE", help="Also hold the plan against this target's scratchpad.")
@click.option(
    "--execute", is_flag=True, help="Also run the model in the planned bytes, and compare its outputs (ONNX)."
)
@click.pass_context
def command(ctx: click.Context, plan: str, model: str, target: str | None, execute: bool) -> None:
    """Check the plan in the file PLAN, from wherever it comes, against MODEL.

    \b
    Example:
        tmpass plan model.tflite -o plan.json
        tmpass verify plan.json model.tflite
        tmpass verify --execute plan.json model.onnx
    """
    from tmpass import pipeline

    found = read_plan(plan)
    run = None
    with progress(f"verifying {plan}"):
        violations = pipeline.verify(found, model, target=target)
        if execute and not any(violation.kind == "model" for violation in violations):
            run = pipeline.execute(found, model)
            violations = (*violations, *run.violations)
    for violation in violations[:_SHOWN]:
        complain(f"{violation.kind}: {violation.message}")
    if len(violations) > _SHOWN:
        complain(f"and {len(violations) - _SHOWN} more violations")
    if violations:
        ctx.exit(5)
    if run is not None:
        click.echo(one_line(f"{plan} is right for {found.model.file}: {told(run)}"))
        return
    placed = sum(row.buffer is not None for row in found.tensors)
    count = f"{placed} tensors in {len(found.buffers)} buffers, {len(found.schedule)} steps"
    click.echo(one_line(f"{plan} is right for {found.model.file}: {count}"))


def told(run: "Execution") -> str:
    """What came of executing a plan that is right, in one line."""
    words = f"executed {run.steps} steps, " + ("; ".join(run.notes) or f"outputs equal to {run.engine}'s")
    return words + (f"; {len(run.unreached)} steps of the plan not reached" if run.unreached else "")
