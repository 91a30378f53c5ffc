"""Byte counts as people write them: `4096`, `"4KiB"`, `"1.5MiB"`, `"0x40000"`."""

import re

from tmpass.base.errors import UsageError

MAX_BYTES = 2**62
"""The largest size, offset and capacity. The sum of two of them fits 64 signed bits."""

_UNITS = {"": 1, "b": 1}
for _power, _prefix in enumerate("kmgt", 1):
    _UNITS |= {_prefix: 1024**_power, f"{_prefix}ib": 1024**_power, f"{_prefix}b": 1000**_power}


def parse_size(text: str | int, what: str = "size") -> int:
    """The number of bytes that `text` states.

    K, M, G, T and KiB, MiB, GiB, TiB are powers of 1024; kB, MB, GB, TB are powers of 1000. Kb, Mb are refused: they
    stand for bits.

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
    match = re.fullmatch(r"\s*(\d{1,30})(?:\.(\d{1,30}))?\s*([a-zA-Z]*)\s*", text, re.ASCII)
    unit = _UNITS.get(match[3].lower()) if match else None
    if match is None or unit is None:
        raise UsageError(f"{what} {text[:40]!r} is not a size", hint="write bytes or a unit: 4096, 4KiB, 1MiB")
    if re.fullmatch("[kmgtKMGT]b", match[3]):
        prefix, number = match[3][0].upper(), match[1] + (f".{match[2]}" if match[2] else "")
        decimal = "kB" if prefix == "K" else f"{prefix}B"
        hint = f"write {number}{prefix}iB for powers of 1024, or {number}{decimal} for powers of 1000"
        raise UsageError(f"{what} {text.strip()!r} is in bits: a lower-case b stands for them", hint=hint)
    fraction = match[2] or ""
    size, rest = divmod(int(match[1] + fraction) * unit, int("1" + "0" * len(fraction)))
    if rest:
        raise UsageError(f"{what} {text!r} is not a whole number of bytes", hint="write it in bytes")
    if size > MAX_BYTES:
        raise UsageError(f"{what} {text!r} is above 2^62 bytes", hint="write a smaller one")
    return size


def format_size(size: int) -> str:
    """The exact count of bytes, and above 1023 the same in the largest unit that fits."""
    if size < 1024:
        return f"{size} B"
    power = min((size.bit_length() - 1) // 10, 4)
    scaled = size / 1024**power
    number = f"{scaled:.4g}" if scaled < 1000 else f"{scaled:.0f}"
    return f"{size} B ({number} {'KMGT'[power - 1]}iB)"
