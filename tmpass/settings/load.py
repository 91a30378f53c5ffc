"""The options of planning that the command line takes for a model, for a script."""

import os
from typing import Any

from tmpass.base.errors import UsageError
from tmpass.settings import TARGET_VARIABLE
from tmpass.settings.find import find_settings


def load_settings(model: str | os.PathLike[str] | None = None, folder: str | os.PathLike[str] = ".") -> dict[str, Any]:
    """The options of planning that the settings file and the environment state for a model.

    They are those that `tmpass plan` takes without a flag: `tmpass.plan(model, **tmpass.load_settings(model))` is its
    plan. The nearest tmpass.toml or pyproject.toml counts, upwards, and TMPASS_TARGET before the target in it.
    What a script asks itself goes before both: `{**tmpass.load_settings(model), "budget": "64KiB"}`.

    Args:
        model: its path, which the patterns of the file are compared with; None for the options for all models.
        folder: where the search for the file begins; the current folder by default.

    Returns:
        Arguments of `tmpass.plan`, `target` and `bind` among them, each only where it is stated. It may be empty.

    Raises:
        UsageError: the settings file is wrong, or `model` is not a path.
    """
    if not isinstance(model, str | os.PathLike | None):
        hint = "give its path, or None for the options for all models"
        raise UsageError(f"the settings of a model are found by its path, not by {type(model).__name__}", hint=hint)
    settings = find_settings(folder)
    found: dict[str, Any] = {}
    if settings is not None:
        found = dict(settings.options) if model is None else settings.for_model(os.fspath(model))
    target = os.environ.get(TARGET_VARIABLE)
    return {**found, "target": target} if target else found
