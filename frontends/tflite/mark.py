"""The file mark of a planned model, which holds all that is needed to restore the original byte for byte.

    0    header       offset of the root, "TFL3"
    8    MAGIC        8 bytes
    16   length       of the front, in bytes; 8 bytes
    24   SHA-256      of the original
    56   count        of the places below, 8 bytes
    64   places       8 bytes each: where the original has an offset of 8 bytes from the start of the file;
                      in the planned file these offsets are larger by the length of the front

Nothing in the flatbuffer points to the mark, so readers of the format never see it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from struct import Struct, unpack_from

from tmpass.base.errors import ModelError

from .front import Front

MAGIC = b"tmpass\0\1"
_START = 8
_MARK = Struct("<8sQ32sQ")
_UINT64 = Struct("<Q")


def mark_size(places: int) -> int:
    """The number of bytes up to the end of a mark with `places` places."""
    return _START + _MARK.size + _UINT64.size * places


def put_in_front(front: bytearray, original: bytes, places: Sequence[int]) -> bytes:
    """Return `front` with a mark, and `original` behind it.

    Args:
        front: the new bytes, with room for the mark.
        original: the bytes of the original file.
        places: where `original` has offsets from the start of the file.
    """
    length = len(front)
    _MARK.pack_into(front, _START, MAGIC, length, hashlib.sha256(original).digest(), len(places))
    for number, place in enumerate(places):
        _UINT64.pack_into(front, mark_size(number), place)
    return bytes(front) + _shifted(original, places, length)


def put_before(front: Front, original: bytes, places: Sequence[int]) -> bytes:
    """Return a model of the objects in `front`, which has no mark, with `original` behind them.

    Args:
        front: the new objects, with room for the header.
        original: the bytes of the original file.
        places: where `original` has offsets from the start of the file.
    """
    head = front.finish()
    head[4:8] = original[4:8]
    return bytes(head) + _shifted(original, places, len(head))


def take_off(data: bytes) -> bytes | None:
    """Return the original of a planned file, or None if `data` has no mark.

    Raises:
        ModelError: the mark is damaged, or the file has been changed since.
    """
    if not _has_mark(data):
        return None
    _, length, digest, count = _MARK.unpack_from(data, _START)
    hint = "take the original file, if there is one"
    if not mark_size(0) <= length <= len(data) or count > (length - mark_size(0)) // _UINT64.size:
        raise ModelError("the mark of the plan in it is damaged", hint=hint)
    places = unpack_from(f"<{count}Q", data, mark_size(0))
    if any(place + _UINT64.size > len(data) - length for place in places):
        raise ModelError("the mark of the plan in it is damaged", hint=hint)
    original = _shifted(data[length:], places, -length)
    if hashlib.sha256(original).digest() != digest:
        raise ModelError("it was changed after it was planned: the original is no longer in it", hint=hint)
    return original


def front_of(data: bytes) -> bytes:
    """Return the bytes before the original in a planned file; none where `data` has no mark."""
    return data[: _MARK.unpack_from(data, _START)[1]] if _has_mark(data) else b""


def with_front(front: bytes, original: bytes) -> bytes | None:
    """Return the planned file of which `front` is the front and `original` the original.

    None where `front` is not whole, or has the SHA-256 of another original in its mark.
    """
    if not _has_mark(front):
        return None
    _, length, digest, count = _MARK.unpack_from(front, _START)
    if length != len(front) or mark_size(count) > length or hashlib.sha256(original).digest() != digest:
        return None
    places = unpack_from(f"<{count}Q", front, mark_size(0))
    if any(place + _UINT64.size > len(original) for place in places):
        return None
    return front + _shifted(original, places, length)


def _has_mark(data: bytes) -> bool:
    return len(data) >= _START + _MARK.size and data[_START : _START + len(MAGIC)] == MAGIC


def _shifted(body: bytes, places: Iterable[int], by: int) -> bytes:
    if not places:
        return body
    changed = bytearray(body)
    for place in places:
        number = _UINT64.unpack_from(changed, place)[0] + by
        _UINT64.pack_into(changed, place, number % 2**64)
    return bytes(changed)
