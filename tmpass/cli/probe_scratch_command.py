"""`tmpass probe-scratch`, the older form of `tmpass probe`: scratch alone, as JSON."""

import click

from tmpass.cli.inputs import refuse_inputs
from tmpass.cli.probe_command import tell_unknown
from tmpass.cli.terminal import progress
from tmpass.cli.write_files import write_whole


@click.command("probe-scratch", hidden=True)
@click.argument("model", metavar="MODEL")
@click.option("--output", "-o", metavar="FILE", default="-", help="Write to FILE, not to standard output.")
def command(model: str, output: str) -> None:
    """Measure the scratch of TensorFlow Lite Micro's kernels, and write the scratch file.

    Each operator is measured alone in the interpreter, which the extra `tflm` installs.

    \b
    Example:
        tmpass probe-scratch model.tflite -o scratch.json
        tmpass plan model.tflite --target tflm --scratch scratch.json
    """
    from tmpass.api.probe import probe_scratch
    from tmpass.targets.scratch.write import scratch_json

    refuse_inputs([output], [("the model", model)])
    with progress(f"measuring the operators of {model}"):
        found = probe_scratch(model)
    write_whole(output, scratch_json(found.rules, found.sha256))
    tell_unknown(found.unknown)
