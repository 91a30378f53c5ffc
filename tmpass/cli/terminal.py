"""Prints lines, tables and a progress spinner."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmpass.base import interrupts
from tmpass.base.errors import LONGEST, brief_text
from tmpass.report.text import clip, one_line

if TYPE_CHECKING:
    from rich.table import Table

    from tmpass.plans.plan import Plan
    from tmpass.report.formats.registry import Format


def complain(text: str) -> None:
    """Print `text` as one line on standard error, with control characters escaped and long names cut.

    Where standard error cannot be written, nothing is printed; the exit code still tells.
    """
    try:
        click.echo(f"tmpass: {one_line(brief_text(text, 4 * LONGEST))}", err=True)
    except OSError:
        drop("stderr")


def complain_of_weights(paths: Iterable[str], model: str, beside: Sequence[str]) -> None:
    """Print which of the models written to `paths` need files with weights that are beside `model` only."""
    folder = os.path.realpath(os.path.dirname(model))
    for path in paths if beside else ():
        if path != "-" and os.path.realpath(os.path.dirname(path)) != folder:
            names = beside[0] + (f" and {len(beside) - 1} more" if len(beside) > 1 else "")
            complain(f"{path} needs its weights beside it: {names}")


def complain_of_planner(plan: "Plan") -> None:
    """Print which tensors have no offset in the planned file of `plan`, and what the firmware needs for them."""
    from tmpass.plans.planner_note import planner_note

    if note := planner_note(plan):
        complain(f"warning: {note}")


def complain_of_notes(plan: "Plan", written: "Iterable[tuple[Format, str]]") -> None:
    """Print what the readers of the files of `plan` need besides them.

    Args:
        plan: that was written.
        written: the formats and paths.
    """
    from tmpass.report.formats.registry import note_of

    for form, path in written:
        if note := note_of(form, plan, path):
            complain(f"{path}: {note}" if path != "-" else note)


def drop(stream: str) -> None:
    """Discard all further output of `stream`, "stdout" or "stderr".

    The rest of its buffer would fail again when Python ends, and change the exit code.
    """
    setattr(sys, stream, Path(os.devnull).open("w"))  # noqa: SIM115  # open to the end of the process


def open_standard_streams() -> None:
    """Replace each standard stream that the caller has closed.

    Otherwise the next file that is opened gets its descriptor, and printed text would go there. Writing to standard
    output and reading standard input stay errors; standard error is discarded.
    """
    for number, flags in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # gets the lowest free descriptor
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, closefd=False))


_SHOW_CURSOR = b"\r\x1b[2K\x1b[?25h"
"""Clears the line of the spinner as well."""

_PATIENCE = 100
"""Milliseconds for Python to handle Ctrl-C; then the process ends, even inside a C function."""


def guard() -> None:
    """Let Ctrl-C end the process even inside a C function; every command that computes calls this."""
    if os.name == "nt" or not interrupts.installed() or interrupts.watched():
        return
    import signal

    import tmpass._core as _core

    readable, writable = os.pipe()
    for end in (readable, writable):
        os.set_blocking(end, False)
    watchdog = _core.Watchdog(readable, _PATIENCE)
    interrupts.watched_by(watchdog.drain, watchdog.hold)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)


def coloured() -> bool:
    """Whether standard output gets colours: on a terminal that has them, unless NO_COLOR is set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_table(table: "Table", *, err: bool = False) -> None:
    """Print `table`: fitted to the width of a terminal, and elsewhere in full width."""
    import shutil

    from rich.console import Console

    terminal = (sys.stderr if err else sys.stdout).isatty()
    width = shutil.get_terminal_size().columns if terminal else 1_000_000
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(table)
    click.echo("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()), nl=False, err=err)


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show a spinner on standard error while the block runs, after one second and only on a terminal."""
    with working(what):
        yield


@contextmanager
def working(what: str) -> Iterator[Callable[[str], None]]:
    """As `progress`; yields a function that takes a line on how far the work is, which the spinner shows."""
    guard()
    if not sys.stderr.isatty():
        yield list[str]().append
        return
    from threading import Event, Thread

    interrupts.farewell.append(_SHOW_CURSOR)
    done, lines = Event(), [what]

    def spin() -> None:
        if done.wait(1.0):
            return
        from rich.console import Console
        from rich.text import Text

        with Console(stderr=True).status(Text(one_line(clip(what)))) as status:
            while not done.wait(0.2):
                status.update(Text(one_line(clip(lines[-1]))))

    thread = Thread(target=spin, daemon=True)
    thread.start()
    try:
        yield lambda line: lines.append(f"{what}: {line}")
    finally:
        done.set()
        thread.join()
        interrupts.farewell.remove(_SHOW_CURSOR)
