"""The results of `tmpass fleet`: formats and paths."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from tmpass.cli.files import read_text

if TYPE_CHECKING:
    from tmpass.fleets.compare import Comparison
    from tmpass.fleets.fleet import Fleet
    from tmpass.fleets.row import Row

FORMS = {"jsonl": (".jsonl", ".ndjson"), "csv": (".csv",), "md": (".md", ".markdown"), "html": (".html", ".htm")}
"""Format -> the suffixes of its files."""


class Form(click.ParamType):  # type: ignore[type-arg]  # generic only from click 8.4 on
    """A format and a path: `FORMAT=FILE`, or a `FILE` whose suffix tells the format."""

    name = "form"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """The format and the path in `value`."""
        form, equals, path = str(value).partition("=")
        if equals and form in FORMS:
            return form, path
        for name, suffixes in FORMS.items():
            if str(value).lower().endswith(suffixes):
                return name, str(value)
        what = f"{value!r} does not tell its format: write FORMAT=FILE, with one of {', '.join(FORMS)}"
        raise click.BadParameter(what, ctx, param)


def read_baseline(path: str) -> "tuple[Row, ...]":
    """The rows of an earlier run.

    Raises:
        UsageError: they cannot be read.
    """
    from tmpass.fleets.outputs.jsonl import read

    return read(read_text(path), path)


def emit_all(
    found: "Fleet", comparison: "Comparison | None", outputs: Sequence[tuple[str, str]]
) -> list[tuple[str, str]]:
    """The path and the text of each result."""
    from tmpass.fleets.outputs import csv, html, jsonl, markdown

    def text(form: str, path: str) -> str:
        if form == "html":
            return html.emit(found.rows, comparison, found.pages, path)
        if form == "md":
            return markdown.emit(found.rows, comparison)
        return csv.emit(found.rows) if form == "csv" else jsonl.emit(found.rows)

    return [(path, text(form, path)) for form, path in outputs]
