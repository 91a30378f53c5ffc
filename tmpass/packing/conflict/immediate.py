"""Immediate conflicts, which need no search: one buffer, or the buffers of one step, are too large."""

from bisect import insort

from tmpass.base.sizes import MAX_BYTES
from tmpass.packing.bounds import lower_bound, needs
from tmpass.packing.merge_shared import merge_shared
from tmpass.packing.problem import Buffer, Problem

_NOWHERE = MAX_BYTES + 1


def immediate_conflict(problem: Problem, capacity: int) -> tuple[list[int], bool]:
    """The buffers of an immediate conflict, and whether they are known to be minimal.

    Returns:
        Indices of one buffer that is too large, or of the fewest of one step that are too large together; empty where
        there are none. They are minimal if only sizes and live ranges matter; otherwise it is not known.
    """
    merged = merge_shared(problem)
    tops = [_least_top(problem, b) for b in merged.problem.buffers]
    highest = max(range(len(tops)), key=lambda at: tops[at], default=0)
    if tops and tops[highest] > capacity:
        conflicting = {highest}
    else:
        conflicting = _fewest(merged.problem, capacity)
        bound = lower_bound(merged.problem)
        if not conflicting and bound.peak > capacity:  # because of holes that alignment makes
            alive = enumerate(merged.problem.buffers)
            conflicting = {at for at, b in alive if b.lower <= bound.peak_step < b.upper}
    places = [at for at, one in enumerate(merged.class_of) if one in conflicting]
    bare = not (problem.memories or problem.apart or problem.shared or problem.alignment > 1)
    return places, bare and bool(places) and all(_is_bare(problem.buffers[at]) for at in places)


def _is_bare(buffer: Buffer) -> bool:
    return buffer.alignment == 1 and buffer.offset is None and not buffer.gaps


def _least_top(problem: Problem, buffer: Buffer) -> int:
    """The least end of `buffer` in bytes when it is alone."""
    if buffer.offset is not None:
        return buffer.offset + buffer.size if buffer.size else 0
    step = problem.alignment_of(buffer)
    for memory in problem.memories:
        start = -(-memory.offset // step) * step
        if (not buffer.memories or memory.name in buffer.memories) and memory.holds(start, buffer.size):
            return start + buffer.size if buffer.size else 0
    return _NOWHERE if problem.memories else buffer.size


def _fewest(problem: Problem, capacity: int) -> set[int]:
    """The fewest buffers of one step that need more than `capacity` together; of equals, those of the first step."""
    pieces = sorted(
        (lower, upper, size, at) for at, b in enumerate(problem.buffers) for lower, upper, size in needs(b) if size
    )
    alive: list[tuple[int, int, int]] = []  # -size, upper and place, so that the largest come first
    best: set[int] = set()
    live = 0
    for number, (lower, upper, size, at) in enumerate(pieces):
        live += size
        insort(alive, (-size, upper, at))
        if live <= capacity or (number + 1 < len(pieces) and pieces[number + 1][0] == lower):
            continue
        alive = [row for row in alive if row[1] > lower]
        live = -sum(row[0] for row in alive)
        if live <= capacity:
            continue
        total, taken = 0, set()
        for row in alive:
            total -= row[0]
            taken.add(row[2])
            if total > capacity:
                break
        if not best or len(taken) < len(best):
            best = taken
    return best
