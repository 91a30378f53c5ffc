"""Finds the models, targets and options of `tmpass fleet`."""

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from tmpass.base.errors import UsageError
from tmpass.base.reading import MOST_TEXT, read_stream
from tmpass.cli.fleet_refusals import Read
from tmpass.cli.inputs import target_file
from tmpass.cli.settled import settled
from tmpass.settings import TARGET_VARIABLE

if TYPE_CHECKING:
    from tmpass.fleets.job import Aim, Request, Source
    from tmpass.settings.settings import Settings

_OWN = (
    *("cluster", "jobs", "memory", "no_store", "pages", "planned", "retries", "send", "store", "wall"),
    "targets",
)
"""Options of the command that are not those of planning."""


def find_requests(
    ctx: click.Context, models: Sequence[str], targets: Sequence[str], asked: dict[str, Any]
) -> "tuple[list[Request], list[Read]]":
    """A request for each model, with the targets and options that flags, environment and settings file give it.

    Returns:
        The requests, and the files that were read for them: of targets, of scratch, of settings.

    Raises:
        UsageError: there is no model, or the settings file is wrong.
        TargetError: a target is unknown or wrong.
    """
    from tmpass.fleets.job import Request
    from tmpass.fleets.sources import find_sources
    from tmpass.settings.find import find_settings

    settings = find_settings()
    variable = os.environ.get(TARGET_VARIABLE)
    named = tuple(targets) or ((variable,) if variable else ())
    options = {name: value for name, value in asked.items() if name not in _OWN}
    known: dict[tuple[str, ...], tuple[Aim, ...]] = {}
    requests = []
    for source in find_sources(list(_words(models))):
        arguments = _options_for(ctx, source.name, options, settings)
        aims = _aims(named or _targets(source.name, settings), known, settings)
        requests.append(Request(_sent(source) if asked["send"] else source, aims, arguments))
    read: list[Read] = [("a target", target_file(name)) for names in known for name in names]
    read += [("the scratch file", request.options.get("scratch") or None) for request in requests]
    read += [("the settings file", None if settings is None else settings.file)]
    return requests, list(dict.fromkeys(read))


def _options_for(
    ctx: click.Context, model: str, options: dict[str, Any], settings: "Settings | None"
) -> dict[str, Any]:
    """The arguments of tmpass.plan for a model."""
    from tmpass.cli.options import plan_arguments

    return plan_arguments(options if settings is None else settled(ctx, model, options, settings))


def _targets(model: str, settings: "Settings | None") -> tuple[str, ...]:
    """The targets that settings name for a model: the one of a pattern, else `targets`, else `target`."""
    if settings is None:
        return ()
    if (own := settings.target_of_patterns(model)) is not None:
        return (own,)
    whole = settings.options.get("target")
    return settings.targets or ((whole,) if isinstance(whole, str) else ())


def _aims(
    names: tuple[str, ...], known: "dict[tuple[str, ...], tuple[Aim, ...]]", settings: "Settings | None"
) -> "tuple[Aim, ...]":
    if names not in known:
        from tmpass.fleets.fleet import find_aims

        folder = os.path.dirname(settings.file) if settings is not None else os.getcwd()
        known[names] = find_aims(names, lambda name: _label(name, folder))
    return known[names]


def _label(target: str, folder: str) -> str:
    """The name of a target in the table: of a file in or below `folder`, its path from there.

    So the rows of two checkouts can be compared.
    """
    if target_file(target) is None:
        return target
    path = os.path.abspath(target)
    inside = path.startswith(os.path.join(folder, ""))
    return (os.path.relpath(path, folder) if inside else os.path.normpath(target)).replace(os.sep, "/")


def _words(models: Sequence[str]) -> Iterator[str]:
    """The words on the command line, with the lines of standard input in the place of `-`."""
    for word in models:
        if word != "-":
            yield word
            continue
        try:
            text = read_stream(sys.stdin.buffer, MOST_TEXT).decode("utf-8-sig")
        except (OSError, ValueError) as error:
            raise UsageError(f"the list of models cannot be read: {error}", where="standard input") from None
        yield from filter(None, (line.strip() for line in text.splitlines()))


def _sent(source: "Source") -> "Source":
    """The source with its bytes; as it is where they cannot be read, which its row then says."""
    from tmpass.base.errors import ModelError
    from tmpass.fleets.job import Source
    from tmpass.fleets.opened import open_source

    try:
        return Source(source.name, open_source(source).data)
    except ModelError:
        return source
