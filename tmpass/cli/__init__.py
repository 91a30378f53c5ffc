"""The command line. Each command is a module of its own, imported only when it runs: start-up is part of speed."""

import errno
import gc
import os
import sys
from importlib import import_module
from io import TextIOWrapper
from typing import Any, NoReturn

import click

from tmpass.base import interrupts
from tmpass.base.errors import TmpassError, brief_text
from tmpass.base.version import VERSION
from tmpass.cli.terminal import complain, drop, open_standard_streams
from tmpass.cli.usage import no_such_command, usage_text

COMMANDS = (
    "plan",
    "split",
    "explain",
    "verify",
    "show",
    "emit",
    "diff",
    "fleet",
    "strip",
    "probe",
    "targets",
    "allocate",
    "learn",
    "spill",
)

OLDER = ("probe-scratch",)
"""Commands that still run. The help lists them apart, and completion does not offer them."""

INTERNAL_ERROR = 70
"""Exit code of an unexpected exception, EX_SOFTWARE of sysexits.h: an accident never has the exit code of an answer."""

_SENTENCE = 400
"""The most characters of a command's line in the help: more than any has."""

_SIGPIPE = 13
_OUTPUT = (errno.EBADF, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOSPC, errno.ENXIO, errno.EAGAIN)
"""Error numbers that a write to standard output may raise."""


class _Commands(click.Group):
    """The group of commands: finds each by the name of its module, and turns errors into one line and an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        del ctx
        if name not in (*COMMANDS, *OLDER):
            return None
        command: click.Command = import_module(f"tmpass.cli.{name.replace('-', '_')}_command").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that `args` begin with.

        Raises:
            click.UsageError: no command has this name. The message names the nearest one.
        """
        name = args[0]
        if not ctx.resilient_parsing and not name.startswith("-") and self.get_command(ctx, name) is None:
            raise no_such_command(name, COMMANDS, args[1:], ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands to the help, each with a whole sentence."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, found.get_short_help_str(_SENTENCE)) for name, found in commands if found])
        older = [(name, self.get_command(ctx, name)) for name in OLDER]
        with formatter.section("Older commands"):
            formatter.write_dl([(name, found.get_short_help_str(_SENTENCE)) for name, found in older if found])

    def main(self, *args: Any, **options: Any) -> NoReturn:
        """Run a command, and exit with its code; any error becomes one line on standard error."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # a terminal that cannot show a name still shows the rest
                stream.reconfigure(errors="backslashreplace")
        try:
            code = super().main(*args, **{**options, "standalone_mode": False})
        except TmpassError as error:
            complain(str(error))
            code = error.exit_code
        except click.Abort:
            complain("interrupted")
            code = interrupts.EXIT_CODE
        except click.ClickException as error:
            complain(usage_text(error))
            code = 2
        except MemoryError:
            complain("not enough memory")
            code = 3
        except SystemExit as end:  # click's own: the reader of a pipe has gone
            code = 128 + _SIGPIPE if end.code == 1 else end.code
        except Exception as error:
            code = _unforeseen(error)
        sys.exit(code)


def _unforeseen(error: Exception) -> int:
    """Report an unexpected exception, and return its exit code: output that cannot be written, or an internal error."""
    if isinstance(error, OSError) and error.filename is None and error.errno in _OUTPUT:
        reason = "it is closed" if error.errno == errno.EBADF else error.strerror
        drop("stdout")
        complain(f"cannot write the output: {reason}")
        return 2
    trace, place = error.__traceback__, ""
    while trace is not None:
        code, line = trace.tb_frame.f_code, trace.tb_lineno
        if trace.tb_frame.f_globals.get("__name__", "").startswith("tmpass"):
            place = f", {os.path.basename(code.co_filename)} line {line}"
        trace = trace.tb_next
    text = brief_text(str(error).partition("\n")[0])
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    complain(f"internal error: {what}{place}; please report this line, the command and its files")
    return INTERNAL_ERROR


@click.group(
    "tmpass", cls=_Commands, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(VERSION, "-V", "--version", prog_name="tmpass")
@click.pass_context
def commands(ctx: click.Context) -> None:
    """Plan the on-chip memory of TFLite and ONNX models.

    \b
    Example:
        tmpass plan model.tflite --target pixel6-tpu

    \b
    Exit codes:
        0  fits, or done
        1  does not fit
        2  wrong usage or target
        3  the model cannot be read or planned
        4  budget ended without an answer
        5  verification failed
        70  internal error: please report it
        130  interrupted; the best answer so far is kept
        141  the reader of the output has ended; files are written

    docs/exit-codes.md explains them, and docs/units.md the sizes.
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help(), err=True)
        ctx.exit(2)


def main() -> None:
    """Run the command line.

    The cyclic garbage collector is off: a plan makes many small objects and few cycles, and collections took a third of
    the time for a large model.
    """
    gc.disable()
    open_standard_streams()
    sys.exit(commands())
