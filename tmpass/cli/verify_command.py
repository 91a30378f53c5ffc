"""`tmpass verify`."""

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from tmpass.base.errors import UsageError, brief
from tmpass.cli.command import Command
from tmpass.cli.complete import complete_target
from tmpass.cli.files import model_source
from tmpass.cli.planned_target import read_for_target
from tmpass.cli.settled import target_for
from tmpass.cli.terminal import complain, progress
from tmpass.cli.values import Seconds, Whole
from tmpass.cli.verify_pair import (
    original_line,
    refuse_swapped,
    refuse_swapped_split,
    which_is_which,
)
from tmpass.report.kernels import does_not_run, not_known, unread
from tmpass.report.left_out import not_counted
from tmpass.report.text import clip, counted, one_line
from tmpass.settings import TARGET_VARIABLE

if TYPE_CHECKING:
    from tmpass.base.violation import Violation
    from tmpass.execution.run import Execution
    from tmpass.plans.plan import Plan
    from tmpass.verification.trust import Proved, Trusted

_SHOWN, _NAMES = 20, 8

_OF_TARGET = frozenset(
    ("time", "memories", "capacity", "alignment", "runtime", "sharing", "scratch", "kernels", "overhead", "source")
)
"""Claims that a profile of the target settles."""

_EXECUTION = {
    "inputs": "--inputs",
    "single": "--input",
    "trips": "--execute-trips",
    "seconds": "--execute-seconds",
    "max_bytes": "--execute-bytes",
}
"""Argument of tmpass.execute -> the option that gives it."""


@click.command("verify", cls=Command)
@click.argument("plan", metavar="PLAN")
@click.argument("model", metavar="[MODEL]", required=False)
@click.option(
    "--target",
    "-t",
    envvar=TARGET_VARIABLE,
    show_envvar=True,
    metavar="NAME|FILE",
    shell_complete=complete_target,
    help="Also check the plan against this target: its name, memories, runtime, sharing and scratch. "
    "By default that of the settings file, where the plan is for it.",
)
@click.option(
    "--execute",
    is_flag=True,
    help="Also run the model in the planned bytes, and compare its outputs with those of ONNX Runtime or LiteRT.",
)
@click.option(
    "--inputs",
    metavar="FILE",
    help="With --execute: values of inputs by name, from an .npz file. The others are random.",
)
@click.option(
    "--input",
    "single",
    multiple=True,
    metavar="NAME=FILE",
    help="With --execute: the value of one input, from an .npy file. May be repeated.",
)
@click.option(
    "--execute-trips",
    "trips",
    type=Whole(1, 10**12),
    metavar="N",
    help="Limit on the rounds of loops in one run. [default: 5000]",
)
@click.option(
    "--execute-seconds", "seconds", type=Seconds(10_000_000), metavar="N", help="Limit on the wall time. [default: 300]"
)
@click.option(
    "--execute-bytes",
    "max_bytes",
    metavar="SIZE",
    help="Limit on memory, besides that for the model's files. [default: 640MiB]",
)
@click.option("--split", "is_split", is_flag=True, help="PLAN is a split model, and MODEL the original: compare them.")
@click.option("--json", "as_json", is_flag=True, help="Print the result with all violations as JSON.")
@click.pass_context
def command(
    ctx: click.Context, /, plan: str, model: str | None, target: str | None, execute: bool, as_json: bool, **given: Any
) -> None:
    """Verify the plan in the file PLAN, of any origin, against MODEL.

    PLAN may also be a model that carries a plan, of tmpass or the offline
    plan of another tool; MODEL is then its original, or left out.
    With --split, verify that a split model computes what the original does.

    After the answer follow the bytes that the plan does not count, the
    figures proved again, and those taken on trust: fewer with --target.

    \b
    Example:
        tmpass plan model.tflite -o plan.json
        tmpass verify plan.json model.tflite
        tmpass verify plan.json model.tflite --target pixel6-tpu
        tmpass verify planned.tflite
        tmpass verify --execute plan.json model.onnx
        tmpass verify --execute --inputs inputs.npz plan.json model.onnx
        tmpass verify --execute --input x=x.npy plan.json model.tflite
        tmpass verify --split split.tflite model.tflite
    """
    from tmpass.api import execute as execution
    from tmpass.api import verify as verification
    from tmpass.graph.binding import check_bindings
    from tmpass.loading.load import load

    aimed = ctx.get_parameter_source("target") is ParameterSource.COMMANDLINE
    _refuse_mixed(given, execute=execute, others=execute or as_json or aimed)
    if given.pop("is_split"):
        ctx.exit(_verify_split(plan, model))
    source = _model(plan, model)
    target, named = target_for(ctx, model or plan, target)
    found, target = _read(plan, target, named)
    source, is_copy = _verified(found, source)
    run = None
    with progress(f"verifying {plan}"):
        loaded = load(source, bindings=check_bindings(found.options.bind))
        violations = verification.verify(found, loaded, target=target)
        if execute and not any(violation.kind == "model" for violation in violations):
            run = execution.execute(found, source, folder=_folder(plan, source), **given)
            violations = (*violations, *run.violations)
        shown, believed = (
            ((), verification.trusted(found, target=target))
            if violations
            else verification.claims(found, loaded, target=target)
        )
    if as_json:
        from tmpass.report.json.verification import to_json

        click.echo(to_json(found, target, violations, shown, believed, run), nl=False)
        ctx.exit(5 if violations else 0)
    if violations:
        _complain_of(found, target, named, violations, which_is_which(violations[0], found, plan, source))
        ctx.exit(5)
    answer, *lines = _proved(plan, found, run, shown, believed, target)
    for line in (answer, *original_line(plan, model, is_copy=is_copy), *lines):
        click.echo(one_line(clip(line)))


def _read(path: str, target: str | None, named: str) -> "tuple[Plan, str | None]":
    """The plan in the file `path`, and `target`, or None after a line where `named` gives that of another plan."""
    from tmpass.api.arguments import target_of

    plan, own = read_for_target(path, target, named)
    if own != target:
        name = target_of(target).name
        complain(f"the plan is for {plan.target.name}, and {named} names {name}: --target checks it against a target")
    return plan, own


def _proved(
    plan: str,
    found: "Plan",
    run: "Execution | None",
    shown: "Iterable[Proved]",
    believed: "Iterable[Trusted]",
    target: str | None,
) -> list[str]:
    """The lines on a plan that is right: what was executed, is not counted, proved and taken on trust."""
    lines = [f"{plan} is right for {found.model.file}{'' if run is not None else f': {_count(found)}'}"]
    lines += execution_lines(run, len(found.schedule)) if run is not None else []
    if refused := does_not_run(found):
        lines.append(f"does not fit: {refused}")
    elif not found.fits:
        from tmpass.report.answer import claim_of, sentence  # which few plans need

        said, trusted = sentence(found), {one.what for one in believed}
        lines.append(said.replace("proved", "claimed", 1) if claim_of(found) in trusted else said)
    lines += [f"kernels: it runs only {condition}"] if (condition := not_known(found)) else []
    lines += [f"format: it runs only {other}"] if (other := unread(found)) else []
    lines += [f"not counted: {left_out}"] if (left_out := not_counted(found)) else []
    lines += [f"proved: {one.what}: {one.message}" for one in shown]
    return [*lines, *_on_trust(found, list(believed), target)]


def _on_trust(found: "Plan", believed: "list[Trusted]", target: str | None) -> list[str]:
    """What is taken on trust, a line each; the figures of a built-in target, which `--target` checks, in one line."""
    from tmpass.targets import target_names

    name = found.target.name if found.target.name in target_names() else ""
    own = {"capacity": found.options.budget, "alignment": found.options.alignment}  # no profile settles these
    settled = {what for what in _OF_TARGET if own.get(what) is None}
    of_target = [one for one in believed if target is None and name and one.what in settled]
    lines = [f"on trust: {one.what}: {one.message}" for one in believed if one not in of_target]
    if of_target:
        facts = ", ".join(dict.fromkeys(one.what for one in of_target))
        lines.insert(0, f"on trust: the figures of {name}: {facts}")
    if target is None:
        lines.append(f"figures on trust need a target: --target {name or 'NAME'} checks the plan against it")
    return lines


def _complain_of(
    plan: "Plan", target: str | None, named: str, violations: "Sequence[Violation]", notes: "Iterable[str]"
) -> None:
    """Print the first violations, how many more there are, who named the target, and the `notes`.

    Of a plan for another target than `target`, the first says that, and the others may follow from it.
    """
    from tmpass.api.arguments import target_of

    other_target = target is not None and target_of(target).name != plan.target.name
    shown = 1 if other_target else _SHOWN
    for violation in violations[:shown]:
        complain(f"{violation.kind}: {violation.message}")
    if other_target and len(violations) > 1:
        more = counted(len(violations) - 1, "violation")
        complain(f"and {more} more, which may follow from that: --json lists them")
        from tmpass.targets import target_names

        own = plan.target.name if plan.target.name in target_names() else "FILE"
        complain(f"--target {own} checks the plan against its own target")
    elif len(violations) > _SHOWN:
        complain(f"and {len(violations) - _SHOWN} more violations")
    for note in (*_named_by(target, named), *notes):
        complain(note)


def _named_by(target: str | None, named: str) -> list[str]:
    """The note that `named`, and no option, gave the target."""
    return [f"target {target} is that of {named}; --target names another"] if named else []


def _model(plan: str, model: str | None) -> str | bytes:
    """The model to verify against: MODEL, or the one that carries the plan, without it."""
    from tmpass.loading.registry import names_model

    if plan == model == "-":
        raise UsageError("the plan and the model both come from standard input", hint="give one of them as a file")
    if names_model(plan) and model is not None and model.lower().endswith(".json"):
        raise UsageError(f"{brief(plan)} is the model: the plan comes first", hint="tmpass verify PLAN MODEL")
    if model is not None:
        source = model_source(model)
        refuse_swapped(plan, source)
        return source
    if not names_model(plan):
        raise UsageError("the model is missing", hint="tmpass verify PLAN MODEL")
    return plan


def _verified(found: "Plan", source: str | bytes) -> tuple[str | bytes, bool]:
    """What to load for the model `source`, and whether that is the planned file instead of its original `source`."""
    from tmpass.api.verified_source import verified_source

    wanted = verified_source(found, source)
    return wanted, wanted is not source and found.is_of_file


def _folder(plan: str, source: str | bytes) -> str | None:
    """The folder of the weights beside the planned file `plan`, where the model `source` is the original in it."""
    return os.path.dirname(os.path.abspath(plan)) if isinstance(source, bytes) and plan != "-" else None


def _refuse_mixed(given: dict[str, Any], *, execute: bool, others: bool) -> None:
    """Refuse options of which one has no use for the other, and put single inputs to the others in `given`.

    Args:
        given: the options of an execution, and `is_split`.
        execute: whether there is to be an execution.
        others: whether there is an option that needs a plan.

    Raises:
        UsageError: there are such options.
    """
    for name, option in _EXECUTION.items():
        if given[name] not in (None, ()) and not execute:
            raise UsageError(f"{option} is given without --execute", hint="add --execute, or leave it out")
    if given["is_split"] and others:
        raise UsageError("--split compares two models", hint="leave out --execute, --target and --json")
    if single := given.pop("single"):
        from tmpass.execution.inputs import read_all

        given["inputs"] = read_all(given["inputs"], single)


def _verify_split(split: str, original: str | None) -> int:
    """Compare a split model with its original, and return the exit code."""
    from tmpass.api.verify_split import split_sizes, verify_split

    if original is None:
        raise UsageError("the original is missing", hint="tmpass verify --split SPLIT MODEL")
    sources = model_source(split), model_source(original)
    refuse_swapped_split(*sources)
    with progress(f"verifying {split}"):
        violations = verify_split(*sources)
    for violation in violations:
        complain(f"{violation.kind}: {violation.message}")
    if violations:
        return 5
    sizes = ", ".join(f"{name}={size}" for name, size in split_sizes(*sources).items())
    same = f"{split} computes the same as {original}{f' for {sizes}' * bool(sizes)}"
    click.echo(one_line(f"{same}: each output element from the same inputs, the same way"))
    return 0


def _count(plan: "Plan") -> str:
    placed = sum(row.buffer is not None for row in plan.tensors)
    buffers = sum(buffer.first is None for buffer in plan.buffers)
    copies = counted(len(plan.buffers) - buffers, "transfer")
    steps = counted(len(plan.schedule), "step") + (f", {copies}" if plan.transfers is not None else "")
    return f"{counted(placed, 'tensor')} in {counted(buffers, 'buffer')}, {steps}"


def execution_lines(run: "Execution", steps: int) -> list[str]:
    """One line for each result of an execution, for a plan with `steps` steps."""
    seeds = f"seed {run.seeds[0]}" if len(run.seeds) == 1 else f"seeds 0 to {run.seeds[-1]}"
    origin = [f"given: {_named(run.given)}"] if run.given else []
    origin += [f"random, {seeds}: {_named(run.drawn)}"] if run.drawn else []
    runs = f" in {len(run.seeds)} runs" if len(run.seeds) > 1 else ""
    reached = steps - len(run.unreached)
    lines = [
        f"  inputs        {'; '.join(origin) or 'none'}",
        f"  executed      {counted(run.steps, 'operator')}{runs}, {reached} of {counted(steps, 'step')} of the plan",
        f"  compared      {counted(run.compared, 'byte')} that operators read, each as it was written",
    ]
    if run.outputs:
        equal = f"{counted(run.outputs, 'output')} of {counted(run.output_bytes, 'byte')} with those of {run.engine}"
        lines.append(f"  compared      {equal}{'' if run.notes else ', equal in all bits'}")
    lines += [f"  note          {note}" for note in run.notes]
    if run.unreached:
        lines.append(
            f"  not executed  {counted(len(run.unreached), 'step')} that no run reached: {_steps(run.unreached)}"
        )
    return lines


def _named(names: Sequence[str]) -> str:
    return ", ".join(map(brief, names[:_NAMES])) + (f" and {len(names) - _NAMES} more" if len(names) > _NAMES else "")


def _steps(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers[:_NAMES])) + (", ..." if len(numbers) > _NAMES else "")
