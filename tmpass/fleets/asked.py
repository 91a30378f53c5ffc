"""The options of a row as text: those that are not the defaults of tmpass.plan, and a digest for files and rules."""

import os
from collections.abc import Callable, Mapping
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


def plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """The `options` of tmpass.plan that change a plan and are not its defaults, each in one form.

    A command line and a script spell some of them differently: a size as text, ties as texts or as a mapping.
    """
    some = {name: value for name, value in options.items() if name not in _WITHOUT_EFFECT}
    plain = {name: _PLAIN[name](value) if name in _PLAIN else value for name, value in some.items()}
    return {name: value for name, value in plain.items() if not _is_default(name, value)}


def options_text(options: Mapping[str, Any]) -> str:
    """The `options` of tmpass.plan that change a plan, as `budget=65536, share=views`; empty for the defaults.

    Two texts are equal where the options are, however they are spelled: the content of a scratch file counts.
    """
    return ", ".join(f"{name}={_text(name, value)}" for name, value in sorted(plain_options(options).items()))


def _is_default(name: str, value: Any) -> bool:
    empty = isinstance(value, Mapping | tuple | list) and not value
    return bool(value is None or empty or value == _DEFAULTS.get(name))


def _size(value: Any) -> Any:
    """The bytes of a size; a wrong one as it is, which each row then refuses."""
    with suppress(UsageError):
        return parse_size(value, "budget") if isinstance(value, str) else value
    return value


def _ties(value: Any) -> Any:
    """Ties as sorted texts OUTPUT=INPUT."""
    if isinstance(value, Mapping):
        value = [f"{output}={tied}" for output, tied in value.items()]
    return sorted(map(str, value)) if isinstance(value, tuple | list) else value


_PLAIN: Mapping[str, Callable[[Any], Any]] = {"budget": _size, "tie": _ties}
"""Option -> what gives it one form."""


def _text(name: str, value: Any) -> str:
    """The value of an option that is not the default."""
    if name == "scratch":
        return _scratch(value)
    if name == "tie" and isinstance(value, list):
        return ";".join(value)
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
