"""The progress bar of `tmpass fleet`, on a terminal only."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tmpass.base import interrupts

_SHOW_CURSOR = b"\r\x1b[2K\x1b[?25h"


@contextmanager
def progress_bar(done: list[int]) -> Iterator[Callable[[int, int], None]]:
    """A function that is told how many rows of how many are done; it notes both in `done`, and moves the bar."""

    def note(count: int, total: int) -> None:
        done[:] = count, total

    if not sys.stderr.isatty():
        yield note
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("planning"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    interrupts.farewell.append(_SHOW_CURSOR)
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("planning", total=None)

            def move(count: int, total: int) -> None:
                note(count, total)
                bar.update(task, completed=count, total=total)

            yield move
    finally:
        interrupts.farewell.remove(_SHOW_CURSOR)
