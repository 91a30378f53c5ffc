"""Lower bounds on the packings of a memory, computed step by step from its byte hulls."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from math import gcd

from tmpass.base.record import record
from tmpass.verification.hulls import Hull


@record
class Forced:
    """Lower bounds on any packing of a memory.

    Fields:
        peak: a lower bound on the peak in bytes. All buffers of a step but the topmost end where another may begin, so
            alignment adds bytes to the live bytes.
        peak_step: the step of that bound.
        live_bytes: the largest sum of sizes alive at one step.
        live_step: the first such step.
    """

    peak: int
    peak_step: int
    live_bytes: int
    live_step: int


def forced_by(hulls: Iterable[Hull], alignment: int, rounding: int) -> Forced:
    """The live bytes of `hulls`, and the peak that offsets at multiples of `alignment` force.

    Args:
        hulls: of all buffers in one memory.
        alignment: of every offset, in bytes.
        rounding: buffers take multiples of it, in bytes.

    Complexity: O(n log n), n being the pieces of the hulls, for few different remainders.
    """
    pieces = [
        (lower, upper, low - hull.low, -(-(high - hull.low) // rounding) * rounding)
        for hull in hulls
        for lower, upper, low, high in hull.pieces
        if lower < upper and low < high
    ]
    grain = gcd(alignment, *{low for _, _, low, _ in pieces})
    if not any((high - low) % grain for _, _, low, high in pieces):
        return _without_waste(pieces)
    changes: defaultdict[int, list[int]] = defaultdict(list)  # step -> sizes, below 0 where they end
    for lower, upper, low, high in pieces:
        changes[lower].append(high - low)
        changes[upper].append(low - high)
    live = wasted = 0
    wastes: Counter[int] = Counter()
    best = Forced(0, 0, 0, 0)
    for step in sorted(changes):
        for size in changes[step]:
            live += size
            if waste := -abs(size) % grain:
                sign = 1 if size > 0 else -1
                wasted += sign * waste
                wastes[waste] += sign
        if live > best.live_bytes:
            best = Forced(best.peak, best.peak_step, live, step)
        if live + wasted > best.peak:
            peak = live + wasted - max((waste for waste, count in wastes.items() if count), default=0)
            if peak > best.peak:
                best = Forced(peak, step, best.live_bytes, best.live_step)
    return best


def _without_waste(pieces: Iterable[tuple[int, int, int, int]]) -> Forced:
    """The bounds where all sizes are multiples of the alignment: both are the largest sum of one step."""
    changes: dict[int, int] = {}
    for lower, upper, low, high in pieces:
        changes[lower] = changes.get(lower, 0) + high - low
        changes[upper] = changes.get(upper, 0) + low - high
    live = most = at = 0
    for step in sorted(changes):
        live += changes[step]
        if live > most:
            most, at = live, step
    return Forced(most, at, most, at)
