"""The buffers of a model: where the bytes of constants and metadata are."""

from tmpass.base.errors import ModelError

from . import schema
from .flatbuffer import DAMAGED, Table

_INSIDE = 1
"""Writers store offset 0 or 1 if the data is inside the flatbuffer."""


class Buffers:
    """All buffers of a model.

    Fields:
        sizes: the bytes in each of them.

    Raises:
        ModelError: a buffer is not inside the file.
    """

    __slots__ = ("_copies", "_data", "_left", "_spans", "sizes")

    def __init__(self, model: Table, data: bytes) -> None:
        self._data, self._left = data, len(data)
        self._copies: dict[int, bytes] = {}
        self._spans = [_span(buffer, len(data)) for buffer in model.tables(schema.Model.BUFFERS, "buffer")]
        self.sizes = [size for _, size in self._spans]

    def size(self, index: int, owner: Table) -> int:
        """Return the number of bytes in buffer `index`, which `owner` refers to.

        Raises:
            ModelError: there is no such buffer.
        """
        if index >= len(self._spans):
            fault = f"names buffer {index}, but the file has {len(self._spans)} buffers"
            raise ModelError(fault, where=owner.where, hint=DAMAGED)
        return self._spans[index][1]

    def small(self, index: int, most: int) -> bytes:
        """Return the data in buffer `index`, or no bytes if there is no such buffer or it has more than `most`."""
        found = self.bytes_of(index)
        return found if len(found) <= most else b""

    def bytes_of(self, index: int) -> bytes:
        """Return the data in buffer `index`; empty for an index without a buffer."""
        start, size = self._spans[index] if index < len(self._spans) else (0, 0)
        return self._data[start : start + size]

    def content(self, index: int, owner: Table) -> bytes:
        """Return the data in buffer `index`, which `owner` refers to.

        Raises:
            ModelError: there is no such buffer, or the buffers returned so far overlap.
        """
        size = self.size(index, owner)
        if index not in self._copies:
            self._left -= size
            if self._left < 0:
                raise ModelError("the buffers of the metadata overlap", where=owner.where, hint=DAMAGED)
            start = self._spans[index][0]
            self._copies[index] = self._data[start : start + size]
        return self._copies[index]


def _span(buffer: Table, file_size: int) -> tuple[int, int]:
    """Return (first byte, size) of the data in `buffer`."""
    start, size = buffer.span(schema.Buffer.DATA)
    offset = buffer.scalar(schema.Buffer.OFFSET)
    if size or offset <= _INSIDE:
        return start, size
    size = buffer.scalar(schema.Buffer.SIZE)
    if offset + size > file_size:
        fault = f"its {size} bytes at byte {offset} end behind the file, which has {file_size} bytes"
        raise ModelError(fault, where=buffer.where, hint=DAMAGED)
    return offset, size
