"""Reading of the whole numbers of a map in a FlexBuffer, which holds the options of a custom operator.

    ... keys, sorted ... values ... types of the values | root offset | root type | root width

Source: https://flatbuffers.dev/internals/, FlexBuffers
"""

from struct import Struct

from .op_context import Unknown

_INT, _UINT, _BOOL, _INDIRECT_INT, _INDIRECT_UINT, _MAP = 1, 2, 26, 6, 7, 9
_SIGNED = {1: Struct("<b"), 2: Struct("<h"), 4: Struct("<i"), 8: Struct("<q")}
_UNSIGNED = {1: Struct("<B"), 2: Struct("<H"), 4: Struct("<I"), 8: Struct("<Q")}
_MOST_KEYS = 256


def read_numbers(data: bytes) -> dict[str, int]:
    """The entries of the map `data` that are whole numbers.

    Raises:
        Unknown: `data` is not a map, or damaged.
    """
    if len(data) < 3:
        raise Unknown
    width, (kind, inner) = data[-1], divmod(data[-2], 4)
    if kind != _MAP or width not in _UNSIGNED:
        raise Unknown
    root = len(data) - 2 - width
    at, step = root - _number(data, root, width), 1 << inner
    count = _number(data, at - step, step)
    if not 0 <= count <= _MOST_KEYS:
        raise Unknown
    keys = at - 3 * step - _number(data, at - 3 * step, step)
    key_step = _number(data, at - 2 * step, step)
    if key_step not in _UNSIGNED:
        raise Unknown
    found = {}
    for index in range(count):
        place = keys + index * key_step
        name = place - _number(data, place, key_step)
        end = data.find(b"\0", max(name, 0))
        packed = at + count * step + index
        if not 0 <= name <= end or packed >= len(data):
            raise Unknown
        value = _value(data, at + index * step, step, data[packed])
        if value is not None:
            found[data[name:end].decode(errors="backslashreplace")] = value
    return found


def _value(data: bytes, at: int, step: int, packed: int) -> int | None:
    kind, width = packed >> 2, 1 << (packed & 3)
    if kind in (_INT, _UINT, _BOOL):
        return _number(data, at, step, signed=kind == _INT)
    if kind in (_INDIRECT_INT, _INDIRECT_UINT):
        return _number(data, at - _number(data, at, step), width, signed=kind == _INDIRECT_INT)
    return None


def _number(data: bytes, at: int, width: int, *, signed: bool = False) -> int:
    layout = (_SIGNED if signed else _UNSIGNED).get(width)
    if layout is None or not 0 <= at <= len(data) - width:
        raise Unknown
    number: int = layout.unpack_from(data, at)[0]
    return number
