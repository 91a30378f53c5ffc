"""An allocation problem.

    bytes
    ^        +-----------+
    |  +-----+     b     |
    |  |  a  +-----+-----+
    |  +-----+  c  |
    +--------+-----+------> steps

A buffer is a rectangle: the steps `[lower, upper)` across, the bytes `[offset, offset + size)` up. Two buffers that
share a step may not share a byte.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from math import lcm
from operator import attrgetter
from typing import TYPE_CHECKING, Protocol

from tmpass.base.errors import UsageError
from tmpass.base.record import Cached, record
from tmpass.base.sizes import MAX_BYTES

if TYPE_CHECKING:
    import tmpass._core as _core

MAX_STEP = 2**31 - 1
"""The largest step. It fits 32 signed bits in the kernels."""

_BEYOND = MAX_BYTES + 1

MAX_ALIGNMENT = 2**31
"""The largest alignment in bytes. Real ones are at most a few MiB."""


@record
class Gap:
    """Steps `[lower, upper)` of a live range in which a buffer needs only the bytes of a window, or none.

    The window `[window_lower, window_upper)` counts bytes from the buffer's offset. It may be empty.
    """

    lower: int
    upper: int
    window_lower: int = 0
    window_upper: int = 0


@record
class Memory:
    """The addresses `[offset, offset + size)`, in bytes. Without a size, a memory has no end."""

    name: str
    offset: int
    size: int | None = None

    def holds(self, offset: int, size: int) -> bool:
        """Whether `size` bytes at `offset` are inside."""
        return self.offset <= offset and (self.size is None or offset + size <= self.offset + self.size)


@record
class Buffer:
    """A piece of storage to place.

    Fields:
        id: its name.
        lower, upper: it is alive in the steps `[lower, upper)`.
        size: in bytes.
        alignment: what its offset is a multiple of, in bytes.
        offset: a fixed offset in bytes, or None where the allocator chooses.
        hint: an offset in bytes that it gets where that makes the packing no higher, or None.
        gaps: in the order of steps, without overlap.
        memories: the names of the memories that may hold it; all may where it is empty.
    """

    id: str
    lower: int
    upper: int
    size: int
    alignment: int = 1
    offset: int | None = None
    hint: int | None = None
    gaps: tuple[Gap, ...] = ()
    memories: tuple[str, ...] = ()

    def rounded(self, granule: int) -> "Buffer":
        """This buffer with its size and the ends of its windows rounded up to multiples of `granule` bytes."""
        if granule == 1:
            return self

        def up(size: int) -> int:
            return -(-size // granule) * granule

        gaps = tuple(replace(gap, window_upper=up(gap.window_upper)) for gap in self.gaps)
        return replace(self, size=up(self.size), gaps=gaps)


_MEMORIES = attrgetter("memories")


@record
class Problem(Cached):
    """Buffers to place in one address space.

    Fields:
        buffers: what is to be placed.
        capacity: of the address space in bytes, or None for any.
        alignment: every offset is a multiple of this and of the buffer's own alignment, in bytes.
        memories: parts of the address space, in the order of their addresses. If there are any, each buffer is
            completely inside one of them.
        shared: pairs of buffers, by index, that have the same offset and may overlap.
        apart: pairs of buffers, by index, with at least one byte between them while both are alive.

    Raises:
        UsageError: a number is out of its range, a fixed offset is not aligned, memories overlap, or a pair is not of
            two buffers.
    """

    buffers: tuple[Buffer, ...]
    capacity: int | None = None
    alignment: int = 1
    memories: tuple[Memory, ...] = ()
    shared: tuple[tuple[int, int], ...] = ()
    apart: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if self.capacity is not None and not (isinstance(self.capacity, int) and 0 <= self.capacity <= MAX_BYTES):
            raise UsageError(f"capacity {self.capacity!r} is not a whole number in 0 .. 2^62", hint="give bytes")
        if not (isinstance(self.alignment, int) and 1 <= self.alignment <= MAX_ALIGNMENT):
            raise UsageError(f"alignment {self.alignment!r} is not a whole number in 1 .. 2^31", hint="64 is usual")
        total = _check_memories(self.memories)
        for first, second in (*self.shared, *self.apart):
            if not (0 <= first < len(self.buffers) and 0 <= second < len(self.buffers)) or first == second:
                raise UsageError(f"the pair {first}, {second} is not of two buffers", hint="give their indices")
        object.__setattr__(self, "buffers", tuple(self.buffers))
        if self.memories or any(map(_MEMORIES, self.buffers)):
            self._check_buffers(total)
        try:
            self.native  # noqa: B018  # reading checks the buffers, except for their memories
        except (ValueError, TypeError, OverflowError) as error:
            self._check_buffers(total)
            fault = "a number is not a whole number" if isinstance(error, TypeError) else str(error)
            raise UsageError(f"a buffer cannot be read: {fault}", hint="correct the buffers") from None

    def _check_buffers(self, total: int) -> None:
        for buffer in self.buffers:
            _check(buffer, self)
            total += buffer.size + self.alignment_of(buffer) + (buffer.offset or 0) + (buffer.hint or 0)
        if total > MAX_BYTES:
            raise UsageError(f"the buffers add up to {total} bytes, above 2^62", hint="check the sizes")

    def alignment_of(self, buffer: Buffer) -> int:
        """The number of bytes of which the offset of `buffer` must be a multiple."""
        return lcm(self.alignment, buffer.alignment)

    def only(self, places: Sequence[int]) -> "Problem":
        """The problem with only the buffers at the indices `places`, in that order, and the pairs among them."""
        new = {at: number for number, at in enumerate(places)}
        return replace(
            self,
            buffers=tuple(self.buffers[at] for at in places),
            shared=tuple((new[a], new[b]) for a, b in self.shared if a in new and b in new),
            apart=tuple((new[a], new[b]) for a, b in self.apart if a in new and b in new),
        )

    @cached_property
    def native(self) -> "_core.Problem":
        """The problem as the kernels read it, without its shared pairs."""
        import tmpass._core as _core

        rows = forbidden_offsets(self) if self.memories else []
        return _core.Problem.read(self.buffers, self.alignment, rows, [at for pair in self.apart for at in pair])

    @property
    def reach(self) -> int:
        """An upper bound in bytes on the least peak: all buffers on top of each other above the topmost start."""
        start = max([0, *(m.offset for m in self.memories), *(b.offset or 0 for b in self.buffers)])
        return start + sum(b.size + self.alignment_of(b) for b in self.buffers)

    @property
    def horizon(self) -> int:
        """One past the last step at which a buffer is alive."""
        return max((b.upper for b in self.buffers), default=0)


def forbidden_offsets(problem: Problem) -> list[int]:
    """The offsets at which a buffer is not completely inside a memory that may hold it.

        |  other  |   its own   |  other   ...
        ^^^^^^^^^^        ^^^^^^^^^^^^^^^^^^^    forbidden

    Returns:
        Rows of a buffer's index, and the offsets [from, to); rising for each buffer.
    """
    rows: list[int] = []
    for at, b in enumerate(problem.buffers):
        free = 0
        for memory in problem.memories:
            if b.memories and memory.name not in b.memories:
                continue
            if memory.size is not None and memory.size < b.size:
                continue
            if free < memory.offset:
                rows += (at, free, memory.offset)
            free = _BEYOND if memory.size is None else memory.offset + memory.size - b.size + 1
        if free < _BEYOND:
            rows += (at, free, _BEYOND)
    return rows


class _HasGaps(Protocol):
    """A buffer of a problem or of a plan."""

    @property
    def lower(self) -> int: ...
    @property
    def upper(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def gaps(self) -> tuple[Gap, ...]: ...


def in_use(buffer: _HasGaps) -> Iterator[tuple[int, int, int, int]]:
    """Spans of steps `[lower, upper)` and the bytes `[low, high)`, from its offset, that `buffer` needs then.

    In a gap these are the bytes of the window, which may be empty; outside of gaps all of its bytes.
    """
    time = buffer.lower
    for gap in buffer.gaps:
        if time < gap.lower:
            yield time, gap.lower, 0, buffer.size
        yield gap.lower, gap.upper, gap.window_lower, gap.window_upper
        time = gap.upper
    if time < buffer.upper:
        yield time, buffer.upper, 0, buffer.size


def _check(buffer: Buffer, problem: Problem) -> None:
    """Raise for the first number of `buffer` that is not whole, or out of range."""
    gaps = (edge for g in buffer.gaps for edge in (g.lower, g.upper, g.window_lower, g.window_upper))
    given = (number for number in (buffer.offset, buffer.hint) if number is not None)
    numbers = (buffer.lower, buffer.upper, buffer.size, buffer.alignment, *given, *gaps)
    odd = [number for number in numbers if not hasattr(number, "__index__")]
    if odd:
        _refuse(buffer, f"has the number {odd[0]!r}", "steps and bytes are whole numbers")
    if not 0 <= buffer.lower < buffer.upper <= MAX_STEP:
        _refuse(buffer, f"lives in [{buffer.lower}, {buffer.upper})", "a live range is 0 <= lower < upper < 2^31")
    if not 0 <= buffer.size <= MAX_BYTES:
        _refuse(buffer, f"has size {buffer.size}", "sizes are 0 .. 2^62 bytes")
    if not 1 <= buffer.alignment <= MAX_ALIGNMENT or problem.alignment_of(buffer) > MAX_ALIGNMENT:
        _refuse(
            buffer,
            f"has alignment {buffer.alignment}",
            "alignments are 1 .. 2^31, and so is their least common multiple",
        )
    end = buffer.lower
    for gap in buffer.gaps:
        if not 0 <= gap.window_lower <= gap.window_upper <= buffer.size:
            window = f"has window [{gap.window_lower}, {gap.window_upper}) in a gap"
            _refuse(buffer, window, f"windows are inside the buffer's {buffer.size} bytes")
        if not end <= gap.lower < gap.upper <= buffer.upper:
            _refuse(
                buffer,
                f"has gap [{gap.lower}, {gap.upper})",
                "gaps are inside the live range, in order, without overlap",
            )
        end = gap.upper
    unknown = [name for name in buffer.memories if all(name != memory.name for memory in problem.memories)]
    if unknown:
        known = ", ".join(memory.name for memory in problem.memories)
        law = f"the memories are {known}" if known else "no memory is given; tmpass allocate takes --memory NAME=SIZE"
        _refuse(buffer, f"asks for memory {unknown[0]}", law)
    if buffer.hint is not None and not 0 <= buffer.hint <= MAX_BYTES:
        _refuse(buffer, f"has hint {buffer.hint}", "hints are 0 .. 2^62")
    if buffer.offset is None:
        return
    if not 0 <= buffer.offset <= MAX_BYTES - buffer.size or buffer.offset % problem.alignment_of(buffer):
        _refuse(buffer, f"is fixed at {buffer.offset}", f"multiples of {problem.alignment_of(buffer)} are allowed")


def _check_memories(memories: tuple[Memory, ...]) -> int:
    """The end of the last of `memories`, or its start if it has none; raise where they overlap or are unsorted."""
    end: int | None = 0
    for memory in memories:
        if end is None or not end <= memory.offset <= MAX_BYTES or not 0 <= (memory.size or 0) <= MAX_BYTES:
            what = f"begins at {memory.offset}, has {memory.size} bytes, and follows one that ends at {end}"
            law = "sort memories by address, without overlap; only the last may have no size"
            raise UsageError(what, where=f"memory {memory.name}", hint=law)
        end = None if memory.size is None else memory.offset + memory.size
    if len({memory.name for memory in memories}) < len(memories):
        names = [memory.name for memory in memories]
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError("two memories have this name", where=f"memory {twice}", hint="rename one")
    return memories[-1].offset + (memories[-1].size or 0) if memories else 0


def _refuse(buffer: Buffer, fault: str, law: str) -> None:
    raise UsageError(fault, where=f"buffer {buffer.id}", hint=law)
