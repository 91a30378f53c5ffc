"""Lower bounds on the peak, with the step that witnesses them."""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from math import gcd, lcm
from typing import NamedTuple

import tmpass._core as _core
from tmpass.base.record import record
from tmpass.packing.problem import Buffer, Memory, Problem, in_use


@record
class Bound:
    """A lower bound on the peak of all packings of a problem.

    It is above the live bytes where alignment, a fixed offset or the memories leave holes that no buffer can fill.

    Fields:
        peak: the lower bound in bytes.
        peak_step: a step that forces it.
        live_bytes: the largest sum of sizes alive at one step.
        live_step: the first such step.
    """

    peak: int
    peak_step: int
    live_bytes: int
    live_step: int


def lower_bound(problem: Problem) -> Bound:
    """The best lower bound that considers one step at a time.

    With g the common divisor of all alignments, each buffer but the topmost of a step takes a multiple of g:

        |   c    |  <- the topmost may end anywhere
        |   b   .|
        |   a  ..|  <- what rounding up to g wastes

    Buffers that are allowed only in memories from some address on fill these from there. Where these memories are too
    small there is no packing, and the bound is above the problem's reach.

    Args:
        problem: without shared pairs. Pairs that must be apart are ignored.

    Complexity: O(n log n) per memory.
    """
    buffers = problem.buffers
    found = None if problem.memories else _core.peak_step(buffers, problem.alignment)
    if found is not None:
        most, step = found
        return _above_fixed(buffers, Bound(most, step, most, step))
    grain = gcd(*(lcm(problem.alignment, alignment) for alignment in {b.alignment for b in buffers}))
    # A window may begin inside a hole that rounding leaves, unless it also begins at a multiple.
    gaps = (gap for b in buffers for gap in b.gaps)
    grain = gcd(grain, *(gap.window_lower for gap in gaps if gap.window_lower < gap.window_upper))
    loads = list(_loads(buffers, grain))
    most_loaded = max(loads, key=lambda load: load.live, default=_Load(0, 0, 0, 0))
    peak, negative_step = max(_forced(problem, grain, loads), default=(0, 0))
    return Bound(peak, -negative_step, most_loaded.live, most_loaded.step)


def _above_fixed(buffers: Sequence[Buffer], bound: Bound) -> Bound:
    """The higher of `bound` and the top of the highest fixed buffer."""
    for b in buffers:
        if b.offset is not None and b.size and b.offset + b.size > bound.peak:
            bound = Bound(b.offset + b.size, b.lower, bound.live_bytes, bound.live_step)
    return bound


def _forced(problem: Problem, grain: int, loads: list["_Load"]) -> Iterator[tuple[int, int]]:
    """Pairs (peak, -step) for peaks that a step forces. Of equal peaks, the pair of the first step is the largest.

    `loads` are those of all buffers.
    """
    beyond = problem.reach + 1
    memories = problem.memories or (Memory("", 0),)
    grounds = [_ground(buffer, memories) for buffer in problem.buffers]
    for ground in {lowest for lowest in grounds if lowest is not None}:
        above = [b for b, lowest in zip(problem.buffers, grounds, strict=True) if lowest is None or lowest >= ground]
        upper = [memory for memory in memories if memory.offset >= ground]
        for load in loads if len(above) == len(grounds) else _loads(above, grain):
            peak = _fill(upper, grain, load)
            yield beyond if peak is None else peak, -load.step
    for buffer, lowest in zip(problem.buffers, grounds, strict=True):
        if lowest is None:
            yield beyond, -buffer.lower
        elif buffer.offset is not None and buffer.size:
            yield buffer.offset + buffer.size, -buffer.lower


def _ground(buffer: Buffer, memories: Sequence[Memory]) -> int | None:
    """The start of the lowest memory that may hold `buffer`, or None."""
    fitting = (m for m in memories if m.size is None or m.size >= buffer.size)
    return next((m.offset for m in fitting if not buffer.memories or m.name in buffer.memories), None)


class _Load(NamedTuple):
    """The live bytes at a step, as they are and rounded up, and the most that rounding adds to a buffer."""

    step: int
    live: int
    rounded: int
    waste: int


def _fill(memories: Sequence[Memory], grain: int, load: _Load) -> int | None:
    """The least top of `load` in `memories`, filled from the lowest on; None where they are too small."""
    left = load.rounded
    for memory in memories:
        start = memory.offset + -memory.offset % grain
        end = None if memory.size is None else memory.offset + memory.size
        if end is None or left <= end + -end % grain - start:
            return start + left - load.waste
        left -= max(end + -end % grain - start, 0)
    return None


def _loads(buffers: Sequence[Buffer], grain: int) -> Iterator[_Load]:
    """The load of each step at which a buffer becomes alive."""
    spans = sorted((lower, upper, size, -size % grain) for b in buffers for lower, upper, size in needs(b) if size)
    ends: list[tuple[int, int, int]] = []  # heap of (upper, size, waste) of what is alive
    wastes: list[tuple[int, int]] = []  # heap of (-waste, upper); the dead are removed when they are on top
    live = rounded = 0
    for i, (lower, upper, size, waste) in enumerate(spans):
        while ends and ends[0][0] <= lower:
            _, old_size, old_waste = heappop(ends)
            live -= old_size
            rounded -= old_size + old_waste
        live += size
        rounded += size + waste
        heappush(ends, (upper, size, waste))
        heappush(wastes, (-waste, upper))
        if i + 1 < len(spans) and spans[i + 1][0] == lower:
            continue
        while wastes[0][1] <= lower:
            heappop(wastes)
        yield _Load(lower, live, rounded, -wastes[0][0])


def needs(buffer: Buffer) -> Iterator[tuple[int, int, int]]:
    """Spans of steps `[lower, upper)` of the live range of `buffer`, and the bytes that it needs then."""
    for lower, upper, low, high in in_use(buffer):
        yield lower, upper, high - low
