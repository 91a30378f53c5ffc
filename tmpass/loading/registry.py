"""The frontends: the built-in ones, and those that other packages register."""

import importlib
import os
from collections.abc import Iterator
from typing import cast

from tmpass.base.plugins import load_registered, registered_names
from tmpass.loading.contract import CONTRACT, Frontend

BUILT_IN = ("tflite", "onnx")
"""Frontends that come with tmpass, as modules of tmpass.frontends."""

GROUP = "tmpass.frontends"
"""The entry point group in which other packages register theirs."""


def frontends() -> Iterator[Frontend]:
    """All frontends, built-in ones first; other packages are only asked when none of those took the model.

    Raises:
        UsageError: the frontend of another package cannot be imported, or is not one.
    """
    for name in BUILT_IN:
        yield cast(Frontend, importlib.import_module(f"tmpass.frontends.{name}"))
    for name in registered_names(GROUP):
        if name not in BUILT_IN:
            yield cast(Frontend, load_registered(GROUP, name, CONTRACT))


def names_model(path: str) -> bool:
    """Whether `path` has the suffix of a built-in frontend."""
    return format_named(path) is not None


def format_named(path: str) -> str | None:
    """The name of the built-in frontend with the suffix of `path`, or None."""
    suffix = os.path.splitext(path)[1].lower()
    if suffix in ("", ".json"):
        return None
    built_in = (importlib.import_module(f"tmpass.frontends.{name}") for name in BUILT_IN)
    return next((frontend.NAME for frontend in built_in if suffix in frontend.SUFFIXES), None)
