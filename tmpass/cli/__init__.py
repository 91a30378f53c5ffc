"""The command line. Each command is a module that is imported when it is called: start-up is part of the speed."""

import gc
import sys
from importlib import import_module

import click

from tmpass import __version__
from tmpass.errors import TmpassError

COMMANDS = ("plan", "verify", "show", "targets", "allocate")


class _Commands(click.Group):
    """Finds a command by the name of its module, and turns an error into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        del ctx
        if name not in COMMANDS:
            return None
        command: click.Command = import_module(f"tmpass.cli.{name}_command").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except TmpassError as error:
            click.echo(f"tmpass: {error}", err=True)
            ctx.exit(error.exit_code)
        except MemoryError:
            click.echo("tmpass: there is not enough memory for this", err=True)
            ctx.exit(3)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="tmpass")
def commands() -> None:
    """Plan the on-chip memory of TFLite and ONNX models.

    \b
    Example:
        tmpass plan model.tflite --target pixel6-tpu

    \b
    Exit codes:
        0  it fits, or the command did its work
        1  it does not fit
        2  wrong usage or target
        3  the model cannot be read or planned
        4  the search budget ended without an answer
        5  verification failed
    """


def main() -> None:
    """Run the command line.

    Without the cyclic garbage collector: a plan makes many small objects and hardly a cycle, and searching them
    again and again is a third of the time that a large model takes.
    """
    gc.disable()
    sys.exit(commands())
