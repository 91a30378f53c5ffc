"""Plans read back from JSON. Every field is checked, because a file may come from anywhere."""

import json
import re
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from tmpass.base.choices import (
    PLANNED_ORDERS,
    ConstantUse,
    Int8,
    Io,
    Objective,
    OrderMethod,
    Role,
    Share,
    Status,
    Transfers,
)
from tmpass.base.errors import UsageError, brief
from tmpass.base.sizes import MAX_BYTES
from tmpass.packing.problem import MAX_ALIGNMENT, MAX_STEP
from tmpass.plans.given import HINT as READ_IT
from tmpass.plans.given import is_path
from tmpass.plans.json_rows import optional_fields
from tmpass.plans.left_out import LEFT_OUT
from tmpass.plans.plan import OF_FILE, SCHEMA, Plan
from tmpass.plans.spill_schema import SPILL_SCHEMA
from tmpass.plans.version_1 import VERSION_1, check_version_1, upgraded
from tmpass.targets.memory import USES
from tmpass.targets.runtime import RUNTIMES

T = TypeVar("T")

_BYTES = dict.fromkeys(
    (
        "budget",
        "capacity",
        "peak",
        "lower_bound",
        "any_order",
        "live_bytes",
        "size",
        "offset",
        "bytes",
        "nodes",
        "states",
        "window_lower",
        "window_upper",
        "constants",
        "overhead",
        "preparation",
        "tail",
        "reserve",
        "loaded",
        "loaded_bound",
        "traffic",
        "spilled",
        "fetched",
        "total",
        "compute",
        "copies",
        "accesses",
        "hidden",
        "streamed_bound",
        "operator_bound",
        "held_bound",
        "room_bound",
    ),
    (0, MAX_BYTES),
)
_COUNTS = dict.fromkeys(
    (
        "step",
        "subgraph",
        "op",
        "id",
        "first",
        "lower",
        "index",
        "buffer",
        "tensors",
        "input",
        "output",
        "count",
        "live_range",
    ),
    (0, MAX_STEP),
)
NUMBERS: dict[str, tuple[int, int]] = {
    **_BYTES,
    **_COUNTS,
    "upper": (1, MAX_STEP),
    "alignment": (1, MAX_ALIGNMENT),
    "chunk": (1, MAX_BYTES),
    "bind": (1, 2**31 - 1),
    "shape": (0, 2**63 - 1),
}
"""Field -> the least and the largest number that it may hold."""

WORDS: dict[str, tuple[str, ...]] = {
    "status": tuple(Status),
    "role": tuple(Role),
    "io": tuple(Io),
    "share": tuple(Share),
    "schedule": tuple(OrderMethod),
    "int8": tuple(Int8),
    "runtime": tuple(RUNTIMES),
    "method": PLANNED_ORDERS,
    "what": LEFT_OUT,
    "use": tuple(ConstantUse),
    "transfers": tuple(Transfers),
    "objective": tuple(Objective),
    "holds": USES,
}
"""Field -> the words that it may hold. A runtime may also be one that another package registers."""

NOT_EMPTY = ("memories",)
"""Lists that have at least one item."""

_NAMES = {int: "a whole number", str: "a text", bool: "true or false"}


HINT = "give a plan that tmpass plan -o wrote"


def parse_plan(text: str | bytes, where: str = "plan") -> Plan:
    """The plan in `text`.

    Args:
        text: JSON as Plan.to_json writes it.
        where: names the text in errors.

    Raises:
        UsageError: it is not valid JSON, or of another schema, or a key is missing, unknown, repeated, of another type
            or out of range; the message names the place, such as `buffers[3].offset`.
    """
    if is_path(text):
        raise UsageError(f"{brief(text)} is a path, and not the text of a plan", where=where, hint=READ_IT)
    try:
        data = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"it is not valid JSON: {error}", where=where, hint=HINT) from None
    found = data.get("schema") if isinstance(data, dict) else data
    if found == SPILL_SCHEMA:
        what = "it is a plan of tmpass spill, for a graph of operators and tensors alone"
        raise UsageError(what, where=where, hint="give a plan that tmpass plan -o wrote")
    if found not in (SCHEMA, VERSION_1):
        other = "and has no schema" if found is None else f"but {_show(found)}"
        raise UsageError(f"it is not a plan of schema {SCHEMA!r}, {other}", where=where, hint=HINT)
    try:
        if found == VERSION_1:
            check_version_1(data)
            data = upgraded(data)
        plan: Plan = read_record(Plan, {key: value for key, value in data.items() if key != "schema"}, "")
        if plan.warnings and plan.warnings[0].startswith(OF_FILE):  # plans from before the key was added have it alone
            plan = replace(plan, is_of_file=True)
        for number, row in enumerate(plan.buffers):
            if row.first is not None and row.first >= len(plan.buffers):
                raise UsageError(f"there is no buffer {row.first}", where=f"buffers[{number}].first")
        return plan
    except UsageError as error:
        raise error.within(where) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key, value in pairs:
        if key in data:
            raise ValueError(f"key {_show(key)} occurs twice in one object")
        data[key] = value
    return data


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


@cache
def _fields(kind: type) -> dict[str, Any]:
    """Field of a dataclass -> its type, of those that are in the JSON."""
    hints = get_type_hints(kind)
    return {f.name: hints[f.name] for f in fields(kind) if not f.metadata.get("unwritten")}


def read_record(kind: type[T], data: object, path: str = "") -> T:
    """The record of class `kind` that `data`, of JSON, states.

    Args:
        kind: its class.
        data: an object with a key for each field; fields marked OPTIONAL may be left out.
        path: names the place of `data` in errors.

    Raises:
        UsageError: a key is missing, unknown, of another type or out of range.
    """
    if not isinstance(data, dict):
        _refuse(path, f"{_show(data)} is not an object", f"see {SCHEMA}")
    known, optional = _fields(kind), optional_fields(kind)  # type: ignore[arg-type]
    for name in known:
        if name not in data and name not in optional:
            _refuse(_join(path, name), "this key is missing", f"{SCHEMA} needs it")
    for name in data:
        if name not in known:
            _refuse(_join(path, name), "this key is unknown", f"{SCHEMA} has {', '.join(known)} here")
    return kind(
        **{name: _value(hint, data[name], name, _join(path, name)) for name, hint in known.items() if name in data}
    )


def _value(hint: Any, data: object, name: str, path: str) -> Any:
    """The value of field `name` as the type `hint`: a record, a tuple, a union, a mapping or a scalar."""
    if type(data) is hint:
        _check(data, name, path)
        return data
    origin, args = get_origin(hint), get_args(hint)
    if is_dataclass(hint):
        return read_record(hint, data, path)  # type: ignore[arg-type]
    if origin is tuple:
        return _tuple(args, data, name, path)
    if origin in (Union, types.UnionType):
        if data is None and type(None) in args:
            return None
        choices = [arg for arg in args if arg is not type(None)]
        return _value(next((arg for arg in choices if type(data) is arg), choices[0]), data, name, path)
    if origin is Mapping:
        if not isinstance(data, dict):
            _refuse(path, f"{_show(data)} is not an object")
        for key in data:
            _check(key, "", path)
        return {key: _value(args[1], value, name, _join(path, key)) for key, value in data.items()}
    if hint is not Any:
        _refuse(path, f"{_show(data)} is not {_NAMES[hint]}")
    return data


def _tuple(args: tuple[Any, ...], data: object, name: str, path: str) -> tuple[Any, ...]:
    """The items of a list, for a field of type `tuple[X, ...]` or `tuple[X, Y]`."""
    if not isinstance(data, list):
        _refuse(path, f"{_show(data)} is not a list")
    kinds = (args[0],) * len(data) if args[-1] is Ellipsis else args
    if len(kinds) != len(data):
        _refuse(path, f"{len(data)} items instead of {len(kinds)}")
    if not data and name in NOT_EMPTY:
        _refuse(path, "is empty", "every plan has at least one")
    pairs = enumerate(zip(kinds, data, strict=True))
    return tuple(_value(kind, item, name, f"{path}[{i}]") for i, (kind, item) in pairs)


def _check(data: object, name: str, path: str) -> None:
    """Raise where field `name` cannot hold the number or the text."""
    if type(data) is int:
        low, high = NUMBERS[name]
        if not low <= data <= high:
            _refuse(path, f"{_show(data)} is not in {low} .. {high}")
    elif isinstance(data, str):
        if not data.isascii() and any("\ud800" <= c <= "\udfff" for c in data):
            _refuse(path, f"{_show(data)} is not Unicode text", "it has one half of a surrogate pair")
        if name in WORDS and data not in WORDS[name] and not (name == "runtime" and data in RUNTIMES):
            _refuse(path, f"{_show(data)} is unknown", f"one of {', '.join(WORDS[name])}")
        if name == "sha256" and not re.fullmatch("[0-9a-f]{64}", data):
            _refuse(path, f"{_show(data)} is not a SHA-256", "64 hex digits in lower case")


def _refuse(path: str, what: str, hint: str = "") -> NoReturn:
    raise UsageError(what, where=path or "the whole", hint=hint)


def _join(path: str, key: str) -> str:
    key = key if len(key) <= 60 else key[:57] + "..."
    return f"{path}.{key}" if path else key


def _show(data: object) -> str:
    """A short form of `data` for an error, however large or deep it is."""
    if isinstance(data, dict | list):
        return "an object" if isinstance(data, dict) else "a list"
    if isinstance(data, str) and len(data) > 60:
        return repr(data[:57] + "...")
    text = json.dumps(data) if data is None or isinstance(data, bool) else repr(data)
    return text if len(text) <= 60 else text[:57] + "..."
