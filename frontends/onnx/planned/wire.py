"""The wire format of protobuf, to change a few fields of a file and leave every other byte as it is.

    message   field field ...
    field     tag  value          the tag is number << 3 | kind, a varint
              kind 0: a varint;  1: 8 bytes;  2: length (a varint), then that number of bytes;  5: 4 bytes

Parsing and writing a message again keeps its meaning, but not its bytes: for example, not the order of fields.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterator
from typing import NamedTuple

from tmpass.base.errors import ModelError

VARINT, EIGHT, BYTES, FOUR = 0, 1, 2, 5


class Field(NamedTuple):
    """A field in `data[start:end]`, with its value in `data[value:end]`."""

    number: int
    kind: int
    start: int
    value: int
    end: int


def fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """Yield the fields of the message in `data[start:end]`, in the order of the file.

    Raises:
        ModelError: the message is truncated, or has a kind of field that ONNX files do not have.
    """
    at = start
    while at < end:
        tag, value = read_varint(data, at, end)
        number, kind = tag >> 3, tag & 7
        if kind == BYTES:
            length, value = read_varint(data, value, end)
            stop = value + length
        elif kind == VARINT:
            _, stop = read_varint(data, value, end)
        elif kind in (EIGHT, FOUR):
            stop = value + (8 if kind == EIGHT else 4)
        else:
            raise ModelError(f"field {number} at byte {at} has unknown kind {kind}", hint="export the model again")
        if stop > end:
            raise _cut_short(at)
        yield Field(number, kind, at, value, stop)
        at = stop


def read_varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return the number at byte `at`, and the byte behind it."""
    number = shift = 0
    for place in range(at, min(end, at + 10)):
        byte = data[place]
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place + 1
        shift += 7
    raise _cut_short(at)


def varint(number: int) -> bytes:
    """Return `number` as a varint of the smallest length."""
    written = bytearray()
    while number >= 0x80:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)


def write_bytes(number: int, value: bytes) -> bytes:
    """Return field `number` with `value`, which is text, bytes or a message."""
    return varint(number << 3 | BYTES) + varint(len(value)) + value


def write_number(number: int, value: int) -> bytes:
    """Return field `number` with the whole number `value`."""
    return varint(number << 3 | VARINT) + varint(value)


def _cut_short(at: int) -> ModelError:
    return ModelError(f"the file is truncated at byte {at}", hint="check that the file is complete")
