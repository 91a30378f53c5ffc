"""Rows as CSV: a line for each, sizes in bytes, the time in picoseconds."""

import csv
import io
from collections.abc import Sequence

from tmpass.fleets.row import Row
from tmpass.report.text import one_line

COLUMNS = (
    "model",
    "target",
    "sha256",
    "fits",
    "status",
    "memory",
    "capacity",
    "needed",
    "peak",
    "bound",
    "flash",
    "transfers",
    "time",
    "error",
    "code",
    "options",
    "profile",
    "not_run",
    "condition",
)


def emit(rows: Sequence[Row]) -> str:
    """The rows below their names of columns; what is not known is empty."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([_text(getattr(row, name)) for name in COLUMNS])
    return out.getvalue()


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = "" if value is None else one_line(str(value))
    # A spreadsheet takes a text that begins so for a formula, and names come from files.
    return f"'{text}" if text[:1] in "=+-@" and text[:1] else text
