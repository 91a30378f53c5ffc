"""Rows as a table on the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tmpass.fleets.outputs.texts import COLUMNS, NUMBERS, cells, listed, short_names
from tmpass.fleets.row import Row
from tmpass.report.terminal.tables import plain_table
from tmpass.report.text import clip, one_line

if TYPE_CHECKING:
    from rich.table import Table

MOST_ROWS = 1000
"""Rows that are printed; of more, those that do not fit come first."""

_NAME, _ERROR = 60, 160
"""Characters of a name and of an error."""


def row_table(rows: Sequence[Row]) -> "Table":
    """The table of the rows; a column in which nothing is known is left out."""
    shown = listed(rows, MOST_ROWS)
    names = short_names(rows)
    texts = [
        (clip(names[row.model], _NAME), clip(row.target, _NAME), *cells(row)[:-1], clip(_fault(row), _ERROR))
        for row in shown
    ]
    used = [at for at, _ in enumerate(COLUMNS) if at < 3 or any(text[at] for text in texts)]
    table = plain_table(*(f"{'>' if COLUMNS[at] in NUMBERS else ''}{COLUMNS[at]}" for at in used))
    for text in texts:
        table.add_row(*(one_line(text[at]) for at in used))
    return table


def _fault(row: Row) -> str:
    """The last cell of `row`, without the name of the model, which the first cell has."""
    text = cells(row)[-1]
    names = (f"{row.model}: ", f"{row.model.rpartition('/')[2]}: ")
    return next((text.removeprefix(name) for name in names if text.startswith(name)), text)


def left_out(rows: Sequence[Row]) -> int:
    """How many rows the table leaves out."""
    return max(0, len(rows) - MOST_ROWS)
