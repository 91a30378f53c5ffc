"""Candidates: buffers that may go to one of several memories, and what touching their bytes costs in each."""

from collections.abc import Sequence
from fractions import Fraction
from math import gcd, lcm

from tmpass.base.record import record
from tmpass.packing.problem import Buffer, in_use
from tmpass.targets.memory import Memory

MAX_COSTS = 2**58
"""The most that all costs together may be, and the bytes of all candidates times the rows: what the kernel takes."""

_FINEST = 2**20
"""Prices are rounded to one part in this of the highest one."""


@record
class Candidate:
    """A buffer, how much it is touched, and where it may be.

    Fields:
        buffer: its live range and size, rounded as the runtime does.
        traffic: the bytes that operators read from it and write to it in one run.
        memories: the numbers of the memories that may hold it, rising.
    """

    buffer: Buffer
    traffic: int
    memories: tuple[int, ...]


def prices(memories: Sequence[Memory], traffic: int) -> tuple[int, ...]:
    """What a byte of traffic costs in each memory, above the cheapest: whole numbers without a common divisor.

    The price is the inverse of the bandwidth. Where one is not known, the memories are taken as sorted by speed, and
    each as dearer by 1 than the one before.

    Args:
        memories: nearest first.
        traffic: of all candidates in bytes. Prices are rounded where the sum of all costs would be above MAX_COSTS.
    """
    bandwidths = [memory.bandwidth for memory in memories if memory.bandwidth]
    if len(bandwidths) < len(memories):
        return tuple(range(len(memories)))
    inverse = [Fraction(lcm(*bandwidths), bandwidth) for bandwidth in bandwidths]
    above = [int(one - min(inverse)) for one in inverse]
    divisor = gcd(*above) or 1
    above = [one // divisor for one in above]
    finest = max(1, min(_FINEST, MAX_COSTS // max(traffic, 1)))
    if max(above) <= finest:
        return tuple(above)
    # A price that is not 0 stays above 0, so that a slower memory is never taken without need.
    return tuple(one and max(1, one * finest // max(above)) for one in above)


@record
class Needs:
    """The bytes that candidates need in each memory, in multiples of what divides all offsets there.

    A memory is over-full where the multiples exceed its capacity rounded up: only the topmost buffer of a step may end
    anywhere.

    Fields:
        capacity: of each memory in bytes, rounded up; None where it holds all candidates at once.
        pieces: for each candidate its spans of steps `[lower, upper)`, and the bytes in each memory then.
        allowed: for each candidate the memories that are not smaller than it.
    """

    capacity: tuple[int | None, ...]
    pieces: tuple[tuple[tuple[int, int, tuple[int, ...]], ...], ...]
    allowed: tuple[tuple[int, ...], ...]


def needs_of(candidates: Sequence[Candidate], memories: Sequence[Memory]) -> Needs:
    """What `candidates` need in each of `memories`."""
    # Bytes of a window may lie in the hole that rounding leaves below it, unless it begins at a multiple too.
    windows = [gap.window_lower for c in candidates for gap in c.buffer.gaps if gap.window_lower < gap.window_upper]
    grains = [gcd(memory.alignment, *windows) for memory in memories]
    capacity = [_up(m.capacity, g) if m.capacity is not None else None for m, g in zip(memories, grains, strict=True)]
    pieces, allowed = [], []
    for candidate in candidates:
        spans = [(lower, upper, high - low) for lower, upper, low, high in in_use(candidate.buffer) if low < high]
        pieces.append(tuple((lower, upper, tuple(_up(size, g) for g in grains)) for lower, upper, size in spans))
        allowed.append(tuple(m for m in candidate.memories if _is_large_enough(memories[m], candidate.buffer.size)))
    return Needs(tuple(capacity), tuple(pieces), tuple(allowed))


def _is_large_enough(memory: Memory, size: int) -> bool:
    return memory.capacity is None or size <= memory.capacity


def _up(size: int, grain: int) -> int:
    return -(-size // grain) * grain
