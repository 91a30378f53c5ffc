"""The curve of an explanation as text: what a run costs at each size of the scratchpad."""

from typing import TYPE_CHECKING

from tmpass.explanation.facts import Explanation
from tmpass.report.curve import curve_lines, curve_rows
from tmpass.report.terminal.tables import plain_table

if TYPE_CHECKING:
    from rich.table import Table


def curve_table(known: Explanation) -> "Table | None":
    """A table with a row for each size; None where the scratchpad has no limit, or nothing was asked for."""
    if not known.curve:
        return None
    (size, fits, *figures, remarks), rows = curve_rows(known.curve)
    table = plain_table(f">{size}", fits, *(f">{name}" for name in figures), remarks)
    for row in rows:
        table.add_row(*row)
    return table


def curve_note(known: Explanation) -> str:
    """What the columns of the table count, or why there is no table; empty where nothing was asked for."""
    if known.curve is None:
        return ""
    return "".join(f"{line}\n" for line in curve_lines(known.curve, known.plan.target.memory))
