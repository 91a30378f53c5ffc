"""Plans read back from JSON, every field checked: they may come from anywhere."""

import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from tmpass.errors import UsageError
from tmpass.plan import SCHEMA, Plan, require_schema
from tmpass.sizes import MAX_BYTES

T = TypeVar("T")


def parse_plan(text: str | bytes, where: str) -> Plan:
    """The plan in `text`.

    Raises:
        UsageError: it is no JSON, of another schema, or a field is missing, unknown, of another type or out of range;
            the message names the place, such as `buffers[3].offset`.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"it is no JSON: {error}", where=where, hint="give a plan that tmpass plan -o wrote") from None
    body = {key: value for key, value in require_schema(data, where).items() if key != "schema"}
    return _record(Plan, body, where, "")


def _record(kind: type[T], data: object, where: str, path: str) -> T:
    if not isinstance(data, dict):
        raise _wrong(where, path, "an object", data)
    hints = get_type_hints(kind)
    values = {}
    for f in fields(kind):  # type: ignore[arg-type]
        inner = f"{path}.{f.name}".lstrip(".")
        if f.name in data:
            values[f.name] = _value(hints[f.name], data[f.name], where, inner)
        elif f.default is MISSING and f.default_factory is MISSING:
            raise UsageError(f"key {inner!r} is missing", where=where, hint=f"schema {SCHEMA} needs it")
    strangers = [key for key in data if key not in values]
    if strangers:
        raise UsageError(f"key {f'{path}.{strangers[0]}'.lstrip('.')!r} is unknown", where=where, hint=f"see {SCHEMA}")
    return kind(**values)


def _value(hint: Any, data: object, where: str, path: str) -> Any:
    """`data` as the type `hint`: a record, a tuple of one type or of several, a union, a mapping, or a scalar."""
    origin, args = get_origin(hint), get_args(hint)
    if is_dataclass(hint):
        return _record(hint, data, where, path)  # type: ignore[arg-type]
    if origin is tuple:
        if not isinstance(data, list) or (args[-1] is not Ellipsis and len(args) != len(data)):
            raise _wrong(where, path, "a list" if args[-1] is Ellipsis else f"a list of {len(args)}", data)
        kinds = (args[0],) * len(data) if args[-1] is Ellipsis else args
        return tuple(
            _value(kind, item, where, f"{path}[{i}]") for i, (kind, item) in enumerate(zip(kinds, data, strict=True))
        )
    if origin in (Union, types.UnionType):
        if data is None and type(None) in args:
            return None
        choices = [arg for arg in args if arg is not type(None)]
        exact = next((arg for arg in choices if isinstance(arg, type) and type(data) is arg), choices[0])
        return _value(exact, data, where, path)
    if origin is Mapping:
        if not isinstance(data, dict):
            raise _wrong(where, path, "an object", data)
        return {key: _value(args[1], value, where, f"{path}.{key}") for key, value in data.items()}
    if hint is Any:
        return data
    if type(data) is not hint:
        raise _wrong(where, path, {int: "a whole number", str: "a text", bool: "true or false"}[hint], data)
    if hint is int and not -MAX_BYTES <= data <= MAX_BYTES:  # type: ignore[operator]
        raise _wrong(where, path, "a number of at most 2^62", data)
    return data


def _wrong(where: str, path: str, wanted: str, found: object) -> UsageError:
    return UsageError(f"{path or 'the plan'} is {str(found)[:60]!r}, not {wanted}", where=where)
