"""Rows as Markdown, for the summary of a CI run: the totals, the changes, and the rows."""

from collections.abc import Sequence

from tmpass.fleets.compare import Comparison
from tmpass.fleets.outputs.texts import COLUMNS, NUMBERS, STATES, cells, listed, short_names, summary, totals
from tmpass.fleets.row import Row
from tmpass.report.text import clip, one_line

MOST_ROWS = 500
"""Rows that are listed. GitHub refuses a summary of more than a megabyte."""


def emit(rows: Sequence[Row], comparison: Comparison | None = None) -> str:
    """The page; with `comparison`, also what changed since the baseline."""
    lines = ["## Memory plans", "", f"{summary(rows)}", ""]
    lines += _table(("target", *STATES), [(t.target, *map(str, t.counts)) for t in totals(rows)], set(STATES))
    if comparison is not None:
        lines += ["### Changes since the baseline", ""]
        lines += [f"- {_escaped(line)}" for line in comparison.lines()] or ["None."]
        lines += [""]
    names = short_names(rows)
    shown = listed(rows, MOST_ROWS)
    lines += ["### Models", ""]
    lines += _table(COLUMNS, [(names[row.model], row.target, *cells(row)) for row in shown], NUMBERS)
    if len(rows) > MOST_ROWS:
        lines += [f"{len(rows) - MOST_ROWS} more rows are not listed.", ""]
    return "\n".join(lines)


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: set[str]) -> list[str]:
    marks = ["-:" if name in numbers else "-" for name in columns]
    body = ["| " + " | ".join(_escaped(cell) for cell in row) + " |" for row in rows]
    return ["| " + " | ".join(columns) + " |", "|" + "|".join(marks) + "|", *body, ""]


def _escaped(text: str) -> str:
    """`text` without meaning in Markdown or HTML."""
    text = one_line(clip(text, 300)).replace("&", "&amp;").replace("<", "&lt;")
    return "".join(f"\\{c}" if c in "\\|`*_[]" else c for c in text)
