"""`tmpass probe`."""

import click

from tmpass.cli.command import Command
from tmpass.cli.files import model_source, name_of
from tmpass.cli.inputs import refuse_inputs
from tmpass.cli.terminal import complain, progress
from tmpass.cli.write_files import write_whole

_SHOWN = 8


@click.command("probe", cls=Command)
@click.argument("model", metavar="MODEL")
@click.option("--output", "-o", metavar="FILE", default="-", help="Write to FILE, not to standard output.")
@click.pass_context
def command(ctx: click.Context, model: str, output: str) -> None:
    """Measure the arena of TensorFlow Lite Micro, and write rules of kernels.

    The model and each operator alone are set up in the interpreter, which the
    extra `tflm` installs. The file has the operators that tmpass has no rule
    for, or another one. The exit code is 1 if the model does not run.
    `tmpass probe-scratch` is the older form: scratch alone, as JSON.

    \b
    Example:
        tmpass probe model.tflite -o kernels.toml
        tmpass plan model.tflite --target tflm --scratch kernels.toml
    """
    from tmpass.api.probe import probe_arena
    from tmpass.targets.tail.write import kernels_toml

    refuse_inputs([output], [("the model", model)])
    source = model_source(model)
    with progress(f"measuring the operators of {name_of(source)}"):
        found = probe_arena(source)
    if found.fault:
        complain(f"{name_of(source)} does not run: {found.fault}; {found.source}")
    write_whole(output, kernels_toml(found.kernels, found.sha256, found.source, found.whole))
    tell_unknown(found.unknown)
    ctx.exit(1 if found.fault else 0)


def tell_unknown(lines: tuple[str, ...]) -> None:
    """Report what could not be measured, the first few by name."""
    for line in lines[:_SHOWN]:
        complain(f"not measured: {line}")
    if len(lines) > _SHOWN:
        complain(f"not measured: {len(lines) - _SHOWN} more operators")
