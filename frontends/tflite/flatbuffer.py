"""Reading of flatbuffers that may be damaged or hostile: every offset is checked before it is followed.

    vtable  [its bytes, table's bytes, offset of field 0, of field 1, ...]   2 bytes each, 0: field is absent
      ^
      | 4-byte distance back
    table   [.., scalar, ..., 4-byte distance forward, ...]
                                  |
                                  v
                                vector [4-byte length, entries]  or string, or table

Source: https://flatbuffers.dev/internals/
"""

from collections.abc import Iterator
from itertools import pairwise
from struct import Struct, unpack_from

from tmpass.base.errors import ModelError
from tmpass.base.record import record

DAMAGED = "the file is truncated or damaged"

FIELD_LIMIT = 14
"""Fields from this number on are ignored: no table of the schema has them."""

_INT32, _UINT32 = Struct("<i"), Struct("<I")
# Prepared layouts for short vectors, such as shapes and operands.
_INT32_VECTORS = tuple(Struct(f"<{n}i") for n in range(9))
_VTABLES_KEPT = 4096
_SHARING = 4


@record
class Field:
    """A field that is an offset: to a string, a vector or a table."""

    number: int
    name: str


@record
class Scalar:
    """A field that is a number, with the layout `code` of the module struct; 0 if it is absent."""

    number: int
    name: str
    code: Struct


class Source:
    """The bytes of a file, and a budget for reading them.

    Objects may share other objects, so a hostile file of kilobytes can describe a tree of gigabytes. Without sharing, n
    bytes hold at most n/8 tables, and n bytes of vectors and strings. The budget is twice as many tables and 4 times as
    many bytes, and shared objects count each time they are read. Writers share far less.
    """

    __slots__ = ("_bytes_left", "_tables_left", "data", "size", "vtables")

    def __init__(self, data: bytes) -> None:
        self.data, self.size = data, len(data)
        self._tables_left = len(data) // 4
        self._bytes_left = _SHARING * len(data)
        self.vtables: dict[int, tuple[int, ...]] = {}

    def count_table(self, table: "Table") -> None:
        """Count a visit of `table`."""
        self._tables_left -= 1
        if self._tables_left < 0:
            self._refuse(table, "tables", self.size // 4)

    def count_bytes(self, count: int, table: "Table") -> None:
        """Count `count` bytes of a vector or string in `table`."""
        self._bytes_left -= count
        if self._bytes_left < 0:
            self._refuse(table, "bytes of vectors and strings", _SHARING * self.size)

    def _refuse(self, table: "Table", what: str, limit: int) -> None:
        fault = f"the file has {self.size} bytes, yet describes more than {limit} {what} by sharing them"
        raise ModelError(fault, where=table.where, hint="the file is damaged, or made to exhaust its reader")


class Table:
    """A table at a checked position; `kind`, `index` and `owner` identify it in errors."""

    __slots__ = ("_fields", "_position", "_source", "index", "kind", "owner")

    def __init__(
        self, source: Source, position: int, kind: str, index: int | None = None, owner: "Table | None" = None
    ) -> None:
        self._source, self._position = source, position
        self.kind, self.index, self.owner = kind, index, owner
        source.count_table(self)
        vtable = position - _INT32.unpack_from(source.data, position)[0]
        self._fields = source.vtables.get(vtable) or self._read_vtable(vtable)

    @property
    def where(self) -> str:
        """The name of the table in errors, such as "tensor 5 of subgraph 0"."""
        name = self.kind if self.index is None else f"{self.kind} {self.index}"
        return f"{name} of {self.owner.where}" if self.owner and self.owner.owner else name

    @property
    def position(self) -> int:
        """The byte of the file at which it begins."""
        return self._position

    def has(self, field: Field | Scalar) -> bool:
        """Whether `field` is present."""
        return self._fields[field.number] != 0

    def place(self, field: Field | Scalar) -> int:
        """Return the byte of the file at which `field` begins, which must be present."""
        return self._position + self._fields[field.number]

    def fields_above(self, count: int) -> bool:
        """Whether it has a field with number `count` or above."""
        source = self._source
        vtable = self._position - _INT32.unpack_from(source.data, self._position)[0]
        end = source.data[vtable] | source.data[vtable + 1] << 8
        return any(source.data[vtable + 4 + 2 * count : vtable + end])

    def scalar(self, field: Scalar) -> int:
        """Return the number in `field`, 0 if it is absent."""
        offset = self._fields[field.number]
        if not offset:
            return 0
        at = self._position + offset
        if at + field.code.size > self._source.size:
            raise self._outside(field, at)
        value: int = field.code.unpack_from(self._source.data, at)[0]
        return value

    def raw_fields(self) -> Iterator[tuple[int, bytes]]:
        """Yield the number and the bytes of each field that is present.

        A field ends where the next one begins, and is padded there: the bytes are at least its own. Their number is 1,
        2, 4 or 8.
        """
        data, position = self._source.data, self._position
        vtable = position - _INT32.unpack_from(data, position)[0]
        size = data[vtable + 2] | data[vtable + 3] << 8
        offsets = sorted({offset for offset in self._fields if offset} | {size})
        following = dict(pairwise(offsets))
        for number, offset in enumerate(self._fields):
            if not offset:
                continue
            gap = following.get(offset, 0) - offset
            if gap < 1 or position + offset + gap > self._source.size:
                raise self._outside(Field(number, f"number {number}"), position + offset)
            width = next(w for w in (8, 4, 2, 1) if w <= gap)
            yield number, data[position + offset : position + offset + width]

    def integers(self, field: Field) -> tuple[int, ...] | None:
        """Return the entries of a vector of 32-bit integers, None if it is absent."""
        if not self._fields[field.number]:
            return None
        start, length = self.span(field, width=4)
        self._source.count_bytes(4 * length, self)
        if length < len(_INT32_VECTORS):
            return _INT32_VECTORS[length].unpack_from(self._source.data, start)
        return unpack_from(f"<{length}i", self._source.data, start)

    def vector(self, field: Field, width: int) -> bytes:
        """Return the bytes of a vector of entries of `width` bytes each, none if it is absent."""
        start, length = self.span(field, width)
        self._source.count_bytes(width * length, self)
        return self._source.data[start : start + width * length]

    def string(self, field: Field) -> str | None:
        """Return the text in `field`, None if it is absent; bytes that are not UTF-8 become escapes."""
        start, length = self.span(field)
        if not start:
            return None
        self._source.count_bytes(length, self)
        return self._source.data[start : start + length].decode(errors="backslashreplace")

    def tables(self, field: Field, kind: str) -> Iterator["Table"]:
        """Yield the tables of a vector, none if it is absent; `kind` names them in errors."""
        start, length = self.span(field, width=4)
        self._source.count_bytes(4 * length, self)
        last = self._source.size - 4
        distances = unpack_from(f"<{length}I", self._source.data, start)
        for index, distance in enumerate(distances):
            position = start + 4 * index + distance
            if position > last:
                raise self._fault(f"field {field.name!r} points with entry {index} to byte {position}")
            yield Table(self._source, position, kind, index, self)

    def table(self, field: Field, kind: str) -> "Table | None":
        """Return the table in `field`, None if it is absent."""
        position = self.target(field)
        return Table(self._source, position, kind, None, self) if position else None

    def span(self, field: Field, width: int = 1) -> tuple[int, int]:
        """Return (first byte, number of entries) of a vector with entries of `width` bytes; (0, 0) if it is absent."""
        if not self._fields[field.number]:
            return 0, 0
        at = self.target(field)
        (length,) = _UINT32.unpack_from(self._source.data, at)
        end = at + 4 + length * width
        if end > self._source.size:
            raise self._fault(f"field {field.name!r} has {length} entries and ends at byte {end}")
        return at + 4, length

    def target(self, field: Field) -> int:
        """Return the first byte of the object in `field`, 0 if it is absent; its first 4 bytes are in the file."""
        offset = self._fields[field.number]
        if not offset:
            return 0
        last = self._source.size - 4
        at: int = self._position + offset
        if at > last:
            raise self._outside(field, at)
        at += _UINT32.unpack_from(self._source.data, at)[0]
        if at > last:
            raise self._outside(field, at)
        return at

    def _read_vtable(self, vtable: int) -> tuple[int, ...]:
        """Return the offsets of the first FIELD_LIMIT fields, in bytes from the start of the table."""
        source = self._source
        if not 0 <= vtable <= source.size - 4:
            raise self._fault(f"its vtable is at byte {vtable}")
        length = source.data[vtable] | source.data[vtable + 1] << 8
        if length < 4 or vtable + length > source.size:
            raise self._fault(f"its vtable at byte {vtable} has {length} bytes and ends at byte {vtable + length}")
        count = min(length // 2 - 2, FIELD_LIMIT)
        fields: tuple[int, ...] = unpack_from(f"<{count}H", source.data, vtable + 4) + (0,) * (FIELD_LIMIT - count)
        # Real files have a few vtables. A file with thousands must not fill the memory with them.
        if len(source.vtables) < _VTABLES_KEPT:
            source.vtables[vtable] = fields
        return fields

    def _outside(self, field: Field | Scalar, at: int) -> ModelError:
        return self._fault(f"field {field.name!r} points to byte {at}")

    def _fault(self, what: str) -> ModelError:
        return ModelError(f"{what} of {self._source.size}", where=self.where, hint=DAMAGED)


def root_table(data: bytes, kind: str) -> Table:
    """Return the root table of the flatbuffer `data`.

    Raises:
        ModelError: it is outside the file. All methods of tables raise this for what they read.
    """
    if len(data) < 8:
        raise ModelError(f"the file has {len(data)} bytes, too few for a header", hint=DAMAGED)
    position = _UINT32.unpack_from(data, 0)[0]
    if position > len(data) - 4:
        raise ModelError(f"the root points to byte {position} of {len(data)}", where=kind, hint=DAMAGED)
    return Table(Source(data), position, kind)
