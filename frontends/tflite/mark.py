"""The mark of a file that was planned: what it takes to find the original again, byte for byte.

    0    header       where the root is, "TFL3"
    8    MAGIC        8 bytes
    16   length       of all that stands in front, 8 bytes
    24   SHA-256      of the original
    56   count        of the places below, 8 bytes
    64   places       8 bytes each: where the original counts bytes from the begin of the file, in 8 bytes;
                      by so much as stands in front these numbers have grown

Nothing in the flatbuffer leads there, so readers of the format never see it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from struct import Struct, unpack_from

from tmpass.base.errors import ModelError

MAGIC = b"tmpass\0\1"
_START = 8
_MARK = Struct("<8sQ32sQ")
_UINT64 = Struct("<Q")


def mark_size(places: int) -> int:
    """The bytes up to the end of a mark with so many places."""
    return _START + _MARK.size + _UINT64.size * places


def put_in_front(front: bytearray, original: bytes, places: Sequence[int]) -> bytes:
    """`front`, marked, and `original` behind it; `places` are where that counts from the begin of the file."""
    length = len(front)
    _MARK.pack_into(front, _START, MAGIC, length, hashlib.sha256(original).digest(), len(places))
    for number, place in enumerate(places):
        _UINT64.pack_into(front, mark_size(number), place)
    return bytes(front) + _shifted(original, places, length)


def take_off(data: bytes) -> bytes | None:
    """The original of a planned file, None where `data` has no mark.

    Raises:
        ModelError: the mark is damaged, or the file was changed since.
    """
    if len(data) < _START + _MARK.size or data[_START : _START + len(MAGIC)] != MAGIC:
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
        raise ModelError("it was changed since it was planned: the original is not in it any more", hint=hint)
    return original


def _shifted(body: bytes, places: Iterable[int], by: int) -> bytes:
    if not places:
        return body
    changed = bytearray(body)
    for place in places:
        number = _UINT64.unpack_from(changed, place)[0] + by
        _UINT64.pack_into(changed, place, number % 2**64)
    return bytes(changed)
