"""An allocation problem and its answer: no graph, no file format, only buffers in time and space.

bytes
^        +-----------+          a buffer is a rectangle: lower <= step < upper across,
|  +-----+     b     |          offset <= byte < offset + size up; two that share a step
|  |  a  +-----+-----+          may not share a byte
|  +-----+  c  |
+--------+-----+------> steps
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from math import lcm
from typing import TYPE_CHECKING, Protocol

from tmpass.base.errors import UsageError
from tmpass.base.sizes import MAX_BYTES

if TYPE_CHECKING:
    import tmpass._core as _core

MAX_STEP = 2**31 - 1
"""Steps stay at or below this, so that a step fits 32 signed bits in the kernels."""

_BEYOND = MAX_BYTES + 1

MAX_ALIGNMENT = 2**31
"""Alignments stay at or below this; real ones are at most a few MiB."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Steps `[lower, upper)` inside a live range in which a buffer needs no bytes, or only a window of them.

    The window `[window_lower, window_upper)` counts bytes from the buffer's own offset; empty means none.
    """

    lower: int
    upper: int
    window_lower: int = 0
    window_upper: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """Addresses `[offset, offset + size)` of one address space; without a size it has no end."""

    name: str
    offset: int
    size: int | None = None

    def holds(self, offset: int, size: int) -> bool:
        """Whether `size` bytes at `offset` are inside."""
        return self.offset <= offset and (self.size is None or offset + size <= self.offset + self.size)


@dataclass(frozen=True, slots=True)
class Buffer:
    """A piece of storage: alive in `[lower, upper)`, `size` bytes, at a multiple of `alignment`.

    `offset` is a fixed address, or None where the allocator chooses; `hint` is one that it takes where that makes no
    packing higher. `memories` names those that may hold it; all may where it is empty.
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
        """This buffer where bytes are set aside in multiples of `granule`: size and windows end at one."""
        if granule == 1:
            return self

        def up(size: int) -> int:
            return -(-size // granule) * granule

        gaps = tuple(replace(gap, window_upper=up(gap.window_upper)) for gap in self.gaps)
        return replace(self, size=up(self.size), gaps=gaps)


@dataclass(frozen=True)
class Problem:
    """Buffers to place in one address space of `capacity` bytes, or of any size where that is None.

    Every offset is a multiple of `alignment` and of the buffer's own.

    memories   |  sram   |        dram ...      Where there are any, each buffer is inside one of them, whole.
               0       size
    shared     pairs of buffers, by index, that begin at the same address, and may overlap there
    apart      pairs that do not touch either: while both are alive there is a byte between them

    Raises:
        UsageError: a number is out of its range, a fixed offset is not aligned, memories overlap, or a pair is none.
    """

    buffers: tuple[Buffer, ...]
    capacity: int | None = None
    alignment: int = 1
    memories: tuple[Memory, ...] = ()
    shared: tuple[tuple[int, int], ...] = ()
    apart: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if self.capacity is not None and not (isinstance(self.capacity, int) and 0 <= self.capacity <= MAX_BYTES):
            raise UsageError(f"capacity {self.capacity!r} is not a whole number of 0 .. 2^62", hint="give bytes")
        if not (isinstance(self.alignment, int) and 1 <= self.alignment <= MAX_ALIGNMENT):
            raise UsageError(f"alignment {self.alignment!r} is not a whole number of 1 .. 2^31", hint="64 is usual")
        total = _check_memories(self.memories)
        for first, second in (*self.shared, *self.apart):
            if not (0 <= first < len(self.buffers) and 0 <= second < len(self.buffers)) or first == second:
                raise UsageError(f"the pair {first}, {second} is not of two buffers", hint="give their indices")
        object.__setattr__(self, "buffers", tuple(self.buffers))
        if self.memories or any(b.memories for b in self.buffers):
            self._check_buffers(total)
        try:
            self.native  # noqa: B018  # reading checks them as well, but for their memories
        except (ValueError, TypeError, OverflowError) as error:
            self._check_buffers(total)
            fault = "a number is not a whole number" if isinstance(error, TypeError) else str(error)
            raise UsageError(f"a buffer cannot be read: {fault}", hint="correct the buffers") from None

    def __getstate__(self) -> dict[str, object]:
        """Nothing native: that is read again where it is needed."""
        return {name: value for name, value in vars(self).items() if name != "native"}

    def _check_buffers(self, total: int) -> None:
        for buffer in self.buffers:
            _check(buffer, self)
            total += buffer.size + self.alignment_of(buffer) + (buffer.offset or 0) + (buffer.hint or 0)
        if total > MAX_BYTES:
            raise UsageError(f"the buffers add up to {total} bytes, above 2^62", hint="check the sizes")

    def alignment_of(self, buffer: Buffer) -> int:
        """What the offset of `buffer` must be a multiple of."""
        return lcm(self.alignment, buffer.alignment)

    def only(self, places: Sequence[int]) -> "Problem":
        """The problem of the buffers at `places` alone, in that order, with the pairs among them."""
        new = {at: number for number, at in enumerate(places)}
        return replace(
            self,
            buffers=tuple(self.buffers[at] for at in places),
            shared=tuple((new[a], new[b]) for a, b in self.shared if a in new and b in new),
            apart=tuple((new[a], new[b]) for a, b in self.apart if a in new and b in new),
        )

    @cached_property
    def native(self) -> "_core.Problem":
        """The buffers as the kernels read them, whatever they share."""
        import tmpass._core as _core

        rows = barred(self) if self.memories else []
        return _core.Problem.read(self.buffers, self.alignment, rows, [at for pair in self.apart for at in pair])

    @property
    def reach(self) -> int:
        """What no packing needs to be above: the topmost start, and everything on top of each other."""
        start = max([0, *(m.offset for m in self.memories), *(b.offset or 0 for b in self.buffers)])
        return start + sum(b.size + self.alignment_of(b) for b in self.buffers)

    @property
    def horizon(self) -> int:
        """One past the last step at which a buffer is alive."""
        return max((b.upper for b in self.buffers), default=0)


def barred(problem: Problem) -> list[int]:
    """The offsets outside the memories that may hold a buffer, from the lowest to the highest.

    |  other  |   its own   |  other   ...
    ^^^^^^^^^^        ^^^^^^^^^^^^^^^^^^^    barred: what begins here is not inside, whole
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


class _Needed(Protocol):
    """A buffer, of a problem or of a plan."""

    @property
    def lower(self) -> int: ...
    @property
    def upper(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def gaps(self) -> tuple[Gap, ...]: ...


def in_use(buffer: _Needed) -> Iterator[tuple[int, int, int, int]]:
    """The steps `[lower, upper)` and the bytes `[low, high)`, from its own offset on, that `buffer` is needed for.

    Between two gaps that is all of it; in a gap the window, which may be empty.
    """
    time = buffer.lower
    for gap in buffer.gaps:
        if time < gap.lower:
            yield time, gap.lower, 0, buffer.size
        yield gap.lower, gap.upper, gap.window_lower, gap.window_upper
        time = gap.upper
    if time < buffer.upper:
        yield time, buffer.upper, 0, buffer.size


class Status(StrEnum):
    """What is known about a packing: UNKNOWN means that the budget ran out."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Allocation:
    """Offsets in the order of the problem's buffers, and what is proved about them.

    Fields: `peak` is the highest offset + size; `lower_bound` no packing can go below; `live_bytes` is the largest sum
    of sizes alive at one step; `allocator` the method that found the offsets; `nodes` the search steps spent.
    INFEASIBLE and UNKNOWN still carry the lowest packing found, which is above the capacity; where none is known at
    all, which memories, fixed offsets or pairs can bring about, `offsets` is empty and `peak` None.
    What is `stopped` was cut short by Ctrl-C, and depends on when that was.
    """

    offsets: tuple[int, ...]
    peak: int | None
    lower_bound: int
    live_bytes: int
    status: Status
    allocator: str
    nodes: int = 0
    stopped: bool = False


def _check(buffer: Buffer, problem: Problem) -> None:
    """Raise for the first number of `buffer` that is out of range."""
    if not 0 <= buffer.lower < buffer.upper <= MAX_STEP:
        _refuse(buffer, f"lives in [{buffer.lower}, {buffer.upper})", "a live range is 0 <= lower < upper < 2^31")
    if not 0 <= buffer.size <= MAX_BYTES:
        _refuse(buffer, f"has size {buffer.size}", "sizes are 0 .. 2^62 bytes")
    if not 1 <= buffer.alignment <= MAX_ALIGNMENT or problem.alignment_of(buffer) > MAX_ALIGNMENT:
        _refuse(
            buffer,
            f"has alignment {buffer.alignment}",
            "alignments are 1 .. 2^31, also their common multiple",
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
                "gaps are inside the live range, in order, apart",
            )
        end = gap.upper
    unknown = [name for name in buffer.memories if all(name != memory.name for memory in problem.memories)]
    if unknown:
        known = ", ".join(memory.name for memory in problem.memories)
        law = f"the memories are {known}" if known else "no memory is given"
        _refuse(buffer, f"asks for memory {unknown[0]}", law)
    if buffer.hint is not None and not 0 <= buffer.hint <= MAX_BYTES:
        _refuse(buffer, f"has hint {buffer.hint}", "hints are 0 .. 2^62")
    if buffer.offset is None:
        return
    if not 0 <= buffer.offset <= MAX_BYTES - buffer.size or buffer.offset % problem.alignment_of(buffer):
        _refuse(buffer, f"is fixed at {buffer.offset}", f"multiples of {problem.alignment_of(buffer)} are allowed")


def _check_memories(memories: tuple[Memory, ...]) -> int:
    """Where the last of `memories` begins; raise where they are not apart and in the order of their addresses."""
    end: int | None = 0
    for memory in memories:
        if end is None or not end <= memory.offset <= MAX_BYTES or not 0 <= (memory.size or 0) <= MAX_BYTES:
            what = f"begins at {memory.offset}, has {memory.size} bytes, and follows one that ends at {end}"
            law = "memories stand in the order of their addresses, apart; only the last may be without a size"
            raise UsageError(what, where=f"memory {memory.name}", hint=law)
        end = None if memory.size is None else memory.offset + memory.size
    if len({memory.name for memory in memories}) < len(memories):
        names = [memory.name for memory in memories]
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError("two memories have this name", where=f"memory {twice}", hint="rename one")
    return memories[-1].offset + (memories[-1].size or 0) if memories else 0


def _refuse(buffer: Buffer, fault: str, law: str) -> None:
    raise UsageError(fault, where=f"buffer {buffer.id}", hint=law)
