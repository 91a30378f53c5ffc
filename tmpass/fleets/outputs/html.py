"""Rows as one HTML page without network access: the totals of each target, the changes, and a table to sort and filter.

Without scripts the table is still there, whole. Each row may link the page of its plan.
"""

import os
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from tmpass.fleets.compare import Comparison
from tmpass.fleets.outputs.texts import COLUMNS, NUMBERS, STATES, cells, exact, short_names, state, summary, totals
from tmpass.fleets.row import Row
from tmpass.report.text import clip, one_line

_PARTS = Path(__file__).parent
_SIZES = {"needed", "peak", "bound", "flash", "transfers"}


def emit(
    rows: Sequence[Row], comparison: Comparison | None = None, pages: Sequence[str | None] = (), place: str = ""
) -> str:
    """The page.

    Args:
        rows: of a fleet.
        comparison: with an earlier run.
        pages: for each row the path of its page, or None; empty where there are none.
        place: the path that the page will have: links are relative to it.
    """
    names, folder = short_names(rows), os.path.dirname(os.path.abspath(place))
    linked = list(pages) or [None] * len(rows)
    body = [_row(row, names[row.model], page, folder) for row, page in zip(rows, linked, strict=True)]
    heads = "".join(
        f'<th scope="col" aria-sort="none"{" class=number" * (name in NUMBERS)}><button>{title}</button></th>'
        for name, title in zip(COLUMNS, (*COLUMNS[:-1], "error or note"), strict=True)
    )
    return Template((_PARTS / "overview.html").read_text(encoding="utf-8")).substitute(
        summary=escape(summary(rows)),
        style=(_PARTS / "overview.css").read_text(encoding="utf-8"),
        script=(_PARTS / "overview.js").read_text(encoding="utf-8"),
        totals="\n".join(_total(one.target, one.counts) for one in totals(rows)),
        changes=_changes(comparison),
        targets="".join(f"<option>{_text(one.target)}</option>" for one in totals(rows)),
        states="".join(f"<option>{word}</option>" for word in STATES),
        heads=heads,
        rows="\n".join(body),
    )


def _total(target: str, counts: Sequence[int]) -> str:
    """A row of the totals: numbers, and a bar of their parts."""
    every = sum(counts)
    bar = "".join(
        f'<i class="{_class(word)}" style="width:{100 * count / every:.3f}%" title="{count} {word}"></i>'
        for word, count in zip(STATES, counts, strict=True)
        if count
    )
    figures = "".join(f"<td class=number>{count or ''}</td>" for count in counts)
    return f"<tr><th scope=row>{_text(target)}</th>{figures}<td><span class=bar>{bar}</span></td></tr>"


def _changes(comparison: Comparison | None) -> str:
    if comparison is None:
        return ""
    lines = list(comparison.lines())
    items = "".join(
        f"<li{' class=bad' * (at < comparison.failures)}>{_text(line)}</li>" for at, line in enumerate(lines)
    )
    listed = f"<ul>{items}</ul>" if items else "<p>None.</p>"
    return f"<section id=changes><h2>Changes since the baseline</h2>{listed}</section>"


def _row(row: Row, name: str, page: str | None, folder: str) -> str:
    title = _text(name)
    if page is not None:
        link = quote(os.path.relpath(os.path.abspath(page), folder).replace(os.sep, "/"))
        title = f'<a href="{escape(link)}">{title}</a>'
    fits, *figures, error = cells(row)
    values: list[object] = [row.needed, row.peak, row.bound, row.flash, row.transfers, row.time]
    body = "".join(
        f'<td class=number data-value="{-1 if value is None else value}"{_exact(name, value)}>{_text(text)}</td>'
        for name, text, value in zip(COLUMNS[3:9], figures, values, strict=True)
    )
    notes = "; ".join(row.notes)
    shown = f'<span class=note title="{escape(one_line(notes))}">{_text(notes, 120)}</span>' if notes else ""
    last = f'<span title="{escape(one_line(error))}">{_text(error, 160)}</span>' if error and not row.fits else shown
    return (
        f'<tr data-state="{state(row)}"><th scope=row title="{escape(one_line(row.model))}">{title}</th>'
        f"<td>{_text(row.target)}</td><td><b class={_class(fits)}>{fits}</b></td>{body}<td class=error>{last}</td></tr>"
    )


def _exact(name: str, value: object) -> str:
    return f' title="{exact(value)}"' if name in _SIZES and isinstance(value, int) else ""


def _class(word: str) -> str:
    return word.replace(" ", "-")


def _text(text: str, most: int = 200) -> str:
    return escape(one_line(clip(text, most)))
