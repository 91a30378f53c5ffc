"""A table in Markdown, printed or put between its markers on a page that is otherwise written by hand."""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a header; on the page it stands between `<!-- table: name -->` and `<!-- end -->`."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def markdown(self) -> str:
        """The lines of the table, numbers to the right, and the note below it."""
        lines = [_line(self.header), "|-|" + "-:|" * (len(self.header) - 1)]
        lines += [_line([figure(cell) for cell in row]) for row in self.rows]
        return "\n".join(lines) + (f"\n\n{self.note}" if self.note else "")


def figure(cell: Cell) -> str:
    """A cell as text: three significant digits of a measured number, a dash where there is none."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "-"
    if isinstance(cell, float):
        digits = 2 - math.floor(math.log10(abs(cell))) if cell else 0
        return f"{round(cell, digits):,.{max(digits, 0)}f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def renewed(page: str, table: Table) -> str:
    """`page` with what is between the markers of `table` replaced.

    Raises:
        LookupError: the page has no such markers.
    """
    pattern = re.compile(rf"(<!-- table: {re.escape(table.name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not pattern.search(page):
        raise LookupError(f"the page has no place for a table: <!-- table: {table.name} --> and <!-- end -->")
    return pattern.sub(lambda found: f"{found[1]}\n{table.markdown()}\n\n{found[2]}", page, count=1)


def geometric_mean(values: Iterable[float | None]) -> float | None:
    """The geometric mean of the values that are not None; None if there are none."""
    present = [value for value in values if value is not None]
    return math.exp(sum(map(math.log, present)) / len(present)) if present else None


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
