"""`tmpass verify`."""

from typing import TYPE_CHECKING

import click

from tmpass.cli.files import read_plan
from tmpass.cli.terminal import complain, progress
from tmpass.emit.text import clip, one_line

if TYPE_CHECKING:
    from tmpass.execute.run import Execution
    from tmpass.plan import Plan

_SHOWN = 20


@click.command("verify")
@click.argument("plan", metavar="PLAN")
@click.argument("model", metavar="MODEL")
@click.option(
    "--target",
    "-t",
    metavar="NAME|FILE",
    help="Also hold the plan against this target: its name, memories, runtime, sharing, scratch.",
)
@click.option(
    "--execute", is_flag=True, help="Also run the model in the planned bytes, and compare its outputs (ONNX)."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON, every violation of it.")
@click.pass_context
def command(ctx: click.Context, plan: str, model: str, target: str | None, execute: bool, as_json: bool) -> None:
    """Check the plan in the file PLAN, from wherever it comes, against MODEL.

    What it takes on trust follows the answer; with --target that is less.

    \b
    Example:
        tmpass plan model.tflite -o plan.json
        tmpass verify plan.json model.tflite
        tmpass verify plan.json model.tflite --target pixel6-tpu
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
    believed = pipeline.trusted(found, target=target)
    if as_json:
        from tmpass.emit.verification_json import to_json

        click.echo(to_json(found, target, violations, believed, run), nl=False)
        ctx.exit(5 if violations else 0)
    for violation in violations[:_SHOWN]:
        complain(f"{violation.kind}: {violation.message}")
    if len(violations) > _SHOWN:
        complain(f"and {len(violations) - _SHOWN} more violations")
    if violations:
        ctx.exit(5)
    lines = [f"{plan} is right for {found.model.file}: {told(run) if run is not None else _count(found)}"]
    lines += [f"on trust: {one.what}: {one.message}" for one in believed]
    if target is None:
        lines.append("on trust is what only a target can say; --target NAME holds the plan against one")
    click.echo("".join(f"{one_line(clip(line))}\n" for line in lines), nl=False)


def _count(plan: "Plan") -> str:
    placed = sum(row.buffer is not None for row in plan.tensors)
    return f"{placed} tensors in {len(plan.buffers)} buffers, {len(plan.schedule)} steps"


def told(run: "Execution") -> str:
    """What came of executing a plan that is right, in one line."""
    words = f"executed {run.steps} steps, " + ("; ".join(run.notes) or f"outputs equal to {run.engine}'s")
    return words + (f"; {len(run.unreached)} steps of the plan not reached" if run.unreached else "")
