"""Checks the output paths of `tmpass plan` before planning, so that no result is lost or misnamed."""

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tmpass.report.formats.registry import Format


def check_outputs(
    output: str | None,
    emit_model: str | None,
    emit: "tuple[tuple[Format, str], ...]",
    *,
    as_json: bool,
) -> None:
    """Refuse two results at one path, and `-o` with the suffix of a format that is not JSON.

    Raises:
        click.UsageError: an output is refused.
    """
    from tmpass.loading.registry import names_model
    from tmpass.report.formats.registry import FORMATS, load_format

    printed = [path for path in (output, emit_model, *(path for _, path in emit)) if path == "-"]
    if len(printed) + (as_json and output != "-") > 1:
        raise click.UsageError("more than one result would go to standard output: name files")
    for path in (output, emit_model, *(path for _, path in emit)):
        if path is not None and path.endswith(("/", os.sep)):
            raise click.UsageError(f"{path} is a folder: name the file")
    taken: dict[str, str] = {}
    for path in (output, emit_model, *(path for _, path in emit)):
        if path in (None, "-", os.devnull):
            continue
        try:
            place = os.path.realpath(path)
        except ValueError:  # the path contains a NUL; writing reports it
            continue
        if place in taken:
            raise click.UsageError(f"two results would go to {path}: name two files")
        taken[place] = path
    if output is not None and not names_model(output):
        forms = (load_format(name) for name in FORMATS if name != "json")
        form = next((form for form in forms if form.SUFFIX and output.lower().endswith(form.SUFFIX)), None)
        if form is not None:
            raise click.UsageError(f"-o writes JSON, not {form.NAME}: give --emit {output}")


def check_curve(emit: "tuple[tuple[Format, str], ...]", *, asked: bool) -> None:
    """Refuse `--curve` where no format of `emit` shows it.

    Raises:
        click.UsageError: it is asked for, and would have no effect.
    """
    from tmpass.report.formats.registry import takes_facts

    if asked and not any(takes_facts(form) for form, _ in emit):
        raise click.UsageError("--curve has no effect without a page: give --emit FILE.html, or use tmpass explain")


def check_format(paths: list[str], of: str) -> None:
    """Refuse to write a model of format `of` to a path with the suffix of another format.

    Raises:
        click.UsageError: one of `paths` has such a suffix.
    """
    from tmpass.loading.registry import format_named

    for path in paths:
        named = format_named(path)
        if named not in (None, of):
            raise click.UsageError(f"{path} ends as {named} files do, but the model is {of}")
