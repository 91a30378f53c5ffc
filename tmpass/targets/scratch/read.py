"""Reading of scratch files, which are JSON of schema "tmpass.scratch/1".

    {"schema": "tmpass.scratch/1",
     "sha256": "...",                                               optional: the model that it is for
     "scratch": [{"kind": "SVDF", "bytes": [512, 256]},             two buffers for each operator of that kind
                 {"subgraph": 0, "op": 3, "bytes": "2 * in0.bytes"}]}

The schema is docs/scratch.schema.json.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from tmpass.base.errors import UsageError, brief
from tmpass.base.nearest import read_hint
from tmpass.base.reading import lone_surrogate, read_bounded
from tmpass.packing.problem import MAX_STEP
from tmpass.targets.scratch.formula import parse_formula
from tmpass.targets.scratch.rule import ScratchRule

SCHEMA = "tmpass.scratch/1"

_MOST = 4 << 20
"""The most bytes of a scratch file: enough for a rule per operator of a large model."""

_KEYS = ("subgraph", "op", "kind", "bytes", "source")


def read_scratch_file(path: str | os.PathLike[str], sha256: str) -> tuple[ScratchRule, ...]:
    """The rules in the file `path`.

    Args:
        path: of a scratch file.
        sha256: that of the model's file.

    Raises:
        UsageError: it cannot be read, or as `read_scratch` does.
    """
    try:
        data = read_bounded(path, _MOST)
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"it is not UTF-8 text at byte {error.start}", where=os.fspath(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UsageError(
            f"cannot read it: {reason}", where=os.fspath(path), hint=read_hint(error, os.fspath(path))
        ) from None
    return read_scratch(text, os.fspath(path), sha256=sha256)


def read_scratch(text: str | bytes, where: str = "scratch", *, sha256: str | None = None) -> tuple[ScratchRule, ...]:
    """The rules in `text`, one for each buffer.

    Args:
        text: the content of a scratch file.
        where: the name of the file for errors.
        sha256: that of the model's file. A scratch file for another model is refused.

    Raises:
        UsageError: it is not valid JSON, of another schema, for another model, or a key is missing, unknown, repeated
            or wrong. The error names the place, such as `scratch[3].bytes`.
    """
    try:
        data = json.loads(text, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        what = f"it is not valid JSON: {error}"
        raise UsageError(what, where=where, hint=f"give a file of schema {SCHEMA}") from None
    if lone_surrogate(text, data):
        raise UsageError(
            "a text has half a surrogate pair, \\ud800 to \\udfff", where=where, hint="write whole characters"
        )
    found = data.get("schema") if isinstance(data, dict) else data
    if found != SCHEMA:
        other = "and has no schema" if found is None else f"but {brief(found)}"
        hint = "tmpass probe MODEL -o FILE measures scratch"
        raise UsageError(f"it is not a file of schema {SCHEMA!r}, {other}", where=where, hint=hint)
    try:
        _check_keys(data, "", ("schema", "sha256", "scratch"))
        _check_model(data.get("sha256"), sha256)
        rows = data.get("scratch")
        if not isinstance(rows, list):
            _refuse("scratch", f"{brief(rows)} is not a list", "list a row for each operator or kind")
        return tuple(rule for number, row in enumerate(rows) for rule in _rules(row, f"scratch[{number}]"))
    except UsageError as error:
        raise error.within(where) from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError(f"a key occurs twice in one object: {', '.join(brief(key) for key, _ in pairs)[:80]}")
    return data


def _check_model(stated: object, sha256: str | None) -> None:
    if stated is None:
        return
    if not isinstance(stated, str) or not re.fullmatch("[0-9a-f]{64}", stated):
        _refuse("sha256", f"{brief(stated)} is not a SHA-256", "write 64 hexadecimal digits, or leave it out")
    if sha256 is not None and stated != sha256:
        _refuse("sha256", f"it is for a model with SHA-256 {stated}, this one has {sha256}", "measure it again")


def _rules(row: object, path: str) -> Iterator[ScratchRule]:
    """The rules of one row, one for each number of bytes in it."""
    if not isinstance(row, dict):
        _refuse(path, f"{brief(row)} is not an object", f"it has {', '.join(_KEYS)}")
    _check_keys(row, path, _KEYS)
    s, op = (_index(row[name], f"{path}.{name}") if name in row else None for name in ("subgraph", "op"))
    if (s is None) != (op is None):
        _refuse(path, "it has one of subgraph and op, but not both", "give both, or a kind")
    for name in ("kind", "source"):
        if not isinstance(row.get(name, ""), str):
            _refuse(f"{path}.{name}", f"{brief(row[name])} is not a text", "write one, in quotes")
        if any("\ud800" <= c <= "\udfff" for c in row.get(name, "")):
            _refuse(f"{path}.{name}", f"{brief(row[name])} is not Unicode text", "it has half of a surrogate pair")
    if op is None and not row.get("kind"):
        _refuse(path, "it names no operator", 'give subgraph and op, or a kind: "CONV_2D"')
    if "bytes" not in row:
        _refuse(f"{path}.bytes", "this key is missing", "give a number, a formula, or a list of them")
    several = isinstance(row["bytes"], list)
    for number, value in enumerate(row["bytes"] if several else [row["bytes"]]):
        try:
            if isinstance(value, list | dict):
                raise UsageError(f"{brief(value)} is not a number of bytes", hint="give a number or a formula")
            parse_formula(value)
        except UsageError as error:
            _refuse(f"{path}.bytes" + (f"[{number}]" if several else ""), error.what, error.hint)
        yield ScratchRule(row.get("kind", ""), value, s, op, row.get("source", ""))


def _index(value: object, path: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_STEP:
        _refuse(path, f"{brief(value)} is not an index", "they count from 0, in the order of the file")
    return value


def _check_keys(data: Iterable[str], path: str, known: tuple[str, ...]) -> None:
    for name in data:
        if name not in known:
            _refuse(f"{path}.{name[:40]}".lstrip("."), "this key is unknown", f"the keys here are {', '.join(known)}")


def _refuse(path: str, fault: str, law: str) -> NoReturn:
    raise UsageError(fault, where=path, hint=law)
