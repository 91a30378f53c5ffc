"""Conflicts: a few buffers that have no packing within a capacity, whatever is done with the others.

    |   +---+     capacity     1. immediate conflicts: one buffer, or those of one step, are too large
    |~~~|~~~|~~~~~~~~~~~~      2. else the shortest span of steps whose buffers are proved not to fit
    | +-+-+ | +---+            3. deletion: groups of buffers, then single ones, are left out while the rest is still
    | |   | +-+-+ |               proved not to fit; those with the least contention first
    +-+---+---+-+-+---> steps

The result is minimal where each of its buffers was tried: without any one, the others have a packing.
"""

from dataclasses import replace
from enum import StrEnum

from tmpass.base.choices import Status
from tmpass.base.record import record
from tmpass.packing.allocate import DEFAULT_NODES, allocate
from tmpass.packing.allocation import Allocation
from tmpass.packing.bounds import Bound, lower_bound
from tmpass.packing.conflict.deletion import delete_unneeded
from tmpass.packing.conflict.immediate import immediate_conflict
from tmpass.packing.conflict.oracle import FitOracle
from tmpass.packing.conflict.spans import Spans, find_unfit_span, shorten_span
from tmpass.packing.merge_shared import merge_shared
from tmpass.packing.problem import Problem

_SHARE = 4
"""One part in _SHARE of the nodes is kept to find the least capacity at which the conflict fits."""


class Cause(StrEnum):
    """Why buffers do not fit.

    BUFFER       one of them alone is too large
    STEP         too many bytes are alive at one step
    ALIGNMENT    the live bytes of one step fit, but not with the holes that alignment makes
    ARRANGEMENT  each step fits, but no arrangement of all buffers does
    """

    BUFFER = "buffer"
    STEP = "step"
    ALIGNMENT = "alignment"
    ARRANGEMENT = "arrangement"


@record
class Conflict:
    """Buffers that have no packing within a capacity.

    Fields:
        buffers: their indices in the problem, rising.
        capacity: in bytes.
        lower_bound: a proved lower bound in bytes on what they need; None where no capacity is enough, since memories,
            fixed offsets or pairs leave no packing at all.
        peak: a capacity in bytes that is known to be enough, or None.
        minimal: whether the others fit without any one of them. If not, the nodes ended before all were tried.
        cause: why they do not fit.
        live_bytes: the most of their bytes that are alive at one step.
        live_step: the first such step.
        nodes: the search steps that it took to find them.
    """

    buffers: tuple[int, ...]
    capacity: int
    lower_bound: int | None
    peak: int | None
    minimal: bool
    cause: Cause
    live_bytes: int
    live_step: int
    nodes: int


def find_conflict(problem: Problem, answer: Allocation, *, nodes: int = DEFAULT_NODES) -> Conflict | None:
    """The buffers that explain `answer`, or None where there are none or none are found.

    Where `answer` has a packing within the capacity, they explain why none is below the proved bound: they do not fit
    within one byte less. Otherwise they do not fit within the capacity. Where `answer` does not decide whether all
    buffers fit, finding such buffers is the proof that they do not.

    Args:
        problem: what was to be packed.
        answer: what `allocate` returned for it.
        nodes: the budget in search steps, beyond those of `answer`.
    """
    capacity = _too_small(problem, answer)
    if capacity < 0 or not problem.buffers:
        return None
    for_least = nodes // _SHARE
    oracle = FitOracle(problem, capacity, nodes - for_least)
    places, minimal = immediate_conflict(problem, capacity)
    if not places:
        spans = Spans(problem)
        decided = answer.status is not Status.UNKNOWN
        span = (0, spans.count - 1) if decided else find_unfit_span(spans, oracle)
        if span is None:
            return None
        places = shorten_span(spans, *span, oracle)
    if not minimal:
        places, minimal = delete_unneeded(places, oracle)
    left = max(0, oracle.left) + for_least
    alone = oracle.only(places)
    least = allocate(alone, nodes=left)
    infeasible = least.status is Status.INFEASIBLE
    merged = merge_shared(alone).problem
    bound = lower_bound(merged)
    return Conflict(
        tuple(places),
        capacity,
        None if infeasible else max(least.lower_bound, capacity + 1),
        None if infeasible else min((p for p in (least.peak, answer.peak) if p is not None), default=None),
        minimal,
        Cause.BUFFER if len(merged.buffers) == 1 else _cause(bound, capacity),
        bound.live_bytes,
        bound.live_step,
        nodes - left + least.nodes,
    )


def _cause(bound: Bound, capacity: int) -> Cause:
    if bound.live_bytes > capacity:
        return Cause.STEP
    return Cause.ALIGNMENT if bound.peak > capacity else Cause.ARRANGEMENT


def settled(answer: Allocation, conflict: Conflict | None) -> Allocation:
    """`answer` with what `conflict` proves: that no packing is within the capacity, or that none is lower."""
    if conflict is None:
        return answer
    bound = answer.lower_bound if conflict.lower_bound is None else max(answer.lower_bound, conflict.lower_bound)
    status = answer.status
    if status is Status.UNKNOWN:
        status = Status.INFEASIBLE
    elif status is Status.FEASIBLE and answer.peak == bound:
        status = Status.OPTIMAL
    return replace(answer, status=status, lower_bound=bound)


def _too_small(problem: Problem, answer: Allocation) -> int:
    """The capacity that is to be explained: that of the problem, or one byte less than the lower bound."""
    if answer.status is Status.INFEASIBLE or answer.status is Status.UNKNOWN:
        return problem.reach if problem.capacity is None else problem.capacity
    return answer.lower_bound - 1
