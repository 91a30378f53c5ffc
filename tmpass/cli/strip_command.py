"""`tmpass strip`."""

import click

from tmpass.cli.command import Command
from tmpass.cli.files import model_source
from tmpass.cli.inputs import refuse_inputs, refuse_weights
from tmpass.cli.terminal import complain
from tmpass.cli.write_files import write_whole


@click.command("strip", cls=Command)
@click.argument("model", metavar="MODEL")
@click.option("--output", "-o", metavar="FILE", required=True, help="Write the original to FILE; - is standard output.")
def command(model: str, output: str) -> None:
    """Restore the original of a planned MODEL, byte for byte. A split stays: only the plan is taken off.

    \b
    Example:
        tmpass plan model.tflite -o planned.tflite
        tmpass strip planned.tflite -o model.tflite
    """
    from tmpass.api.planned_model import SPLIT_STAYS, original_model, stays_split

    refuse_inputs([output], [("the model", model)])
    refuse_weights([output], model)
    source = model_source(model)
    original, split = original_model(source), stays_split(source)
    write_whole(output, original)
    if split:
        complain(f"{output}: {SPLIT_STAYS}")
