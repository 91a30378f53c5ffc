"""Tensors in byte arrays, each with a copy of its written value, so that the next read finds an overwritten byte.

array    ..aaaaaaaabbbbbbbb........      write a, then b
array    ..aaaaacccccbbbbbb........      write c, over the end of a and the begin of b
copies     aaaaaaaa  bbbbbbbb  ccccc     read a: its last bytes differ from its copy; c was written there last
"""

from collections.abc import Iterable

from tmpass.base.record import record
from tmpass.base.violation import Violation
from tmpass.execution.memory_image import MemoryImage, Place
from tmpass.graph.model import TensorKey
from tmpass.loading.runner import Value
from tmpass.verification.replay import Broken

MAX_VIOLATIONS = 100
"""How many violations are listed. The first ones show what is wrong."""

_SCRATCH = 0x5A


@record
class Writer:
    """The writer or reader of a value, with its title in messages. The caller of an entry has no step."""

    step: int | None
    title: str


@record
class _Held:
    """The last value of a tensor: the number of the write, its writer, and whether the value is in an array."""

    value: Value
    time: int
    writer: Writer
    inside: bool


class Storage:
    """The arrays of one run, with `violations` as far as they have been found."""

    def __init__(self, image: MemoryImage) -> None:
        self._arrays, self._places, self._titles = image.arrays, image.places, image.titles
        self._planned = frozenset(image.places)
        self.violations = list(image.violations)
        self._held: dict[TensorKey, _Held] = {}
        self._touched: dict[TensorKey, tuple[int, Writer]] = {}  # when each tensor was last written, and by whom
        self._reserved: dict[TensorKey, tuple[int, Writer]] = {}
        self._reported: set[tuple[TensorKey, TensorKey | None]] = set()
        self._clock = 0
        self.compared = 0
        """How many bytes were read and compared with what was written."""

    def title(self, key: TensorKey) -> str:
        """The name of tensor `key` in messages."""
        return self._titles.get(key, f"tensor {key[1]}" + (f" of subgraph {key[0]}" if key[0] else ""))

    def place(self, key: TensorKey) -> Place | None:
        """The place of tensor `key`; None for a tensor that is held outside the arrays."""
        return self._places.get(key)

    def write(self, key: TensorKey, value: Value, writer: Writer, *, any_size: bool = False) -> None:
        """Write `value` to the planned bytes of `key`, if it has any. What was there is lost.

        A value of more bytes than planned is held outside the arrays, and reported unless it may have `any_size`. So is
        a value for a tensor whose buffer is away.
        """
        self._clock += 1
        place = self._places.get(key)
        inside = place is not None and value.data is not None
        if place is not None and value.data is not None:
            size = len(value.data)
            if size > place.high - place.low:
                if not any_size:
                    name = self._titles[key]
                    message = f"{writer.title} gives {name} {size} bytes, the plan {place.high - place.low}"
                    self._report(Violation("size", message, name, step=writer.step, low=place.low, high=place.high))
                inside = False
            else:
                self._arrays[place.memory][place.low : place.low + size] = value.data
                self._touched[key] = (self._clock, writer)
        elif value.data and key in self._planned:
            name = self.title(key)
            message = f"{writer.title} writes {name}, which has no place: its buffer is not in the scratchpad"
            self._report(Violation("missing", message, name, step=writer.step))
        self._held[key] = _Held(value, self._clock, writer, inside)

    def read(self, key: TensorKey, owner: TensorKey, reader: Writer, *, shared: bool = False) -> Value:
        """The value at the bytes of `key`.

        Overwritten bytes are reported, and the right value is returned, so that a run goes on.

        Args:
            key: the tensor.
            owner: the tensor whose value it should be: `key`, or the one that it captures.
            reader: names the step in messages.
            shared: accept bytes overwritten with a tensor that the plan puts in the same buffer on purpose.

        Raises:
            Broken: nothing has written the tensor yet.
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
        self._report_overwritten(
            key, place, _differing(found, data), held.time, f"{reader.title} reads", reader, shared=shared
        )
        return held.value

    def scribble(self, keys: Iterable[TensorKey], writer: Writer) -> None:
        """Fill the bytes of `keys` with garbage, as an operator does with its temporaries."""
        for key in keys:
            place = self._places.get(key)
            self._clock += 1
            if place is not None:
                self._arrays[place.memory][place.low : place.high] = bytes([_SCRATCH]) * (place.high - place.low)
                self._touched[key] = (self._clock, writer)

    def reserve(self, keys: Iterable[TensorKey], writer: Writer) -> None:
        """Reserve the bytes of `keys`: until `release` they may be written bit by bit, as a loop collects its outputs.

        Nothing is reserved where a tensor that the plan puts in the same buffer on purpose still has its value.
        """
        for key in keys:
            place = self._places.get(key)
            if place is not None and not any(self._shares(place, other) for other in self._held):
                self.scribble((key,), writer)
                self._reserved[key] = (self._clock, writer)

    def release(self, keys: Iterable[TensorKey]) -> None:
        """End what `reserve` began, and report a tensor that was written there meanwhile."""
        for key in keys:
            if key not in self._reserved:
                continue
            time, writer = self._reserved.pop(key)
            place = self._places[key]
            found, wanted = self._bytes(place), bytes([_SCRATCH]) * (place.high - place.low)
            if found != wanted:
                differing = _differing(found, wanted)
                self._report_overwritten(key, place, differing, time, f"{writer.title} collects", writer, shared=True)

    def report_in_place(self, result: TensorKey, source: TensorKey, writer: Writer) -> None:
        """Report that `result` cannot be written over `source`."""
        one, two = self._titles[result], self._titles[source]
        message = f"{writer.title} writes {one} over {two}, but does not compute it element by element"
        self._report(Violation("in place", message, one, two, writer.step))

    def end(self, keys: Iterable[TensorKey]) -> None:
        """Forget tensors that no later step reads. Their bytes stay until others are written there."""
        for key in keys:
            self._held.pop(key, None)

    def _shares(self, place: Place, key: TensorKey) -> bool:
        """Whether the plan puts `key` into the buffer of `place`."""
        there = self._places.get(key)
        return there is not None and there.buffer == place.buffer and there.overlaps(place)

    def _bytes(self, place: Place) -> bytes:
        return bytes(self._arrays[place.memory][place.low : place.high])

    def _last_writer(self, memory: str, low: int, high: int, since: int, but: TensorKey) -> TensorKey | None:
        """The tensor that was written last to any of the bytes `[low, high)`, after write number `since`."""
        span, best, latest = Place(memory, low, high, -1), None, since
        for key, (time, _) in self._touched.items():
            there = self._places.get(key)  # none where its buffer is away
            if time > latest and key != but and there is not None and there.overlaps(span):
                best, latest = key, time
        return best

    def _report_overwritten(
        self,
        key: TensorKey,
        place: Place,
        span: tuple[int, int],
        since: int,
        doing: str,
        reader: Writer,
        *,
        shared: bool,
    ) -> None:
        """Report that another tensor has overwritten bytes `span` of `place`, where `key` was written at `since`."""
        low, high = place.low + span[0], place.low + span[1]
        overwriter = self._last_writer(place.memory, low, high, since, key)
        if (key, overwriter) in self._reported or (shared and overwriter and self._shares(place, overwriter)):
            return
        self._reported.add((key, overwriter))
        name = self._titles[key]
        where = f"bytes {low}..{high - 1} of {place.memory}"
        if overwriter is None:  # a capture that is apart from what it captures
            message, second = f"{doing} {name}, but {where} never got its value", ""
        else:
            second, writer = self._titles[overwriter], self._touched[overwriter][1]
            message = f"{doing} {name}, but {where} were overwritten with {second} by {writer.title}"
            if writer == reader:
                message = f"{reader.title} overwrites {name} with {second} in {where}, and needs both"
        self._report(Violation("overwritten", message, name, second, reader.step, low, high))

    def _report(self, violation: Violation) -> None:
        if len(self.violations) < MAX_VIOLATIONS:
            self.violations.append(violation)


def _differing(found: bytes, wanted: bytes) -> tuple[int, int]:
    """The bytes from the first to the last that differs, as `[low, high)`. At least one must differ."""
    import numpy as np

    where = np.flatnonzero(np.frombuffer(found, np.uint8) != np.frombuffer(wanted, np.uint8))
    return int(where[0]), int(where[-1]) + 1
