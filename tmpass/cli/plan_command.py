"""`tmpass plan`."""

import os
from typing import TYPE_CHECKING, Any

import click

from tmpass.cli import emit_option
from tmpass.cli.command import Command
from tmpass.cli.files import model_source
from tmpass.cli.inputs import refuse_inputs, refuse_weights, target_file
from tmpass.cli.options import (
    EXIT_CODES,
    INTERRUPTED,
    complain_of_target,
    make_plan,
    make_planned_model,
    model_facts,
    plan_before,
    planning_options,
)
from tmpass.cli.outputs import check_curve, check_format, check_outputs
from tmpass.cli.settled import settled, targets_left_open
from tmpass.cli.terminal import complain, complain_of_notes, complain_of_planner, complain_of_weights, progress
from tmpass.cli.write_files import plain_name, write_all
from tmpass.report.text import one_line

if TYPE_CHECKING:
    from tmpass.plans.plan import Plan
    from tmpass.report.formats.registry import Format

PLANNER_FORMAT = "tflm-planner"
"""The format of the header with the planner for several memories."""


@click.command("plan", cls=Command)
@click.argument("model", metavar="MODEL")
@planning_options
@click.option("--json", "as_json", is_flag=True, help="Print the plan as JSON instead of the summary.")
@click.option(
    "--output",
    "-o",
    metavar="FILE",
    help="Write the plan as JSON to FILE, - is standard output; or the model with the plan in it, if FILE has the "
    "suffix of a model: .tflite, .onnx.",
)
@click.option("--emit-model", metavar="FILE", help="Write the model with the plan in it to FILE.")
@click.option("--emit", type=emit_option.Emission(), multiple=True, metavar="[FORMAT=]FILE", help=emit_option.HELP)
@click.option("--curve", is_flag=True, help="Show on the page of --emit what the plan costs at other scratchpad sizes.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    model: str,
    as_json: bool,
    output: str | None,
    emit_model: str | None,
    emit: "tuple[tuple[Format, str], ...]",
    curve: bool,
    **asked: Any,
) -> None:
    """Plan the memory of MODEL: whether it fits, and the offset of every tensor.

    \b
    Examples:
        tmpass plan model.tflite --target pixel6-tpu
        tmpass plan model.onnx --bind batch=1 --budget 512KiB -o plan.json
        tmpass plan model.tflite --target tflm -o planned.tflite
        tmpass plan model.tflite --emit arena.html --emit arena_plan.h
        tmpass plan model.tflite --target ethos-u65 --emit arena.html --curve
    """
    from tmpass.plans.plan import STOPPED

    asked = settled(ctx, model, asked)
    output, emit_model = (path and plain_name(path) for path in (output, emit_model))
    emit = tuple((form, plain_name(path)) for form, path in emit)
    check_outputs(output, emit_model, emit, as_json=as_json)
    check_curve(emit, asked=curve)
    _refuse_inputs([output, emit_model, *(path for _, path in emit), "-" if as_json else None], model, asked)
    models = [path for path in (emit_model, output if output is not None and _is_model(output) else None) if path]
    source = model_source(model)
    if models:
        plan, loaded, data, beside = make_planned_model(source, asked)
        check_format(models, plan.model.format)
    else:
        (plan, loaded), data, beside = make_plan(source, asked), None, ()
    results: list[tuple[str, str | bytes]] = [(path, data) for path in models if data is not None]
    stopped = STOPPED in plan.warnings
    results += emit_option.make_all(
        plan,
        emit,
        lambda: None if stopped else plan_before(loaded, asked),
        lambda: model_facts(plan, loaded, asked, curve=curve and not stopped),
    )
    if output is not None and output not in models:
        results.append((output, plan.to_json()))
        if os.path.splitext(output)[1] not in ("", ".json"):
            complain(f"{output}: the plan as JSON, since this is not the suffix of a model")
    if as_json and output != "-":
        results.append(("-", plan.to_json()))
    write_all(results)
    _complain_of_models(models, plan, data, model, beside)
    _complain_of_emitted(models, emit, plan, data)
    if data is not None and all(form.NAME != PLANNER_FORMAT for form, _ in emit):
        complain_of_planner(plan)
    if "-" in (*models, *(path for path, _ in results)):
        complain_of_target(plan)
    else:
        _summarise(source, plan, asked["target"])
    ctx.exit(INTERRUPTED if stopped else EXIT_CODES[plan.status])


def _refuse_inputs(places: "list[str | None]", model: str, asked: dict[str, Any]) -> None:
    """Refuse results at the places of what the command reads."""
    read = (("the model", model), ("the scratch file", asked["scratch"]), ("the target", target_file(asked["target"])))
    refuse_inputs(places, read)
    refuse_weights(places, model)


def _summarise(source: str | bytes, plan: "Plan", target: str) -> None:
    """Print the summary, and how much a split model needs where that fits and the plan does not."""
    from tmpass.plans.plan import STOPPED
    from tmpass.report.terminal.summary import summary
    from tmpass.targets import RUNTIMES

    click.echo(summary(plan, targets_left_open()), nl=False)
    if plan.registrations:
        from tmpass.report.resolver import resolver_line  # which few runtimes need

        click.echo(one_line(f"resolver     {resolver_line(plan)}"))
    reads = RUNTIMES[plan.target.runtime].reads
    unread = bool(reads) and plan.model.format not in reads
    if plan.fits or STOPPED in plan.warnings or unread or plan.refused:  # no offer, which takes many imports
        return
    from tmpass.api.arguments import target_of
    from tmpass.api.split_offer import NoSplit, offer_split

    profile = target_of(target).override(plan.options.budget, plan.options.alignment)
    with progress(f"splitting {plan.model.file}"):
        offer = offer_split(source, plan, profile)
    if offer is not None and not isinstance(offer, NoSplit):  # tmpass explain gives the reason
        click.echo(f"split        {offer.text.removeprefix('split, ')}")


def _is_model(path: str) -> bool:
    from tmpass.loading.registry import names_model

    return names_model(path)


def _complain_of_models(
    paths: list[str], plan: "Plan", data: bytes | None, model: str, beside: tuple[str, ...]
) -> None:
    """Print which planned models were not written, and what the others need: another target, or their weights."""
    if data is None:
        for path in paths:
            older = "; the file there is of an earlier run" if os.path.exists(path) else ""
            complain(f"nothing is written to {path}: the plan does not fit{older}")
        return
    _complain_of_offsets(plan)
    complain_of_weights(paths, model, beside)


def _complain_of_emitted(
    models: list[str], emit: "tuple[tuple[Format, str], ...]", plan: "Plan", data: bytes | None
) -> None:
    """Say what readers of emitted files need to know. A header names the file that was planned, not the planned one."""
    complain_of_notes(plan, emit)
    named = {"c": "its SHA-256, flash and the names of macros", "tflm-planner": "its SHA-256 and the names of macros"}
    for form, path in emit if data is not None else ():
        if form.NAME in named and path != "-" and models[0] != "-":
            what = f"{path} is for {plan.model.file}: {named[form.NAME]}"
            complain(f"{what}; for the planned file: tmpass emit {models[0]} --format {form.NAME} -o {path}")


def _complain_of_offsets(plan: "Plan") -> None:
    """Say that the runtime of `plan` does not look at the offsets in its file, where another one would."""
    from tmpass.targets.runtime import RUNTIMES

    if RUNTIMES[plan.target.runtime].keeps_offsets:
        return
    for runtime in RUNTIMES.values():
        if runtime.keeps_offsets and plan.model.format in runtime.reads:
            complain(f"the offsets are for {plan.target.name}: for {runtime.title} plan with --target {runtime.name}")
