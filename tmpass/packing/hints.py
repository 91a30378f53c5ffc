"""Hints: preferred offsets, which buffers take where that makes the packing no higher."""

from dataclasses import replace

from tmpass.packing.allocators import Allocator, Found, Goal, first_fit, satisfied
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Problem

_SHARE = 4
"""One part in _SHARE of the nodes may be spent on a packing that takes all hints."""


def try_hints(problem: Problem, goal: Goal, allocator: Allocator) -> Found:
    """The packing of `allocator`, with buffers at their hints where that makes it no higher.

    First all hints are taken as fixed offsets. Where that does not meet the goal, a packing without them is made, and
    buffers move to their hints one by one, where the bytes are free and below the peak.

    Args:
        problem: without shared pairs.
        goal: what the allocator is to do.
        allocator: what solves the problem.
    """
    if not any(b.hint is not None and b.offset is None for b in problem.buffers):
        return allocator.solve(problem, goal)
    first: Found | None = None
    reach = problem.reach
    pinned = replace(problem, buffers=tuple(_pinned(b, problem, reach) for b in problem.buffers))
    fixed = pinned.only([at for at, b in enumerate(pinned.buffers) if b.offset is not None])
    if not check_offsets(fixed, [b.offset or 0 for b in fixed.buffers]):
        first = allocator.solve(pinned, replace(goal, nodes=goal.nodes // _SHARE))
        if first.offsets and satisfied(problem, goal, replace(first, bound=goal.bound)):
            return replace(first, bound=goal.bound)
        if first.stopped:
            found = first_fit.solve(problem, goal)
            lower = first if first.offsets and first.peak <= found.peak else found
            return replace(lower, bound=goal.bound, stopped=True)
    spent = first.nodes if first is not None else 0
    found = allocator.solve(problem, replace(goal, nodes=max(0, goal.nodes - spent)))
    found = replace(found, nodes=found.nodes + spent)
    if first is not None and first.offsets and first.peak <= found.peak:
        return replace(found, offsets=first.offsets, peak=first.peak)
    try:
        return _move(problem, found)
    except KeyboardInterrupt:
        return replace(found, stopped=True)


def _pinned(buffer: Buffer, problem: Problem, reach: int) -> Buffer:
    """`buffer` fixed at its hint, if the hint is aligned and the buffer ends within `reach` bytes."""
    if buffer.hint is None or buffer.offset is not None or buffer.hint % problem.alignment_of(buffer):
        return buffer
    if buffer.hint + buffer.size > reach:
        return buffer
    return replace(buffer, offset=buffer.hint, hint=None)


def _move(problem: Problem, found: Found) -> Found:
    """`found` with buffers moved to their hints where no other buffer is there."""
    offsets = list(found.offsets)
    for at, buffer in enumerate(problem.buffers if offsets else ()):
        hint = _pinned(buffer, problem, found.peak).offset
        if buffer.offset is not None or hint is None or hint == offsets[at]:
            continue
        if _is_free(problem, offsets, at, hint):
            offsets[at] = hint
    if not offsets:
        return found
    return replace(found, offsets=tuple(offsets), peak=peak_of(problem, offsets))


def _is_free(problem: Problem, offsets: list[int], at: int, hint: int) -> bool:
    """Whether buffer `at` may move to `hint`: it and all buffers that share a step with it break no law then."""
    mine = problem.buffers[at]
    near = [i for i, b in enumerate(problem.buffers) if b.lower < mine.upper and mine.lower < b.upper]
    return not check_offsets(problem.only(near), [hint if i == at else offsets[i] for i in near])
