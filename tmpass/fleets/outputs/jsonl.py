"""Rows as JSON lines, and back."""

import json
from collections.abc import Sequence

from tmpass.base.errors import UsageError
from tmpass.fleets.row import Row, row_from


def emit(rows: Sequence[Row]) -> str:
    """A line for each row."""
    return "".join(f"{row.to_json()}\n" for row in rows)


def read(text: str, where: str) -> tuple[Row, ...]:
    """The rows in `text`.

    Args:
        text: what `emit` made.
        where: names the text in errors.

    Raises:
        UsageError: a line is not such a row, or two are of one model and target.
    """
    found: dict[tuple[str, str], Row] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        place = f"{where}, line {number}"
        try:
            data = json.loads(line)
        except (ValueError, RecursionError) as error:
            if text.lstrip()[:1] == "{" and '"tmpass.plan/' in text[:200]:
                hint = "give what tmpass fleet -o wrote; tmpass diff compares plans"
                raise UsageError("it is the plan of a model", where=where, hint=hint) from None
            raise UsageError(f"it is not JSON: {error}", where=place, hint="give what tmpass fleet -o wrote") from None
        row = row_from(data, place)
        if (row.model, row.target) in found:
            raise UsageError(f"{row.model} on {row.target} is there twice", where=place, hint="remove one of the lines")
        found[row.model, row.target] = row
    return tuple(found.values())
