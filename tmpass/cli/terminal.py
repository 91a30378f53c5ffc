"""What the commands print: lines, tables, and a sign of life."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from tmpass.emit.text import one_line

if TYPE_CHECKING:
    from rich.table import Table


def complain(text: str) -> None:
    """Print `text` as one line on standard error, whatever control characters the names in it hold."""
    click.echo(f"tmpass: {one_line(text)}", err=True)


def print_table(table: "Table") -> None:
    """Print `table`: fitted to the width of a terminal, and elsewhere with each row as wide as it is."""
    import shutil

    from rich.console import Console

    terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else 1_000_000
    console = Console(width=width, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(table)
    click.echo("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()), nl=False)


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

        with Console(stderr=True).status(Text(one_line(what))):
            done.wait()

    thread = Thread(target=spin, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
