"""Byte counts as people write them: `4096`, `"4KiB"`, `"1.5MiB"`, `"0x40000"`."""

import re

from tmpass.base.errors import UsageError

MAX_BYTES = 2**62
"""The largest size, offset and capacity. The sum of two of them fits 64 signed bits."""

UNITS = {"": 1, "B": 1}
"""Unit -> its bytes. The prefix may be of either case, as in kB and KB; the B may not."""

for _power, _prefix in enumerate("KMGT", 1):
    UNITS |= {_prefix: 1024**_power, f"{_prefix}iB": 1024**_power, f"{_prefix}B": 1000**_power}

_FEW_BYTES = 4096
"""A budget below this, without a unit, may be one in KiB: no scratchpad of a profile is that small."""

HINT = "write bytes or a unit: 4096, 4KiB, 1MiB"

_NUMBER = r"\d{1,30}(?:\.\d{1,30})?"


def parse_size(text: str | int, what: str = "size") -> int:
    """The number of bytes that `text` states.

    K, M, G, T and KiB, MiB, GiB, TiB are powers of 1024; kB, MB, GB, TB are powers of 1000. The prefix and the i may be
    of either case. A lower-case b stands for bits, so 64Kb, 64kib and 64b are refused.

    Args:
        text: such as 4096, "4KiB", "1.5MiB" or "0x1000".
        what: names the size in errors.

    Returns:
        A number in 0 .. 2^62.

    Raises:
        UsageError: it is not a size, not a whole number of bytes, negative, or above 2^62.
    """
    text = str(text) if isinstance(text, str) or abs(text) <= MAX_BYTES else "above 2^62"
    if re.fullmatch(r"\s*0[xX][0-9a-fA-F]{1,16}\s*", text, re.ASCII):
        text = str(int(text, 16))
    match = re.fullmatch(rf"\s*({_NUMBER})\s*([a-zA-Z]*)\s*", text, re.ASCII)
    unit = UNITS.get(_plain(match[2])) if match else None
    if match is None or unit is None:
        raise _refusal(text, what)
    whole, _, fraction = match[1].partition(".")
    size, rest = divmod(int(whole + fraction) * unit, int("1" + "0" * len(fraction)))
    if rest:
        hint = f"write {size} or {size + 1} bytes" if size < MAX_BYTES else HINT
        hint = hint if match[2] else "a fraction needs a unit, as in 1.5MiB"
        raise UsageError(f"{what} {text.strip()!r} is not a whole number of bytes", hint=hint)
    if size > MAX_BYTES:
        raise UsageError(f"{what} {text!r} is above 2^62 bytes", hint="write a smaller one")
    return size


def unit_doubt(text: str, what: str) -> str:
    """A warning for a budget that looks like one in KiB, since it has no unit; empty for others.

    Args:
        text: of a size.
        what: names the size.
    """
    size = int(text) if re.fullmatch(r"\s*\d{1,9}\s*", text, re.ASCII) else 0
    if not (0 < size < _FEW_BYTES and size % 1024):
        return ""
    return f"{what} {size} is {size} bytes; write {size}KiB if these are KiB"


def _plain(unit: str) -> str:
    """A unit as UNITS has it, if it is one: the case of all but the B does not matter."""
    return unit if unit == "b" else unit[:1].upper() + unit[1:].replace("I", "i")


def _refusal(text: str, what: str) -> UsageError:
    """The error for a text that is not a size: what to write instead, where that can be seen."""
    short = f"{what} {text.strip()[:40]!r}"
    number, unit = _parts(text)
    match = re.fullmatch("([kmgt]?)(i?)(b|bytes?|bits?)?", unit, re.IGNORECASE)
    if not number or match is None or ("." in number and not match[1]):
        units = ", ".join(sorted({name for name in UNITS if name} - {"KB"} | {"kB"}, key=str.upper))
        if number and match is None and text.lstrip()[:2].lower() != "0x":
            return UsageError(f"{short} has an unknown unit", hint=f"the units are {units}")
        return UsageError(f"{short} is not a size", hint=HINT)
    prefix = match[1].upper()
    hint = f"write {number}{prefix}iB" if prefix else f"write {number}"
    if prefix and not match[2]:
        hint += f" for powers of 1024, or {number}{'k' if prefix == 'K' else prefix}B for powers of 1000"
    if not unit.endswith(("b", "bit", "bits")):
        return UsageError(f"{short} is not a size", hint=hint)
    return UsageError(f"{short} is in bits: a lower-case b stands for them", hint=hint)


def _parts(text: str) -> tuple[str, str]:
    """The number in `text`, without the marks of thousands or an exponent, and the unit; two empty texts without."""
    match = re.fullmatch(rf"\s*({_NUMBER}|\d{{1,3}}(?:[_,' ]\d{{3}}){{1,8}})\s*([a-zA-Z]*)\s*", text, re.ASCII)
    if match is not None:
        return re.sub("[_,' ]", "", match[1]), match[2]
    match = re.fullmatch(r"\s*(\d{1,9})[eE]\+?(\d{1,2})\s*", text, re.ASCII)
    number = 0 if match is None else int(match[1]) * 10 ** int(match[2])
    return ("", "") if match is None or number > MAX_BYTES else (str(number), "")


def format_size(size: int) -> str:
    """The exact count of bytes, and above 1023 the same in the largest unit that fits."""
    if size < 1024:
        return f"{size} B"
    power = min((size.bit_length() - 1) // 10, 4)
    scaled = size / 1024**power
    number = f"{scaled:.4g}" if scaled < 1000 else f"{scaled:.0f}"
    return f"{size} B ({number} {'KMGT'[power - 1]}iB)"
