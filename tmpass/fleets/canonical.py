"""A text of any value that is the same in every process: sets and mappings are sorted."""

from collections.abc import Mapping
from collections.abc import Set as AnySet
from dataclasses import fields, is_dataclass
from hashlib import sha256


def digest(value: object) -> str:
    """The SHA-256 of `value`, by its canonical text."""
    return sha256(canonical(value).encode(errors="backslashreplace")).hexdigest()


def canonical(value: object) -> str:
    """The text of `value`: of a record with its fields, of a function what it returns, of a set or mapping sorted."""
    if is_dataclass(value) and not isinstance(value, type):
        return f"{type(value).__name__}({','.join(canonical(getattr(value, f.name)) for f in fields(value))})"
    if isinstance(value, Mapping):
        return "{" + ",".join(sorted(f"{canonical(k)}:{canonical(v)}" for k, v in value.items())) + "}"
    if isinstance(value, AnySet):
        return "{" + ",".join(sorted(map(canonical, value))) + "}"
    if isinstance(value, tuple | list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if callable(value) and not isinstance(value, type):  # data that is made late, such as what kernels take
        return canonical(value())
    return repr(value)
