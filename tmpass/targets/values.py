"""The values in a profile, and how errors quote them."""

from tmpass.base.errors import UsageError
from tmpass.base.sizes import MAX_BYTES, parse_size
from tmpass.packing.problem import MAX_ALIGNMENT


def capacity(value: object) -> int | None:
    """The bytes that `value` states, or None for "unlimited".

    Raises:
        UsageError: it is not a size.
    """
    return None if value == "unlimited" else _bytes(value, "capacity")


def alignment(value: object) -> int:
    """The bytes that `value` states, a power of two in 1 .. 2^31.

    Raises:
        UsageError: it is not a size, or another number.
    """
    return check_alignment(_bytes(value, "alignment"))


def check_alignment(size: int) -> int:
    """`size`, which is the alignment of a memory in bytes.

    Compilers and linkers align arrays to powers of two only, and so do the arenas of runtimes.

    Raises:
        UsageError: it is not a power of two in 1 .. 2^31.
    """
    if not 1 <= size <= MAX_ALIGNMENT:
        raise UsageError(f"alignment {size} is not in 1 .. 2^31", hint="16 and 64 are usual")
    if size & (size - 1):
        above = 1 << size.bit_length()
        near = f"{above // 2} or {above}" if above <= MAX_ALIGNMENT else f"{above // 2}"
        raise UsageError(f"alignment {size} is not a power of two", hint=f"give {near}")
    return size


def bandwidth(value: object) -> int:
    """The bytes per second that `value` states: a number, or a size and "/s", as in "51.2 GB/s".

    Raises:
        UsageError: it is neither, or 0.
    """
    if isinstance(value, str):
        if not value.rstrip().endswith("/s"):
            raise UsageError(f"bandwidth {show(value)} has no unit that is known", hint='write "51.2 GB/s" or a number')
        value = value.rstrip().removesuffix("/s")
    speed = _bytes(value, "bandwidth")
    if speed == 0:
        raise UsageError("the bandwidth is 0", hint="leave the key out where it is not known")
    return speed


def rate(value: object) -> int:
    """The operations per second that `value` states, at least 1.

    Raises:
        UsageError: it is not a whole number in 1 .. 2^62, which may be written as 4e12.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_BYTES:
        hint = "write a whole number such as 4e12; leave the key out where it is not known"
        raise UsageError(f"{show(value)} is not a rate", hint=hint)
    return value


def reserve(value: object) -> int:
    """The bytes that `value` states.

    Raises:
        UsageError: it is not a size.
    """
    return _bytes(value, "reserve")


def chunk(value: object) -> int:
    """The bytes that `value` states, at least 1.

    Raises:
        UsageError: it is not a size, or 0.
    """
    size = _bytes(value, "chunk")
    if size == 0:
        raise UsageError("the chunk is 0", hint="leave the key out where constants are streamed as a whole")
    return size


def flag(value: object) -> bool:
    """`value`, which is true or false.

    Raises:
        UsageError: it is neither.
    """
    if not isinstance(value, bool):
        raise UsageError(f"{show(value)} is neither true nor false", hint="write true or false, without quotes")
    return value


def _bytes(value: object, what: str) -> int:
    if isinstance(value, str) and len(value) <= 40:
        return parse_size(value, what)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_BYTES:
        return value
    raise UsageError(f"{what} {show(value)} is not a size", hint='write 4096, "4KiB", "1MiB"; at most 2^62')


def toml(value: object) -> str:
    """`value` as TOML has it, if it is short; else three dots."""
    import json

    if isinstance(value, bool | str | int | float) and len(text := json.dumps(value, ensure_ascii=False)) <= 40:
        return text
    return "..."


def show(value: object) -> str:
    """`value` for an error, cut to 60 characters."""
    if isinstance(value, dict | list):
        return "a table" if isinstance(value, dict) else "a list"
    if isinstance(value, bool):
        return str(value).lower()  # as TOML writes it
    if isinstance(value, int) and value.bit_length() > 70:
        return f"a number of {value.bit_length()} bits"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
