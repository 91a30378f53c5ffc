"""`tmpass show`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.cli.command import Command
from tmpass.cli.files import STDIN, model_source, name_of, read_plan
from tmpass.cli.options import INTERRUPTED, make_plan, planning_options
from tmpass.cli.settled import settled, targets_left_open
from tmpass.cli.terminal import coloured, complain, print_table
from tmpass.report.text import clip, one_line

if TYPE_CHECKING:
    from tmpass.explanation.weight_facts import Weights
    from tmpass.plans.plan import Plan


@record
class _Opened:
    """What is shown.

    Fields:
        plan: the plan.
        model: its model, where that was given; None where only the plan was.
        made: whether it was planned just now.
    """

    plan: "Plan"
    model: str | bytes | None = None
    made: bool = False


@click.command("show", cls=Command)
@click.argument("source", metavar="PLAN|MODEL")
@planning_options
@click.option("--table/--no-table", default=True, help="Print the table of buffers.")
@click.option("--constants", is_flag=True, help="Print which constants stay on chip, which are streamed, and why.")
@click.option("--model", metavar="FILE", help="With --constants and a PLAN: its model, to list operators.")
@click.option("--json", "as_json", is_flag=True, help="With --constants: print them as JSON, and nothing else.")
@click.option("--picture/--no-picture", default=True, help="Print the picture of the arena.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    source: str,
    table: bool,
    constants: bool,
    model: str | None,
    as_json: bool,
    picture: bool,
    **asked: Any,
) -> None:
    """Show the buffers of a plan, and a picture of the arena: steps from left to right, addresses upwards.

    The picture has colours on a terminal, unless NO_COLOR is set. In it # is a constant, and ~ a constant that is
    streamed. A line for each memory says what is needed of it, also without table and picture. Where buffers leave the
    scratchpad and come back, a second table has the copies.

    PLAN is a .json file that `tmpass plan -o` wrote. A MODEL is planned first, unless it carries a plan: one of tmpass,
    or the offline plan of another tool. - is standard input.

    \b
    Examples:
        tmpass show plan.json
        tmpass show model.tflite --target pixel6-tpu --no-table
        tmpass show plan.json --constants --model model.tflite
    """
    from tmpass.plans.plan import STOPPED

    _check_constants(source, model, constants=constants, as_json=as_json)
    opened = _opened(ctx, source, asked)
    asked = settled(ctx, source, asked) if opened.made else asked
    plan = opened.plan
    weights = _weights(opened, model, asked) if constants else None
    if as_json and weights is not None:
        from tmpass.report.json.weights import to_json

        click.echo(to_json(plan, weights), nl=False)
        return
    stopped = opened.made and STOPPED in plan.warnings
    if table and stopped:
        complain("the table is left out: interrupted")  # it takes up to half a second for a thousand rows
    elif table:
        _print_tables(plan)
    if weights is not None:
        _print_constants(plan, weights)
    if picture:
        _print_picture(plan)
    if picture or weights is None:  # the answer, which --constants has in its first line
        _print_memories(plan)
    if table:
        _print_resolver(plan)
    from tmpass.report.left_out import notes

    for line in notes(plan, targets_left_open() if opened.made else ""):
        complain(line)
    if stopped:
        ctx.exit(INTERRUPTED)


def _print_tables(plan: "Plan") -> None:
    from tmpass.report.terminal.tables import buffer_table, transfer_table

    print_table(buffer_table(plan))
    if plan.transfers is not None:
        print_table(transfer_table(plan))


def _print_resolver(plan: "Plan") -> None:
    """The kernels that a program registers."""
    if plan.registrations:
        from tmpass.report.resolver import resolver_lines  # which few runtimes need

        for line in resolver_lines(plan):
            click.echo(one_line(clip(line)))


def _print_picture(plan: "Plan") -> None:
    """The picture of each arena."""
    from tmpass.report.terminal.picture import picture

    for memory in plan.arenas:
        if len(plan.arenas) > 1:
            click.echo(f"{one_line(clip(memory.name))}:")
        click.echo(picture(plan, memory, colour=coloured()), nl=False)


def _print_memories(plan: "Plan") -> None:
    """A line for each memory: what is needed of it."""
    from tmpass.report.needs import memory_lines

    for line in memory_lines(plan):
        click.echo(one_line(clip(line)))


def _check_constants(source: str, model: str | None, *, constants: bool, as_json: bool) -> None:
    for option, given in (("--model", model is not None), ("--json", as_json)):
        if given and not constants:
            raise click.UsageError(f"{option} has no effect without --constants")
    if model is not None and not _is_plan(source):
        raise click.UsageError("--model has no effect with a model: it is the one that is shown")


def _weights(opened: _Opened, model: str | None, asked: dict[str, Any]) -> "Weights":
    """The constants of the plan, with the operators that read them where the model is at hand."""
    from tmpass.cli.options import load_again
    from tmpass.explanation.weights import find_weights
    from tmpass.verification.conformance import check_model

    source = opened.model if model is None else model
    if source is None:
        return find_weights(opened.plan)
    loaded = load_again(source, asked)
    if mismatch := check_model(opened.plan, loaded.info):
        raise UsageError(mismatch.message, where=name_of(source))
    return find_weights(opened.plan, loaded.graph)


def _print_constants(plan: "Plan", weights: "Weights") -> None:
    from tmpass.report.terminal.constants import constant_table, layer_table, weight_text

    click.echo(weight_text(weights))
    if (table := layer_table(weights)) is not None:
        print_table(table)
        click.echo()
    print_table(constant_table(plan, weights))


def _is_plan(source: str) -> bool:
    return source.lower().endswith(".json")


def _opened(ctx: click.Context, source: str, asked: dict[str, Any]) -> _Opened:
    """The plan in `source`, or one that is made for the model in it."""
    from tmpass.loading.registry import names_model

    data: str | bytes = source
    if source == "-":
        data = model_source(source)
        if isinstance(data, bytes) and data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
            from tmpass.plans.plan_json import parse_plan

            _refuse_options(ctx, source, asked)
            return _Opened(parse_plan(data.decode("utf-8-sig", "replace"), STDIN))
    elif _is_plan(source):
        _refuse_options(ctx, source, asked)
        return _Opened(read_plan(source))
    if (source == "-" or names_model(source)) and not any(_is_given(ctx, option) for option in asked):
        from tmpass.api.carried import assumptions, carried_plan, holds_whole_plan

        carried = carried_plan(data)
        if carried is not None:
            complain("shown is the plan in the file; with an option, such as --target, it is planned again")
            for line in assumptions(carried):
                complain(line)
            return _Opened(carried, None if holds_whole_plan(data) else data)
    return _Opened(make_plan(data, settled(ctx, source, asked))[0], data, made=True)


def _is_given(ctx: click.Context, option: str) -> bool:
    """Whether the command line has the option; the environment and the settings file are for what is planned."""
    return ctx.get_parameter_source(option) is click.core.ParameterSource.COMMANDLINE


def _refuse_options(ctx: click.Context, source: str, options: Iterable[str]) -> None:
    """Refuse options of planning, which have no effect on a finished plan."""
    for option in options:
        if _is_given(ctx, option):
            name = f"--{option.replace('_', '-')}"
            raise UsageError(f"{name} has no effect on a finished plan", where=source, hint="show the model instead")
