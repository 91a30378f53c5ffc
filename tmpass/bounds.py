"""Lower bounds on the peak, with the step that witnesses them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import accumulate
from math import gcd, lcm

from tmpass.problem import Buffer, Problem

_MANY = 20_000
"""From so many buffers on, loading numpy is worth it."""


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
    buffers = problem.buffers
    grain = gcd(*(lcm(problem.alignment, alignment) for alignment in {b.alignment for b in buffers}))
    gapped = any(b.gaps for b in buffers)
    if gapped:
        grain = 1  # the window of a gap may begin anywhere, also in the holes that rounding leaves
    if not gapped and (grain <= 1 or not any(b.size % grain for b in buffers)):
        best = _fullest_step(buffers)
    else:
        best = _rounded_bound(problem, grain)
    for buffer in buffers:
        if buffer.offset is not None and buffer.size and buffer.offset + buffer.size > best.peak:
            best = Bound(buffer.offset + buffer.size, buffer.lower, best.live_bytes, best.live_step)
    return best


def _fullest_step(buffers: Sequence[Buffer]) -> Bound:
    """The bound of solid buffers of which none wastes a byte."""
    if len(buffers) < _MANY:
        # At one time those that end come first, since their bytes are negative.
        events = sorted([(b.lower, b.size) for b in buffers] + [(b.upper, -b.size) for b in buffers])
        live = list(accumulate(size for _, size in events))
        most = max(live, default=0)
        step = events[live.index(most)][0] if most else 0
        return Bound(most, step, most, step)
    import numpy as np

    count = len(buffers)
    lower = np.fromiter((b.lower for b in buffers), np.int64, count)
    upper = np.fromiter((b.upper for b in buffers), np.int64, count)
    size = np.fromiter((b.size for b in buffers), np.int64, count)
    begin, end = int(lower.min()), int(upper.max())
    if end - begin <= 4 * count:
        change = np.zeros(end - begin + 1, np.int64)
        np.add.at(change, lower - begin, size)
        np.subtract.at(change, upper - begin, size)
        sums = np.cumsum(change)
        at = int(np.argmax(sums))
        step = begin + at
    else:
        times = np.concatenate((upper, lower))
        order = np.argsort(times, kind="stable")
        sums = np.cumsum(np.concatenate((-size, size))[order])
        at = int(np.argmax(sums))
        step = int(times[order[at]])
    return Bound(int(sums[at]), step, int(sums[at]), step)


def _rounded_bound(problem: Problem, grain: int) -> Bound:
    """The bound of any buffers, where each wastes what rounding up to `grain` gives, but the topmost of a step."""
    spans = sorted(
        (lower, upper, size, -size % grain) for b in problem.buffers for lower, upper, size in _spans(b) if size
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
    return best


def _spans(buffer: Buffer) -> Iterator[tuple[int, int, int]]:
    """The live range of `buffer` cut at its gaps: (lower, upper, bytes needed)."""
    at = buffer.lower
    for gap in buffer.gaps:
        if at < gap.lower:
            yield at, gap.lower, buffer.size
        yield gap.lower, gap.upper, gap.window_upper - gap.window_lower
        at = gap.upper
    if at < buffer.upper:
        yield at, buffer.upper, buffer.size
