"""What the commands print: lines, tables, and a sign of life."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tmpass.emit.text import clip, one_line

if TYPE_CHECKING:
    from rich.table import Table


_WIDEST = 10_000
"""Characters of a complaint: a hint may list many options."""


def complain(text: str) -> None:
    """Print `text` as one line on standard error, whatever control characters the names in it hold.

    Where that cannot be written nothing is said, and the exit code still tells.
    """
    try:
        click.echo(f"tmpass: {one_line(clip(text, _WIDEST))}", err=True)
    except OSError:
        drop("stderr")


def drop(stream: str) -> None:
    """Send what is still to come on `stream`, "stdout" or "stderr", nowhere.

    What is left in its buffer would fail again when Python ends, and change the exit code.
    """
    setattr(sys, stream, Path(os.devnull).open("w"))  # noqa: SIM115  # open to the end of the process


def open_standard_streams() -> None:
    """Put something in the place of each standard stream that the caller has closed.

    Otherwise the next file that is opened gets its number, and what is printed is lost without an error. To write to
    standard output, or to read standard input, stays an error; complaints go nowhere.
    """
    for number, flags in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # gets the lowest number that is free
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, closefd=False))


def coloured() -> bool:
    """Whether standard output gets colours: on a terminal, unless NO_COLOR is set there, or it cannot show them."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def print_table(table: "Table", *, err: bool = False) -> None:
    """Print `table`: fitted to the width of a terminal, and elsewhere with each row as wide as it is."""
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
    """A spinner on standard error while the block runs, from the second second on, on a terminal only."""
    if not sys.stderr.isatty():
        yield
        return
    from threading import Event, Thread

    done = Event()

    def spin() -> None:
        if done.wait(1.0):
            return
        from rich.console import Console
        from rich.text import Text

        with Console(stderr=True).status(Text(one_line(clip(what)))):
            done.wait()

    thread = Thread(target=spin, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
