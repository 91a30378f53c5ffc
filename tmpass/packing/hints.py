"""Preferred offsets: taken where that costs nothing."""

from dataclasses import replace

from tmpass.packing.allocators import Found, Goal, Method, first_fit, satisfied
from tmpass.packing.allocators.arrays import peak_of
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Problem

_SHARE = 4
"""One part in so many of the nodes may be spent on a packing that takes all hints."""


def try_hints(problem: Problem, goal: Goal, method: Method) -> Found:
    """What `method` finds for `problem` (without shared pairs), with buffers at their hints where that costs no height.

    First all hints are taken for fixed. Where that gives less than the goal asks for, the packing without them is
    made, and buffers move to their hints one after the other, where their bytes are free and below the peak.
    """
    wishes = [b for b in problem.buffers if b.hint is not None and b.offset is None]
    if not wishes:
        return method.solve(problem, goal)
    first: Found | None = None
    reach = problem.reach
    pinned = replace(problem, buffers=tuple(_pinned(b, problem, reach) for b in problem.buffers))
    fixed = pinned.only([at for at, b in enumerate(pinned.buffers) if b.offset is not None])
    if not check_offsets(fixed, [b.offset or 0 for b in fixed.buffers]):
        first = method.solve(pinned, replace(goal, nodes=goal.nodes // _SHARE))
        if first.offsets and satisfied(problem, goal, replace(first, bound=goal.bound)):
            return replace(first, bound=goal.bound)
        if first.stopped:
            found = first_fit.solve(problem, goal)
            lower = first if first.offsets and first.peak <= found.peak else found
            return replace(lower, bound=goal.bound, stopped=True)
    spent = first.nodes if first is not None else 0
    found = method.solve(problem, replace(goal, nodes=goal.nodes - spent))
    found = replace(found, nodes=found.nodes + spent)
    if first is not None and first.offsets and first.peak <= found.peak:
        return replace(found, offsets=first.offsets, peak=first.peak)
    try:
        return _move(problem, found)
    except KeyboardInterrupt:
        return replace(found, stopped=True)


def _pinned(buffer: Buffer, problem: Problem, reach: int) -> Buffer:
    """`buffer` fixed at its hint, if that is aligned and not above what any packing needs."""
    if buffer.hint is None or buffer.offset is not None or buffer.hint % problem.alignment_of(buffer):
        return buffer
    if buffer.hint + buffer.size > reach:
        return buffer
    return replace(buffer, offset=buffer.hint, hint=None)


def _move(problem: Problem, found: Found) -> Found:
    """`found` with buffers moved to their hints where nothing else is there."""
    offsets = list(found.offsets)
    for at, buffer in enumerate(problem.buffers if offsets else ()):
        wish = _pinned(buffer, problem, found.peak).offset
        if buffer.offset is not None or wish is None or wish == offsets[at]:
            continue
        if _free(problem, offsets, at, wish):
            offsets[at] = wish
    if not offsets:
        return found
    return replace(found, offsets=tuple(offsets), peak=peak_of(problem, offsets))


def _free(problem: Problem, offsets: list[int], at: int, wish: int) -> bool:
    """Whether buffer `at` may move to `wish`: it and those that share a step with it obey every law then."""
    mine = problem.buffers[at]
    near = [i for i, b in enumerate(problem.buffers) if b.lower < mine.upper and mine.lower < b.upper]
    return not check_offsets(problem.only(near), [wish if i == at else offsets[i] for i in near])
