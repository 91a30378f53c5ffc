"""Records as JSON text: one row per line, keys and rows in a fixed order."""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from typing import Any

from tmpass.base.json_text import json_text

OPTIONAL: Mapping[str, bool] = {"optional": True}
"""Metadata of a field whose key is left out of the JSON where it has its default: most plans have no use for it."""

UNWRITTEN: Mapping[str, bool] = {"unwritten": True}
"""Metadata of a field that has no key in the JSON."""


def record_text(value: Any, schema: str) -> str:
    """A record as JSON text, with the name of its schema and a newline at the end.

    Args:
        value: a record; its fields are keys.
        schema: the value of the first key.
    """
    data: dict[str, Any] = {"schema": schema}
    data |= _without_defaults(value, {f.name: getattr(value, f.name) for f in fields(value)})
    lines = [f"{json_text(key)}: {_value(one)}" for key, one in data.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _value(value: Any) -> str:
    """A list of rows as one line per row; anything else on one line."""
    if isinstance(value, tuple) and value and not isinstance(value[0], str):
        return "[\n" + ",\n".join(json_text(_row(row), default=_row) for row in value) + "\n]"
    return json_text(_row(value), default=_row)


def _row(value: Any) -> Any:
    if hasattr(value, "__dataclass_fields__"):
        return _without_defaults(value, {name: _sorted(getattr(value, name)) for name in value.__dataclass_fields__})
    return value


def _sorted(value: Any) -> Any:
    """A mapping in the order of its keys; anything else as it is."""
    return dict(sorted(value.items())) if isinstance(value, Mapping) else value


def _without_defaults(value: Any, record: dict[str, Any]) -> dict[str, Any]:
    """The `record` of a row without the optional keys that have their defaults."""
    for name, default in optional_fields(type(value)).items():  # type: ignore[arg-type]
        if record[name] == default:
            del record[name]
    for name in _unwritten_fields(type(value)):  # type: ignore[arg-type]
        del record[name]
    return record


@cache
def optional_fields(kind: Any) -> Mapping[str, Any]:
    """Field of a dataclass -> its default, of those whose key may be left out."""
    return {f.name: f.default for f in fields(kind) if f.metadata.get("optional")}


@cache
def _unwritten_fields(kind: Any) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind) if f.metadata.get("unwritten"))
