"""Lower bounds on the peak, with the step that witnesses them."""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from math import gcd

from tmpass.problem import Buffer, Problem


@dataclass(frozen=True, slots=True)
class Bound:
    """What no packing can go below.

    Fields: `peak` is the lower bound in bytes and `peak_step` a step that forces it; `live_bytes` the largest sum of
    sizes alive at one step, `live_step` the first such step. `peak` is above `live_bytes` where alignment or a
    fixed offset leaves holes that nothing can fill.
    """

    peak: int
    peak_step: int
    live_bytes: int
    live_step: int


def lower_bound(problem: Problem) -> Bound:
    """The best bound that looks at one step at a time, in O(n log n).

    With g the common divisor of all alignments, each buffer but the topmost of a step takes a multiple of g:

        |   c    |  <- the topmost may end anywhere
        |   b   .|
        |   a  ..|  <- what rounding up to g wastes
    """
    grain = 0
    for buffer in problem.buffers:
        grain = gcd(grain, problem.alignment_of(buffer))
    if any(buffer.gaps for buffer in problem.buffers):
        grain = 1  # the window of a gap may begin anywhere, also in the holes that rounding leaves

    spans = sorted(
        (lower, upper, size, -size % grain) for b in problem.buffers for lower, upper, size in needs(b) if size
    )
    ends: list[tuple[int, int, int]] = []  # heap of (upper, size, waste) of what is alive
    wastes: list[tuple[int, int]] = []  # heap of (-waste, upper), with the dead removed when they come up
    live = rounded = 0
    best = Bound(0, 0, 0, 0)
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
        peak = rounded + wastes[0][0]
        best = Bound(
            max(best.peak, peak),
            lower if peak > best.peak else best.peak_step,
            max(best.live_bytes, live),
            lower if live > best.live_bytes else best.live_step,
        )
    for buffer in problem.buffers:
        if buffer.offset is not None and buffer.size and buffer.offset + buffer.size > best.peak:
            best = Bound(buffer.offset + buffer.size, buffer.lower, best.live_bytes, best.live_step)
    return best


def needs(buffer: Buffer) -> Iterator[tuple[int, int, int]]:
    """The live range of `buffer` cut at its gaps: (lower, upper, bytes needed)."""
    at = buffer.lower
    for gap in buffer.gaps:
        if at < gap.lower:
            yield at, gap.lower, buffer.size
        yield gap.lower, gap.upper, gap.window_upper - gap.window_lower
        at = gap.upper
    if at < buffer.upper:
        yield at, buffer.upper, buffer.size
