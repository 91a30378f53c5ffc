"""The options that a settings file may have, and what their values may be."""

from collections.abc import Callable, Mapping

from tmpass.base.choices import Int8, Io, Objective, OrderMethod, Share, Transfers
from tmpass.base.errors import UsageError
from tmpass.base.nearest import nearest
from tmpass.base.sizes import MAX_BYTES, parse_size
from tmpass.graph.binding import check_bindings
from tmpass.targets.load import target_names
from tmpass.targets.values import alignment, show

MAX_THREADS = 256


def name(value: object) -> str:
    """`value` as a text of one line.

    Raises:
        UsageError: it is something else.
    """
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise UsageError(f"{show(value)} is not a text", hint="write one line, in quotes")
    return value


def target(value: object) -> str:
    """`value` as the name of a built-in profile, or the path of one.

    Raises:
        UsageError: it is something else.
    """
    found = name(value)
    if not is_path(found) and found not in target_names():
        near = nearest(found.lower(), target_names(), most=3)
        hint = (f"did you mean {near}? " if near else "") + "tmpass targets lists them all"
        raise UsageError(f"no target is named {show(found)}", hint=hint)
    return found


def is_path(target: str) -> bool:
    """Whether `target` is the path of a profile, and not a name."""
    return target.endswith(".toml") or "/" in target or "\\" in target


def targets(value: object) -> tuple[str, ...]:
    """`value` as a list of targets.

    Raises:
        UsageError: it is something else, or empty.
    """
    if not isinstance(value, list) or not value:
        raise UsageError(f"{show(value)} is not a list of texts", hint='write ["tflm", "pixel6-tpu"]')
    return tuple(dict.fromkeys(target(one) for one in value))


def _size(value: object) -> int:
    if isinstance(value, str):
        return parse_size(value)
    return _within(0, MAX_BYTES, 'write bytes, or a text such as "512KiB"')(value)


def _within(least: int, most: int, hint: str) -> Callable[[object], int]:
    def number(value: object) -> int:
        if isinstance(value, float) and value.is_integer():  # 1e6, as on the command line
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise UsageError(f"{show(value)} is not a whole number in {least} .. {most}", hint=hint)
        return value

    return number


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise UsageError(f"{show(value)} is neither true nor false", hint="write true or false, without quotes")
    return value


def _word(kind: type[Io | Share | OrderMethod | Int8 | Transfers | Objective]) -> Callable[[object], str]:
    def word(value: object) -> str:
        words = [str(one) for one in kind]
        if not isinstance(value, str) or value not in words:
            near = nearest(value, words) if isinstance(value, str) else ""
            hint = f"did you mean {near}?" if near else f"choose one of {', '.join(words)}"
            raise UsageError(f"{show(value)} is unknown", hint=hint)
        return value

    return word


def _bindings(value: object) -> dict[str, int]:
    if not isinstance(value, dict):
        raise UsageError(f"{show(value)} is not a table", hint='write { batch = 1, "input:0" = 1 }')
    return check_bindings(value)


def _ties(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise UsageError(f"{show(value)} is not a table", hint='write { "output" = "input" }')
    return {output: name(tied) for output, tied in value.items()}


OPTIONS: Mapping[str, Callable[[object], object]] = {
    "target": target,
    "budget": _size,
    "alignment": alignment,
    "bind": _bindings,
    "io": _word(Io),
    "keep-inputs": _flag,
    "share": _word(Share),
    "inplace": _flag,
    "share-io": _flag,
    "tie": _ties,
    "allow-unplanned": _flag,
    "schedule": _word(OrderMethod),
    "states": _within(0, MAX_BYTES, "write it without quotes: 1_000_000, 1e6"),
    "allocator": name,
    "nodes": _within(0, MAX_BYTES, "write it without quotes: 1_000_000, 1e6"),
    "scratch": name,
    "int8": _word(Int8),
    "transfers": _word(Transfers),
    "objective": _word(Objective),
    "threads": _within(1, MAX_THREADS, "write it without quotes: 4"),
}
"""Key of a settings file -> what checks and reads its value. The keys are those of the options of commands."""
