"""Writes new flatbuffer objects to stand in front of old bytes, which stay as they are.

    0       header    where the root is, "TFL3"
    8       mark      what `marks.py` needs to take the front off again
    ...     tables, vectors and data, which may point into the old bytes: a flatbuffer only points forward
    length  old bytes

The format: https://flatbuffers.dev/internals/
"""

from collections.abc import Mapping
from struct import Struct

from tmpass.base.errors import ModelError

ALIGNMENT = 64
"""The length is a multiple of it, so that what was aligned in the old bytes still is."""

_FARTHEST = 2**31 - 1
_UINT16, _UINT32 = Struct("<H"), Struct("<I")
_WIDEST = 8


class Front:
    """New objects, one behind the other. Places of links are remembered and filled in by `finish`."""

    def __init__(self, reserved: int) -> None:
        self._data = bytearray(reserved)
        self._links: list[tuple[int, int, bool]] = []  # place, target, whether that counts in the old bytes

    def table(self, scalars: Mapping[int, bytes], links: Mapping[int, int | None]) -> tuple[int, dict[int, int]]:
        """Write a table: `scalars` are the bytes of its numbers, by field, `links` where its offsets lead in the old
        bytes, None where to `link` later. Returns where it is, and the place of each of its links.
        """
        sizes = {number: len(value) for number, value in scalars.items()} | dict.fromkeys(links, 4)
        places, end = dict[int, int](), 4
        for number, size in sorted(sizes.items(), key=lambda item: (-item[1], item[0])):
            end += -end % size
            places[number] = end
            end += size
        count = max(sizes, default=-1) + 1
        self._align(_WIDEST)
        vtable = len(self._data)
        entries = (4 + 2 * count, end, *(places.get(number, 0) for number in range(count)))
        self._data += b"".join(map(_UINT16.pack, entries))
        self._align(_WIDEST)
        at = len(self._data)
        self._data += bytes(end)
        _UINT32.pack_into(self._data, at, at - vtable)
        for number, value in scalars.items():
            self._data[at + places[number] : at + places[number] + len(value)] = value
        for number, old in links.items():
            if old is not None:
                self.link_old(at + places[number], old)
        return at, {number: at + places[number] for number in links}

    def vector(self, length: int) -> tuple[int, range]:
        """Write a vector of `length` links. Returns where it is, and the places of the links."""
        self._align(4)
        at = len(self._data)
        self._data += _UINT32.pack(length) + bytes(4 * length)
        return at, range(at + 4, at + 4 + 4 * length, 4)

    def bytes(self, content: bytes, width: int = 1, alignment: int = 4) -> int:
        """Write a vector of entries of `width` bytes, or a text, which begins at a multiple of `alignment`; a zero
        follows it. Returns where it is.
        """
        self._data += bytes(-(len(self._data) + 4) % alignment)
        at = len(self._data)
        self._data += _UINT32.pack(len(content) // width) + content + b"\0"
        return at

    def link(self, place: int, target: int) -> None:
        """Let the link at `place` lead to the object at `target`, which stands behind it."""
        self._links.append((place, target, False))

    def link_old(self, place: int, old: int) -> None:
        """Let the link at `place` lead to byte `old` of the old bytes."""
        self._links.append((place, old, True))

    def finish(self) -> bytearray:
        """The front with all links.

        Raises:
            ModelError: one of them leads farther than the format can say.
        """
        self._align(ALIGNMENT)
        for place, target, old in self._links:
            distance = target - place + (len(self._data) if old else 0)
            if distance > _FARTHEST:
                raise ModelError("the flatbuffer is above 2 GiB", hint="keep the weights outside the flatbuffer")
            _UINT32.pack_into(self._data, place, distance)
        return self._data

    def _align(self, alignment: int) -> None:
        self._data += bytes(-len(self._data) % alignment)
