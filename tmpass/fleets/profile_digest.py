"""The digest of a target's profile: the same on every machine, and in versions that read the profile alike."""

from collections.abc import Mapping
from collections.abc import Set as AnySet
from contextlib import suppress
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any

from tmpass.fleets.canonical import digest
from tmpass.targets import RUNTIMES, Runtime, Target
from tmpass.targets.parse import implied_rules

FORM = "2:"
"""What a digest begins with. Those of older versions have all fields of the classes, and cannot be compared."""

_FILES = ("tail", "rules")
"""Fields of a runtime that may be the path of a file."""


def profile_digest(target: Target) -> str:
    """The digest of what the profile of `target` says.

    What a profile leaves out does not count, so that a version with one more field gives the same digest. A runtime of
    tmpass counts with its name: the version of tmpass stands for its rules. One that another package registers counts
    with its content; of files of rules what is in them, wherever they are.
    """
    runtime = target.runtime
    built_in = runtime == dict(RUNTIMES).get(runtime.name)
    stated = _stated(target) | {"scratch": _plain(_own_scratch(target))}
    stated |= {"runtime": runtime.name if built_in else _stated(runtime) | _files(runtime)}
    for name in ("implied", *(["sharing"] if "sharing" in target.implied else [])):
        stated.pop(name, None)
    return FORM + digest(stated)


def comparable(found: str | None) -> bool:
    """Whether `found` is a digest of this form."""
    return found is not None and found.startswith(FORM)


def _stated(record: Any) -> dict[str, Any]:
    """Field of `record` -> its value, without those that have their defaults."""
    known = {}
    for f in fields(record):
        default = f.default_factory() if f.default_factory is not MISSING else f.default
        if (value := getattr(record, f.name)) != default:
            known[f.name] = _plain(value)
    return known


def _plain(value: Any) -> Any:
    """`value` with mappings in the place of records, what functions return, and words as texts."""
    if is_dataclass(value) and not isinstance(value, type):
        return {"": type(value).__name__, **_stated(value)}
    if isinstance(value, Mapping):
        return {_plain(key): _plain(one) for key, one in value.items()}
    if isinstance(value, AnySet):
        return sorted(map(str, value))
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if callable(value) and not isinstance(value, type):  # data that is made late, such as what kernels take
        return _plain(value())
    return str(value) if isinstance(value, str) else value


def _own_scratch(target: Target) -> tuple[Any, ...]:
    """The rules for scratch that the profile has itself."""
    if "scratch" not in target.implied:
        return target.scratch
    implied = implied_rules(target.runtime)[1]
    return tuple(rule for rule in target.scratch if rule not in implied)


def _files(runtime: Runtime) -> dict[str, Any]:
    """Field of `runtime` that is a path -> the digest of the file's content."""
    found = {}
    for name in _FILES:
        path = getattr(runtime, name)
        if path.endswith(".toml"):
            with suppress(OSError):
                found[name] = digest(Path(path).read_bytes())
    return found
