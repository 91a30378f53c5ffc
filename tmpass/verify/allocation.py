"""Offsets against the problem that they answer."""

from collections.abc import Iterator, Sequence

from tmpass.problem import Buffer, Problem
from tmpass.verify.collisions import Rectangle, find_collisions
from tmpass.verify.violation import Violation


def check_offsets(problem: Problem, offsets: Sequence[int], *, capacity: int | None = None) -> list[Violation]:
    """Every law that `offsets` (bytes, in the order of the buffers) break: number, sign, alignment, fixed
    addresses, overlap in time and space with gaps honoured, and `capacity` where one is given.
    """
    if len(offsets) != len(problem.buffers):
        return [Violation("missing", f"{len(offsets)} offsets for {len(problem.buffers)} buffers")]
    found = []
    for buffer, offset in zip(problem.buffers, offsets, strict=True):
        end = offset + buffer.size
        if offset < 0 or (buffer.offset is not None and offset != buffer.offset):
            want = "0 or above" if buffer.offset is None else f"{buffer.offset}"
            found.append(
                Violation("offset", f"{buffer.id} is at {offset}, not {want}", buffer.id, low=offset, high=end)
            )
        if offset % problem.alignment_of(buffer):
            message = f"{buffer.id} is at {offset}, no multiple of {problem.alignment_of(buffer)}"
            found.append(Violation("alignment", message, buffer.id, low=offset, high=end))
        if capacity is not None and buffer.size and end > capacity:
            message = f"{buffer.id} ends at byte {end}, {end - capacity} above the capacity {capacity}"
            found.append(Violation("capacity", message, buffer.id, step=buffer.lower, low=offset, high=end))
    rectangles = (r for i, b in enumerate(problem.buffers) for r in _rectangles(b, offsets[i], i))
    for hit in find_collisions(rectangles):
        first, second = problem.buffers[hit.first].id, problem.buffers[hit.second].id
        message = f"{first} and {second} share bytes {hit.low}..{hit.high - 1} at step {hit.step}"
        found.append(Violation("overlap", message, first, second, hit.step, hit.low, hit.high))
    return found


def _rectangles(buffer: Buffer, offset: int, owner: int) -> Iterator[Rectangle]:
    at = buffer.lower
    for gap in buffer.gaps:
        yield Rectangle(at, gap.lower, offset, offset + buffer.size, owner)
        yield Rectangle(gap.lower, gap.upper, offset + gap.window_lower, offset + gap.window_upper, owner)
        at = gap.upper
    yield Rectangle(at, buffer.upper, offset, offset + buffer.size, owner)
