"""Lower bounds on the peak, with the step that witnesses them."""

from collections.abc import Iterator, Sequence

import tmpass._core as _core
from tmpass.base.record import record
from tmpass.base.sizes import MAX_BYTES
from tmpass.packing.problem import Buffer, Memory, Problem, in_use

_NO_END = MAX_BYTES + 2**32
"""The end of a memory without one, in bytes: above all packings, and below 2^63 when rounded up to any alignment."""


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
    buffers, memories = problem.buffers, problem.memories
    if not memories:
        return Bound(*_core.step_bound(buffers, problem.alignment))
    ends = [(m.offset, _NO_END if m.size is None else m.offset + m.size) for m in memories]
    grounds = [_ground(buffer, memories) for buffer in buffers]
    return Bound(*_core.step_bound(buffers, problem.alignment, ends, grounds, problem.reach + 1))


def _ground(buffer: Buffer, memories: Sequence[Memory]) -> int:
    """The start of the lowest memory that may hold `buffer`, or -1."""
    fitting = (m for m in memories if m.size is None or m.size >= buffer.size)
    return next((m.offset for m in fitting if not buffer.memories or m.name in buffer.memories), -1)


def needs(buffer: Buffer) -> Iterator[tuple[int, int, int]]:
    """Spans of steps `[lower, upper)` of the live range of `buffer`, and the bytes that it needs then."""
    for lower, upper, low, high in in_use(buffer):
        yield lower, upper, high - low
