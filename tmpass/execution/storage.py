"""Tensors in the byte arrays, each with a copy of what was written, so that a lost byte shows at the next read.

array    ..aaaaaaaabbbbbbbb........      write a, then b
array    ..aaaaacccccbbbbbb........      write c, over the ends of both
copies     aaaaaaaa  bbbbbbbb  ccccc     read a: its last bytes are not those of its copy; c was the last there
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tmpass.base.violation import Violation
from tmpass.execution.places import Key, Layout, Place
from tmpass.loading.runner import Value
from tmpass.verification.replay import Broken

MAX_VIOLATIONS = 100
"""What comes after that many is not listed: the first ones tell what is wrong."""

_SCRATCH = 0x5A


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes or reads: a step of the schedule, and how to name it; the caller of an entry has no step."""

    step: int | None
    title: str


@dataclass(frozen=True, slots=True)
class _Held:
    """What a tensor was given, when (writes are counted), by whom, and whether it stands in an array."""

    value: Value
    time: int
    writer: Writer
    inside: bool


class Storage:
    """The arrays of one run; `violations` grows with what is found."""

    def __init__(self, layout: Layout) -> None:
        self._arrays, self._places, self._titles = layout.arrays, layout.places, layout.titles
        self.violations = list(layout.violations)
        self._held: dict[Key, _Held] = {}
        self._touched: dict[Key, tuple[int, Writer]] = {}  # when each tensor was last written, and by whom
        self._reserved: dict[Key, tuple[int, Writer]] = {}
        self._blamed: set[tuple[Key, Key | None]] = set()
        self._clock = 0
        self.compared = 0
        """Bytes that were read and held against what was written."""

    def title(self, key: Key) -> str:
        """The name of `key` for a message."""
        return self._titles.get(key, f"tensor {key[1]}" + (f" of subgraph {key[0]}" if key[0] else ""))

    def place(self, key: Key) -> Place | None:
        """Where `key` stands; None for what is held outside the arrays."""
        return self._places.get(key)

    def write(self, key: Key, value: Value, writer: Writer, *, excused: bool = False) -> None:
        """Put `value` at the planned bytes of `key`, if it has any; what is there is lost.

        A value of more bytes than planned is held outside, and reported unless it is `excused`.
        """
        self._clock += 1
        place = self._places.get(key)
        inside = place is not None and value.data is not None
        if place is not None and value.data is not None:
            size = len(value.data)
            if size > place.high - place.low:
                if not excused:
                    name = self._titles[key]
                    message = f"{writer.title} gives {name} {size} bytes, the plan {place.high - place.low}"
                    self._report(Violation("size", message, name, step=writer.step, low=place.low, high=place.high))
                inside = False
            else:
                self._arrays[place.memory][place.low : place.low + size] = value.data
                self._touched[key] = (self._clock, writer)
        self._held[key] = _Held(value, self._clock, writer, inside)

    def read(self, key: Key, owner: Key, reader: Writer, *, shared: bool = False) -> Value:
        """What stands at the bytes of `key`; `owner` is the tensor whose value that should be, `key` or what it
        captures. Bytes that were overwritten are reported, and the right ones returned, so that a run goes on.
        With `shared`, a tensor that the plan puts in the same buffer on purpose may have overwritten them.

        Raises:
            Broken: nothing has written it yet.
        """
        held = self._held.get(owner)
        if held is None:
            name = self.title(key)
            message = f"{reader.title} reads {name}, which nothing has written"
            raise Broken(Violation("order", message, name, step=reader.step))
        if not held.inside or held.value.data is None:
            return held.value
        place, data = self._places.get(key), held.value.data
        if place is None:
            name = self.title(key)
            self._report(Violation("missing", f"{name}, which {reader.title} reads, has no place", name))
            return held.value
        if len(data) > place.high - place.low:  # a capture that is shorter than what it captures
            name = self._titles[key]
            message = f"{reader.title} reads {len(data)} bytes of {name}, the plan has {place.high - place.low}"
            self._report(Violation("size", message, name, step=reader.step, low=place.low, high=place.high))
            return held.value
        found = self._bytes(place)[: len(data)]
        self.compared += len(data)
        if found == data:
            return Value(found, held.value.form)
        self._blame(key, place, _differing(found, data), held.time, f"{reader.title} reads", reader, shared=shared)
        return held.value

    def scribble(self, keys: Iterable[Key], writer: Writer) -> None:
        """Fill what `keys` may use with garbage, as an operator does with what it works in."""
        for key in keys:
            place = self._places.get(key)
            self._clock += 1
            if place is not None:
                self._arrays[place.memory][place.low : place.high] = bytes([_SCRATCH]) * (place.high - place.low)
                self._touched[key] = (self._clock, writer)

    def reserve(self, keys: Iterable[Key], writer: Writer) -> None:
        """From now on `keys` may be written bit by bit, as a loop does with what its rounds pile up.

        Where a tensor of the same buffer still stands, put there on purpose, nothing is reserved.
        """
        for key in keys:
            place = self._places.get(key)
            if place is not None and not any(self._shares(place, other) for other in self._held):
                self.scribble((key,), writer)
                self._reserved[key] = (self._clock, writer)

    def settle(self, keys: Iterable[Key]) -> None:
        """End what `reserve` began, and report who else wrote there."""
        for key in keys:
            if key not in self._reserved:
                continue
            time, writer = self._reserved.pop(key)
            place = self._places[key]
            found, wanted = self._bytes(place), bytes([_SCRATCH]) * (place.high - place.low)
            if found != wanted:
                differing = _differing(found, wanted)
                self._blame(key, place, differing, time, f"{writer.title} collects", writer, shared=True)

    def report_in_place(self, result: Key, source: Key, writer: Writer) -> None:
        """Report that `result` cannot be written over `source`."""
        one, two = self._titles[result], self._titles[source]
        message = f"{writer.title} writes {one} over {two}, but does not compute it element by element"
        self._report(Violation("in place", message, one, two, writer.step))

    def end(self, keys: Iterable[Key]) -> None:
        """Forget tensors that nobody reads again; their bytes stay until others are written there."""
        for key in keys:
            self._held.pop(key, None)

    def _shares(self, place: Place, key: Key) -> bool:
        """Whether the plan puts `key` into the buffer of `place`."""
        there = self._places.get(key)
        return there is not None and there.buffer == place.buffer and there.overlaps(place)

    def _bytes(self, place: Place) -> bytes:
        return bytes(self._arrays[place.memory][place.low : place.high])

    def _last_writer(self, memory: str, low: int, high: int, since: int, but: Key) -> Key | None:
        """The tensor that was written last, after `since`, to any of the bytes `[low, high)`."""
        span, best, latest = Place(memory, low, high, -1), None, since
        for key, (time, _) in self._touched.items():
            if time > latest and key != but and self._places[key].overlaps(span):
                best, latest = key, time
        return best

    def _blame(
        self,
        key: Key,
        place: Place,
        span: tuple[int, int],
        since: int,
        doing: str,
        reader: Writer,
        *,
        shared: bool,
    ) -> None:
        """Report that the bytes `span` of `place`, where `key` was written at `since`, are another's."""
        low, high = place.low + span[0], place.low + span[1]
        culprit = self._last_writer(place.memory, low, high, since, key)
        if (key, culprit) in self._blamed or (shared and culprit and self._shares(place, culprit)):
            return
        self._blamed.add((key, culprit))
        name = self._titles[key]
        where = f"bytes {low}..{high - 1} of {place.memory}"
        if culprit is None:  # a capture that is apart from what it captures
            message, second = f"{doing} {name}, but {where} never got its value", ""
        else:
            second, writer = self._titles[culprit], self._touched[culprit][1]
            message = f"{doing} {name}, but {where} were overwritten with {second} by {writer.title}"
            if writer == reader:
                message = f"{reader.title} overwrites {name} with {second} in {where}, and needs both"
        self._report(Violation("overwritten", message, name, second, reader.step, low, high))

    def _report(self, violation: Violation) -> None:
        if len(self.violations) < MAX_VIOLATIONS:
            self.violations.append(violation)


def _differing(found: bytes, wanted: bytes) -> tuple[int, int]:
    """The bytes from the first to the last that differs, as `[low, high)`."""
    import numpy as np

    where = np.flatnonzero(np.frombuffer(found, np.uint8) != np.frombuffer(wanted, np.uint8))
    return int(where[0]), int(where[-1]) + 1
