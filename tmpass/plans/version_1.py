"""Checks plans of schema "tmpass.plan/1", which had no constants, and brings them into the form of version 2."""

from collections.abc import Mapping
from typing import Any

from tmpass.base.errors import UsageError

VERSION_1 = "tmpass.plan/1"

_TRANSFERS = "transfers"
"""A list that was always empty."""

_ADDED: Mapping[str, Mapping[str, object]] = {
    "": {"not_counted": []},
    "target": {"in_place": []},
    "options": {"int8": "float", "tie": {}},
    "memories": {"capacity_source": ""},
}
"""Table -> keys that version 1 got later, with the values of plans from before. "" is the plan itself."""

_SINCE_2: Mapping[str, Mapping[str, object]] = {
    "": {"constants": []},
    "model": {"bytes": None},
    "memories": {
        "constants": 0,
        "overhead": 0,
        "reserve": 0,
        "overhead_source": "",
        "reserve_source": "",
        "compute": True,
        "loaded": 0,
        "loaded_bound": 0,
        "chunk": None,
        "traffic": 0,
        "preparation": 0,
        "tail": None,
    },
}
"""Table -> keys that version 1 does not have, with the values that say the same."""


def check_version_1(data: Mapping[str, Any]) -> None:
    """Raise where `data`, a plan of version 1, has a key of a later version, or transfers.

    Raises:
        UsageError: the message names the place.
    """
    if _TRANSFERS not in data:
        raise UsageError("this key is missing", where=_TRANSFERS, hint=f"{VERSION_1} needs it")
    if data[_TRANSFERS] != []:
        raise UsageError("is not an empty list", where=_TRANSFERS, hint=f"{VERSION_1} has no transfers")
    for table, keys in _SINCE_2.items():
        for place, row in _rows(data, table):
            for key in keys:
                if key in row:
                    raise UsageError("this key is unknown", where=f"{place}{key}", hint=f"{VERSION_1} does not have it")


def upgraded(data: Mapping[str, Any]) -> dict[str, Any]:
    """The plan `data` of version 1 with the keys of version 2. What is not a table stays as it is."""
    whole = {key: value for key, value in data.items() if key != _TRANSFERS}
    for table in ("model", "target", "options", "memories"):
        keys = {**_ADDED.get(table, {}), **_SINCE_2.get(table, {})}
        old = whole.get(table)
        if isinstance(old, list):
            whole[table] = [{**keys, **row} if isinstance(row, dict) else row for row in old]
        elif isinstance(old, dict):
            whole[table] = {**keys, **old}
    return {**_ADDED[""], **_SINCE_2[""], **whole}


def _rows(data: Mapping[str, Any], table: str) -> list[tuple[str, Mapping[str, Any]]]:
    """The records of `table`, each with its place as errors name it."""
    if not table:
        return [("", data)]
    found = data.get(table)
    if isinstance(found, list):
        return [(f"{table}[{i}].", row) for i, row in enumerate(found) if isinstance(row, dict)]
    return [(f"{table}.", found)] if isinstance(found, dict) else []
