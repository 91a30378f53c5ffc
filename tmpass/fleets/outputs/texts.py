"""Texts of rows that several forms show."""

import os
from collections.abc import Iterable, Sequence

from tmpass.base.record import record
from tmpass.base.sizes import format_size
from tmpass.fleets.row import Row
from tmpass.report.run_time import duration
from tmpass.report.text import counted, short_size

STATES = ("fits", "does not fit", "not found to fit", "error")
"""What may come of a row: "not found to fit" where the budget of the search ended."""

COLUMNS = ("model", "target", "fits", "needed", "peak", "bound", "flash", "transfers", "time", "error")


NUMBERS = {"needed", "peak", "bound", "flash", "transfers", "time"}
"""Those of COLUMNS that have figures."""


def listed(rows: Sequence[Row], most: int) -> Sequence[Row]:
    """At most `most` of the rows; where there are more, those that do not fit come first."""
    return rows if len(rows) <= most else sorted(rows, key=lambda row: row.code == 0)[:most]


def state(row: Row) -> str:
    """One of STATES."""
    if row.error:
        return "error"
    return "fits" if row.fits else "does not fit" if row.status == "infeasible" else "not found to fit"


def cells(row: Row) -> tuple[str, ...]:
    """The texts of COLUMNS, those of the names left out; empty where a figure is not known."""
    if row.error:
        return (*("error", *[""] * 6), row.error)
    share = f" ({100 * row.needed / row.capacity:.0f} %)" if row.needed is not None and row.capacity else ""
    bound = "reached" if row.bound == row.peak else _size(row.bound)
    time = "" if row.time is None else duration(row.time)
    moved = _size(row.transfers) if row.transfers else ""
    fault = row.not_run or row.condition or ""
    return (state(row), _size(row.needed) + share, _size(row.peak), bound, _size(row.flash), moved, time, fault)


def _size(size: int | None) -> str:
    return "" if size is None else short_size(size)


def exact(size: int | None) -> str:
    """`size` with all its digits; empty where it is not known."""
    return "" if size is None else format_size(size)


def short_names(rows: Iterable[Row]) -> dict[str, str]:
    """Model -> its name without the folders that all models share."""
    names = list(dict.fromkeys(row.model for row in rows))
    folders = [name.replace(os.sep, "/").split("/")[:-1] for name in names]  # of a file in the current one: none
    shared = 0
    while folders and all(len(f) > shared and f[shared] == folders[0][shared] for f in folders):
        shared += 1
    return {name: "/".join(name.replace(os.sep, "/").split("/")[shared:]) for name in names}


@record
class Total:
    """How many rows of one target have each of STATES."""

    target: str
    counts: tuple[int, ...]


def totals(rows: Sequence[Row]) -> tuple[Total, ...]:
    """The total of each target, in the order of the rows."""
    found: dict[str, list[int]] = {}
    for row in rows:
        counts = found.setdefault(row.target, [0] * len(STATES))
        counts[STATES.index(state(row))] += 1
    return tuple(Total(target, tuple(counts)) for target, counts in found.items())


def summary(rows: Sequence[Row]) -> str:
    """One line: how many rows have each of STATES, of how many."""
    counts = [sum(total.counts[at] for total in totals(rows)) for at in range(len(STATES))]
    words = ("fit", "do not fit", "not found to fit", "with an error")
    parts = [f"{count} {word}" for count, word in zip(counts, words, strict=True) if count]
    models = len({row.model for row in rows})
    scope = f"{counted(models, 'model')} on {counted(len(totals(rows)), 'target')}"
    return f"{scope}, {counted(len(rows), 'row')}: {', '.join(parts)}"
