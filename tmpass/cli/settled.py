"""Completes the options of a command: a flag wins, then the environment, then the settings file."""

import os
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from tmpass.cli.command import SETTINGS, TARGETS
from tmpass.settings import TARGET_VARIABLE

if TYPE_CHECKING:
    from tmpass.settings.settings import Settings


def settled(ctx: click.Context, model: str, asked: dict[str, Any], file: "Settings | None" = None) -> dict[str, Any]:
    """The options `asked` of a command for the file `model`, completed by the settings file.

    Args:
        ctx: of the command; it knows which options were given.
        model: the path of the model.
        asked: the options of the command, by name.
        file: the settings; by default those of the nearest file.

    Raises:
        UsageError: the settings file is wrong.
    """
    from tmpass.settings.find import find_settings

    settings = find_settings() if file is None else file
    if settings is None:
        return asked
    found = {name: value for name, value in settings.for_model(model).items() if name in asked}
    if len(settings.targets) > 1 and "target" not in found:
        ctx.meta[TARGETS] = f"{os.path.basename(settings.file)} has {len(settings.targets)} targets"
    for name in ("bind", "tie"):
        if name in found:
            found[name] = _added(found[name], asked[name], right=name == "bind")
    used = {name: value for name, value in found.items() if name in ("bind", "tie") or _free(ctx, name)}
    if used:
        ctx.meta[SETTINGS] = f"{', '.join(name.replace('_', '-') for name in used)} from {settings.file}"
    return {**asked, **used}


def target_for(ctx: click.Context, model: str, target: str | None) -> tuple[str | None, str]:
    """The target of a command without other options of planning, and what named it where that was not a flag.

    Raises:
        UsageError: the settings file is wrong.
    """
    if not _free(ctx, "target"):  # then no file is even read
        return target, TARGET_VARIABLE if ctx.get_parameter_source("target") is ParameterSource.ENVIRONMENT else ""
    from tmpass.settings.find import find_settings

    found = settled(ctx, model, {"target": target})["target"]
    settings = find_settings() if found is not None and found != target else None
    return found, "" if settings is None else settings.file


def targets_left_open() -> str:
    """What leaves the target of the command open, in words, where the settings file names several; else empty."""
    ctx = click.get_current_context(silent=True)
    return "" if ctx is None else ctx.meta.get(TARGETS, "")


def _free(ctx: click.Context, name: str) -> bool:
    """Whether neither a flag nor the environment gives the option `name`."""
    return ctx.get_parameter_source(name) is ParameterSource.DEFAULT


def _added(found: Any, given: tuple[str, ...], *, right: bool) -> tuple[str, ...]:
    """The texts NAME=VALUE of the settings, without the names that are given, and those given.

    The name ends at the last equals sign with `right`, and else at the first one.
    """
    cut = str.rpartition if right else str.partition
    named = {cut(text, "=")[0] for text in given}
    return (*(f"{name}={value}" for name, value in found.items() if name not in named), *given)
