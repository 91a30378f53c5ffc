"""The options of a row as text: those that are not the defaults of tmpass.plan, and a digest for files and rules."""

import os
from collections.abc import Mapping
from contextlib import suppress
from hashlib import sha256
from inspect import signature
from pathlib import Path
from typing import Any

from tmpass.api.plan import plan
from tmpass.base.errors import UsageError
from tmpass.base.sizes import parse_size
from tmpass.fleets.canonical import canonical

_WITHOUT_EFFECT = ("threads", "keep")
_DIGITS = 12
"""Digits of a digest in the text."""

_DEFAULTS = {name: one.default for name, one in signature(plan).parameters.items() if name not in ("model", "target")}


def options_text(options: Mapping[str, Any]) -> str:
    """The `options` of tmpass.plan that change a plan, as `budget=65536, share=views`; empty for the defaults.

    Two texts are equal where the options are, however they are spelled: the content of a scratch file counts.
    """
    named = sorted((name, _text(name, value)) for name, value in options.items() if name not in _WITHOUT_EFFECT)
    return ", ".join(f"{name}={text}" for name, text in named if text)


def _text(name: str, value: Any) -> str:
    """The value of an option; empty where it is the default."""
    if value == _DEFAULTS.get(name) or value is None or (isinstance(value, Mapping | tuple | list) and not value):
        return ""
    if name == "budget" and isinstance(value, str):
        with suppress(UsageError):
            value = parse_size(value, name)
    if name == "scratch":
        return _scratch(value)
    if isinstance(value, Mapping):
        return ";".join(f"{key}:{value[key]}" for key in sorted(value))
    return str(value) if isinstance(value, str | int | float) else canonical(value)


def _scratch(value: Any) -> str:
    """A scratch file by its name and its content, or rules by their content."""
    if not isinstance(value, str | os.PathLike):
        return f"rules@{sha256(canonical(value).encode()).hexdigest()[:_DIGITS]}"
    content = b""
    with suppress(OSError):
        content = Path(value).read_bytes()
    return f"{os.path.basename(value)}@{sha256(content).hexdigest()[:_DIGITS]}"
