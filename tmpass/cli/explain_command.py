"""`tmpass explain`."""

from typing import TYPE_CHECKING, Any

import click

from tmpass.cli.command import Command
from tmpass.cli.files import model_source, name_of
from tmpass.cli.options import (
    EXIT_CODES,
    INTERRUPTED,
    complain_of,
    complain_of_target,
    plan_arguments,
    planning_options,
)
from tmpass.cli.settled import settled, targets_left_open
from tmpass.cli.terminal import complain, print_table, progress

if TYPE_CHECKING:
    from tmpass.explanation.facts import Explanation


@click.command("explain", cls=Command)
@click.argument("model", metavar="MODEL")
@planning_options
@click.option("--curve", is_flag=True, help="Print what the plan costs against the size of the scratchpad.")
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON.")
@click.pass_context
def command(ctx: click.Context, /, model: str, curve: bool, as_json: bool, **asked: Any) -> None:
    """Explain the peak of MODEL: the peak step, the tensors responsible, and changes that would lower it.

    Every change was tried. A hint is a bound, not a plan. The exit code is that of tmpass plan.

    \b
    Examples:
        tmpass explain model.tflite --target tflm-nrf52840
        tmpass explain model.onnx --budget 512KiB --json
        tmpass explain model.tflite --target ethos-u65 --curve
    """
    from tmpass.api.carried import planned_for
    from tmpass.explanation.explain import explain

    asked, source = settled(ctx, model, asked), model_source(model)
    if asked["target"] is None and (board := planned_for(source)) is not None:
        complain(f"the target is {board.name}, as the plan in {name_of(source)} says; --target names another")
        asked["target"] = board
    with progress(f"explaining {name_of(source)}"):
        known = explain(source, **plan_arguments(asked), curve=curve, keep=True)
    complain_of(known.plan)
    if as_json:
        from tmpass.report.json.explanation import to_json

        click.echo(to_json(known), nl=False)
        complain_of_target(known.plan)
    else:
        _print(known)
    ctx.exit(INTERRUPTED if known.stopped else EXIT_CODES[known.status])


def _print(known: "Explanation") -> None:
    from tmpass.report.terminal import explanation as text_of

    click.echo(text_of.head(known, targets_left_open()), nl=False)
    if known.travels is not None:
        click.echo()
        print_table(text_of.travel_table(known.travels))
    _print_curve(known)
    if known.alive:
        click.echo()
        print_table(text_of.alive_table(known))
    if known.constants:
        click.echo()
        print_table(text_of.constant_table(known))
    if known.runtime:
        click.echo()
        print_table(text_of.runtime_table(known))
    if text := text_of.conflict_text(known):
        click.echo(f"\n{text}", nl=False)
    if (table := text_of.change_table(known)) is not None:
        click.echo()
        print_table(table)
    if text := text_of.notes(known):
        click.echo(f"\n{text}", nl=False)


def _print_curve(known: "Explanation") -> None:
    if known.curve is None:
        return
    from tmpass.report.terminal.curve import curve_note, curve_table

    if (table := curve_table(known)) is not None:
        click.echo()
        print_table(table)
    click.echo(f"\n{curve_note(known)}", nl=False)
