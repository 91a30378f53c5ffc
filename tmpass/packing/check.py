"""The check of a packing: the laws that its offsets break."""

from collections.abc import Iterator, Sequence

import tmpass._core as _core
from tmpass.base.errors import UsageError, brief
from tmpass.base.sizes import MAX_BYTES
from tmpass.base.violation import Violation
from tmpass.packing.collisions import Rectangle, find_collisions
from tmpass.packing.problem import Buffer, Problem
from tmpass.packing.rectangle_union import union_by_class


def check_offsets(problem: Problem, offsets: Sequence[int], *, capacity: int | None = None) -> list[Violation]:
    """The laws that `offsets` break.

    These are number and sign, alignment, fixed offsets, memories, overlap in time and space (outside of gaps), buffers
    that must share or must be apart, and the capacity. Hints are not laws.

    Args:
        problem: what was packed. Its own capacity is not checked.
        offsets: in bytes, in the order of the buffers.
        capacity: in bytes; None for any.

    Raises:
        UsageError: an offset is not a whole number.
    """
    if len(offsets) != len(problem.buffers):
        return [Violation("missing", f"{len(offsets)} offsets for {len(problem.buffers)} buffers")]
    if _quick_check(problem, offsets, capacity):
        return []
    for buffer, offset in zip(problem.buffers, offsets, strict=True):
        if not hasattr(offset, "__index__"):
            fault = f"the offset {brief(offset)} is not a whole number"
            raise UsageError(fault, where=f"buffer {buffer.id}", hint="offsets are whole numbers of bytes")
    found = []
    for buffer, offset in zip(problem.buffers, offsets, strict=True):
        end = offset + buffer.size
        if offset < 0 or (buffer.offset is not None and offset != buffer.offset):
            want = "0 or above" if buffer.offset is None else f"{buffer.offset}"
            found.append(
                Violation("offset", f"{buffer.id} is at {offset}, not {want}", buffer.id, low=offset, high=end)
            )
        if offset % problem.alignment_of(buffer):
            message = f"{buffer.id} is at {offset}, which is not a multiple of {problem.alignment_of(buffer)}"
            found.append(Violation("alignment", message, buffer.id, low=offset, high=end))
        if capacity is not None and buffer.size and end > capacity:
            message = f"{buffer.id} ends at byte {end}, {end - capacity} above the capacity {capacity}"
            found.append(Violation("capacity", message, buffer.id, step=buffer.lower, low=offset, high=end))
        allowed = [m for m in problem.memories if not buffer.memories or m.name in buffer.memories]
        if problem.memories and not any(memory.holds(offset, buffer.size) for memory in allowed):
            message = f"{buffer.id} at {offset} is not inside one of its memories"
            found.append(Violation("memory", message, buffer.id, low=offset, high=end))
    for first, second in problem.shared:
        if offsets[first] != offsets[second]:
            one, two = problem.buffers[first].id, problem.buffers[second].id
            message = f"{one} is at {offsets[first]}, but shares with {two} at {offsets[second]}"
            found.append(Violation("shared", message, one, two))
    together = _classes(problem)
    rectangles = [r for i, b in enumerate(problem.buffers) for r in _rectangles(b, offsets[i], i)]
    # All pairs of buffers that share overlap. So it is quicker to look first at the union of each class.
    clean = bool(together) and not find_collisions(union_by_class(rectangles, together))
    for hit in () if clean else find_collisions(rectangles, all_pairs=bool(together)):
        if together and together[hit.first] == together[hit.second]:
            continue
        one, two = problem.buffers[hit.first].id, problem.buffers[hit.second].id
        message = f"{one} and {two} share bytes {hit.low}..{hit.high - 1} at step {hit.step}"
        found.append(Violation("overlap", message, one, two, hit.step, hit.low, hit.high))
    for first, second in problem.apart:
        shares = bool(together) and together[first] == together[second]
        found += _touching(problem, offsets, first, second, shares=shares)
    return found


def _quick_check(problem: Problem, offsets: Sequence[int], capacity: int | None) -> bool:
    """Whether a quick check accepts the offsets, as it does for nearly all packings. False proves nothing."""
    if problem.memories or problem.shared or problem.apart:
        return False
    within = MAX_BYTES if capacity is None else min(capacity, MAX_BYTES)
    try:
        return _core.quick_check(problem.buffers, tuple(offsets), problem.alignment, within)
    except (TypeError, OverflowError):  # not whole numbers, or beyond 64 bits
        return False


def _classes(problem: Problem) -> list[int]:
    """Per buffer, the first buffer of its class of shared pairs; empty where no buffers share."""
    if not problem.shared:
        return []
    partners: dict[int, list[int]] = {}
    for first, second in problem.shared:
        partners.setdefault(first, []).append(second)
        partners.setdefault(second, []).append(first)
    classes = [-1] * len(problem.buffers)
    for start in range(len(classes)):
        todo = [start] if classes[start] < 0 else []
        while todo:
            at = todo.pop()
            classes[at] = start
            todo += [other for other in partners.get(at, ()) if classes[other] < 0]
    return classes


def _touching(problem: Problem, offsets: Sequence[int], one: int, two: int, *, shares: bool) -> Iterator[Violation]:
    """The first step at which two buffers that must be apart are alive with no byte between them.

    Overlaps are reported elsewhere, unless the two also share.
    """
    first, second = problem.buffers[one], problem.buffers[two]
    others = [r for r in _rectangles(second, offsets[two], two) if r.lower < r.upper and r.low < r.high]
    for r in _rectangles(first, offsets[one], one):
        for other in others if r.low < r.high else ():
            step = max(r.lower, other.lower)
            meet = r.low <= other.high and other.low <= r.high if shares else other.low == r.high or other.high == r.low
            if step < min(r.upper, other.upper) and meet:
                low = max(r.low, other.low)
                message = f"{first.id} and {second.id} must be apart, but touch at byte {low} at step {step}"
                yield Violation("apart", message, first.id, second.id, step, low, low)
                return


def _rectangles(buffer: Buffer, offset: int, owner: int) -> Iterator[Rectangle]:
    """The steps and bytes that `buffer` takes at `offset`."""
    at = buffer.lower
    for gap in buffer.gaps:
        yield Rectangle(at, gap.lower, offset, offset + buffer.size, owner)
        yield Rectangle(gap.lower, gap.upper, offset + gap.window_lower, offset + gap.window_upper, owner)
        at = gap.upper
    yield Rectangle(at, buffer.upper, offset, offset + buffer.size, owner)
