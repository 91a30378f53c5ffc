"""`tmpass split`."""

from typing import TYPE_CHECKING, Any

import click

from tmpass.base.errors import UsageError, brief
from tmpass.cli.command import Command
from tmpass.cli.complete import complete_target
from tmpass.cli.files import model_source, name_of
from tmpass.cli.inputs import refuse_inputs, refuse_weights, target_file
from tmpass.cli.options import EXIT_CODES, THREADS, THREADS_HELP, Size
from tmpass.cli.outputs import check_format
from tmpass.cli.settled import settled, target_for
from tmpass.cli.terminal import complain, complain_of_planner, complain_of_weights, print_table, working
from tmpass.cli.write_files import plain_name, write_all
from tmpass.settings import TARGET_VARIABLE
from tmpass.targets.runtime import SPLIT_FOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tmpass.api.split import Split


class Percent(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.4 on
    """A part of a whole: 5%, or 0.05. More than the whole needs the sign, since 5 is mostly meant as 5%."""

    name = "part"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The part as a number."""
        del ctx
        text = str(value)
        try:
            number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            number = -1
        name = max(param.opts, key=len) if param else "the value"
        if not 0 <= number < float("inf"):
            raise UsageError(f"{name} {brief(text)} is not a part", hint="write 5% or 0.05")
        if number > 1 and not text.endswith("%"):
            hint = f"write {text}% or {100 * number:g}%"
            raise UsageError(f"{name} {brief(text)} is more than the whole, without a unit", hint=hint)
        return number


@click.command("split", cls=Command)
@click.argument("model", metavar="MODEL")
@click.option(
    "--target", "-t", envvar=TARGET_VARIABLE, metavar="NAME|FILE", shell_complete=complete_target,
    help=f"A profile that `tmpass targets` lists, or a TOML file. By default that of TMPASS_TARGET or the settings "
    f"file, or {SPLIT_FOR} for a TFLite model.",
)  # fmt: skip
@click.option(
    "--bind", multiple=True, metavar="NAME=N",
    help="Number for a dimension of an ONNX model: batch=1. The split model has it as a fixed size. Repeatable.",
)  # fmt: skip
@click.option("--budget", type=Size(), help="Capacity of the scratchpad instead of the target's: 64KiB.")
@click.option(
    "--max-macs", type=Percent(), metavar="PART",
    help="Additional multiply-accumulate operations.  [default: 5%, with a capacity 100%]",
)  # fmt: skip
@click.option(
    "--max-slowdown", type=Percent(), metavar="PART",
    help="Additional time of a run, estimated for the int8 kernels of TensorFlow Lite Micro.  "
    "[default: 7%, with a capacity any]",
)  # fmt: skip
@click.option("--frontier", is_flag=True, help="List splits, bytes against work, planned and proved.")
@click.option("--output", "-o", metavar="FILE", help="Write the split model, with its plan, to FILE.")
@click.option("--page", metavar="FILE", help="Write an HTML page: before and after, or the plot of --frontier.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.option("--threads", type=THREADS, default=1, show_default=True, help=THREADS_HELP)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    model: str,
    output: str | None,
    page: str | None,
    frontier: bool,
    as_json: bool,
    **asked: Any,
) -> None:
    """Split operators of MODEL so that it needs less memory, with outputs equal bit for bit.

    With a capacity, the split that fits with the least work is taken; without, the one that needs the fewest bytes
    within the limits on MACs and time. The fewest bytes at any cost: --max-macs 100%, and for TFLite
    --max-slowdown 100%. The result is a TFLite or ONNX model for the stock runtime. docs/split.md says which
    operators are added.

    \b
    Example:
        tmpass split model.tflite -o split.tflite
        tmpass split model.tflite --target tflm --budget 64KiB -o split.tflite
        tmpass split model.onnx --target pixel6-tpu -o split.onnx
        tmpass split model.tflite --frontier --page trade-offs.html
        tmpass verify --split split.tflite model.tflite
    """
    asked["target"] = target_for(ctx, model, asked["target"])[0]
    budget = {} if frontier else {"budget": asked["budget"]}
    asked |= settled(ctx, model, {"bind": asked["bind"], **budget})
    from tmpass.graph.binding import parse_bindings
    from tmpass.loading.registry import names_model

    output, page = output and plain_name(output), page and plain_name(page)
    if frontier and (output or asked["budget"] is not None):
        raise click.UsageError("--frontier lists trade-offs: leave out --output and --budget")
    if [output, page].count("-") + as_json > 1:
        raise click.UsageError("more than one result would go to standard output: name files")
    if output not in (None, "-") and not names_model(output):
        raise click.UsageError(f"-o writes the split model, not {output}: name a file that ends as models do")
    refuse_inputs([output, page], [("the model", model), ("the target", target_file(asked["target"]))])
    refuse_weights([output, page], model)
    asked["bind"] = parse_bindings(asked["bind"])
    if frontier:
        del asked["budget"]
        ctx.exit(_frontier(model, asked, page, as_json=as_json))
    from tmpass.api.split import split

    source = model_source(model)
    with working(f"splitting {name_of(source)}") as told:
        made = split(source, **asked, told=told)
    _complain_of_model(source, asked["bind"], made.before.warnings)
    _write(made, model, output, page)
    limits = [f"--{name.replace('_', '-')}" for name in ("max_macs", "max_slowdown") if asked[name] is not None]
    _print(made, limits, as_json=as_json, aside="-" in (output, page))
    ctx.exit(EXIT_CODES[made.status])


def _complain_of_model(source: str | bytes, bindings: "Mapping[str, int]", others: "Iterable[str]" = ()) -> None:
    """Print the warnings that `tmpass plan` prints for a model: a plan in the file, open batches, and `others`.

    Formats with open batches are split with the batch of the file, so no option is named that changes it.
    """
    from tmpass.graph.binding import batch_notes
    from tmpass.loading.load import load_to_plan
    from tmpass.targets import RUNTIMES

    graph = load_to_plan(source, bindings).graph
    own = load_to_plan(source, {}).graph
    said = {*batch_notes(own), *(line for one in RUNTIMES.values() for line in batch_notes(own, fixed_by=one.title))}
    kept = (warning for warning in others if warning not in said)
    for warning in dict.fromkeys((*graph.warnings, *batch_notes(graph, binds=False), *kept)):
        complain(f"warning: {warning}")


def _write(made: "Split", model: str, output: str | None, page: str | None) -> None:
    """Write the split model, if it fits, and its page; say what is not written, and what it needs beside it."""
    from tmpass.api.planned_model import make_planned_file
    from tmpass.loading.load import other_files

    check_format([output] if output else [], made.plan.model.format)
    results: list[tuple[str, str | bytes]] = []
    if page is not None:
        from tmpass.report.page.split import split_page

        results.append((page, split_page(made)))
    if output is not None and made.fits:
        results.append((output, make_planned_file(made.plan, made.data)))
    write_all(results)
    if output is not None and made.fits:
        if not made.changed:
            sizes = " and the bound sizes" if made.bindings else ""
            complain(f"{output}: nothing was split: it is the original with its plan{sizes}")
        complain_of_weights([output], model, other_files(made.data))
        complain_of_planner(made.plan)
    if output is not None and made.plan.refused:
        complain(f"nothing is written to {output}: the model does not run on {made.plan.target.name}")
    elif output is not None and not made.fits and (not made.searched or not made.plan.memories[0].shortfall):
        from tmpass.report.terminal.split import missing

        complain(f"nothing is written to {output}: {missing(made)}")
    elif output is not None and not made.fits:
        known = f"{made.needed[0]} B are the fewest that a split was found for"
        bound = "" if made.bound is None else f", and any choice of equal parts needs at least {made.bound.bytes} B"
        complain(f"nothing is written to {output}: {known}{bound}")


def _print(made: "Split", limits: list[str], *, as_json: bool, aside: bool) -> None:
    if as_json:
        from tmpass.report.json.split import split_json

        click.echo(split_json(made), nl=False)
        return
    from tmpass.report.terminal.split import split_summary

    click.echo(split_summary(made, limits), nl=False, err=aside)


def _frontier(model: str, asked: dict[str, Any], page: str | None, *, as_json: bool) -> int:
    """Print the trade-offs of a model, or why no split is searched for. Returns the exit code."""
    from tmpass.api.split import Split, frontier_or_unsplit

    source = model_source(model)
    with working(f"splitting {name_of(source)}") as told:
        points = frontier_or_unsplit(source, **asked, told=told)
    if isinstance(points, Split):
        _complain_of_model(source, asked["bind"], points.before.warnings)
        if page is not None:
            complain(f"nothing is written to {page}: no split is searched for")
        _print(points, [], as_json=as_json, aside=False)
        return EXIT_CODES[points.status]
    _complain_of_model(source, asked["bind"])
    if page is not None:
        from tmpass.report.page.split import frontier_page

        write_all([(page, frontier_page(points, name_of(source)))])
    if as_json:
        from tmpass.report.json.split import frontier_json

        click.echo(frontier_json(points), nl=False)
    elif page != "-":
        from tmpass.report.terminal.split import PROVED, frontier_table

        print_table(frontier_table(points))
        click.echo(PROVED)
    return 0
