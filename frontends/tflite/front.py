"""Writing of new flatbuffer objects in front of a file, whose old bytes stay as they are.

    0       header    offset of the root, "TFL3"
    8       mark      how `mark.py` finds the old bytes again
    ...     tables, vectors and data, which may point into the old bytes: a flatbuffer only points forward
    length  old bytes

Source: https://flatbuffers.dev/internals/
"""

from collections.abc import Mapping
from struct import Struct

from tmpass.base.errors import ModelError

ALIGNMENT = 64
"""The length of a front is a multiple of it, so that aligned objects in the old bytes stay aligned."""

_FARTHEST = 2**31 - 1
_UINT16, _UINT32 = Struct("<H"), Struct("<I")
_WIDEST = 8


class Front:
    """New objects, one after the other. `finish` fills in the links between them."""

    def __init__(self, reserved: int) -> None:
        self._data = bytearray(reserved)
        self._links: list[tuple[int, int, bool]] = []  # place, target, whether the target is in the old bytes

    def table(self, scalars: Mapping[int, bytes], links: Mapping[int, int | None]) -> tuple[int, dict[int, int]]:
        """Write a table.

        Args:
            scalars: the bytes of its numbers, by field number.
            links: the targets of its offsets in the old bytes, by field number; None for one to `link` later.

        Returns:
            The position of the table, and the place of each of its links.
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
        """Write a vector of `length` links; return its position, and the places of the links."""
        self._align(4)
        at = len(self._data)
        self._data += _UINT32.pack(length) + bytes(4 * length)
        return at, range(at + 4, at + 4 + 4 * length, 4)

    def bytes(self, content: bytes, width: int = 1, alignment: int = 4) -> int:
        """Write a vector of entries of `width` bytes, or a text, and a zero behind it; return its position.

        Its first entry is at a multiple of `alignment`.
        """
        self._data += bytes(-(len(self._data) + 4) % alignment)
        at = len(self._data)
        self._data += _UINT32.pack(len(content) // width) + content + b"\0"
        return at

    def link(self, place: int, target: int) -> None:
        """Point the link at `place` to the object at `target`, which must be behind it."""
        self._links.append((place, target, False))

    def link_old(self, place: int, old: int) -> None:
        """Point the link at `place` to byte `old` of the old bytes."""
        self._links.append((place, old, True))

    def finish(self) -> bytearray:
        """Return the front with all links filled in.

        Raises:
            ModelError: a link points farther than the format allows.
        """
        self._align(ALIGNMENT)
        for place, target, old in self._links:
            distance = target - place + (len(self._data) if old else 0)
            if distance > _FARTHEST:
                raise ModelError("the flatbuffer is larger than 2 GiB", hint="keep the weights outside the flatbuffer")
            _UINT32.pack_into(self._data, place, distance)
        return self._data

    def _align(self, alignment: int) -> None:
        self._data += bytes(-len(self._data) % alignment)
