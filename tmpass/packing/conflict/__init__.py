"""Why buffers do not fit: a few of them that have no packing, whatever is done with the others.

    |   +---+     capacity     1. what is seen at once: one buffer, or those of one step, that are too large
    |~~~|~~~|~~~~~~~~~~~~      2. else the shortest span of time whose buffers are proved not to fit
    | +-+-+ | +---+            3. of these, groups that are not needed for that are left out, then single ones,
    | |   | +-+-+ |               those with the least around them first
    +-+---+---+-+-+---> steps

What is left is minimal where each of its buffers was tried: without it, a packing of the others exists.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from tmpass.packing.allocate import DEFAULT_NODES, allocate
from tmpass.packing.bounds import Bound, lower_bound
from tmpass.packing.conflict.deletion import drop
from tmpass.packing.conflict.immediate import seen_at_once
from tmpass.packing.conflict.oracle import Questions
from tmpass.packing.conflict.spans import Spans, shortened, unfit_span
from tmpass.packing.merge_shared import merge_shared
from tmpass.packing.problem import Allocation, Problem, Status

_SHARE = 4
"""One part in so many of the nodes is kept for the least capacity at which the conflict fits."""


class Cause(StrEnum):
    """What keeps buffers from fitting: one of them alone, the bytes alive at one step, what alignment adds to these,
    or that no arrangement has them all, though no step is too full.
    """

    BUFFER = "buffer"
    STEP = "step"
    ALIGNMENT = "alignment"
    ARRANGEMENT = "arrangement"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Buffers that have no packing within `capacity`, though each of them may seem harmless.

    Fields: `buffers` are their places in the problem, rising. `lower_bound` is proved to be the least that they need,
    or None where no capacity is enough, since memories, fixed offsets or pairs leave no packing at all; `peak` is what
    is known to be enough, or None. `minimal` says that without any of them the others fit; otherwise the nodes ended
    before all were tried. At `live_step` the most of their bytes are alive, `live_bytes`. `nodes` is what it cost.
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
    """The buffers to blame for `answer`, which `allocate` gave for `problem`.

    Where there is a packing within the capacity, they are why none is below the proved bound: they do not fit within
    one byte less. Otherwise they do not fit within the capacity; where `answer` does not know whether all do, such
    buffers are looked for, and to find them is the proof. None where there are none, or none are found.

    Args:
        problem: what was to be packed.
        answer: what is known about it.
        nodes: search steps that may be spent, besides those for `answer`.
    """
    capacity = _too_small(problem, answer)
    if capacity < 0 or not problem.buffers:
        return None
    for_least = nodes // _SHARE
    questions = Questions(problem, capacity, nodes - for_least)
    places, minimal = seen_at_once(problem, capacity)
    if not places:
        spans = Spans(problem)
        known = answer.status is not Status.UNKNOWN
        span = (0, spans.count - 1) if known else unfit_span(spans, questions)
        if span is None:
            return None
        places = shortened(spans, *span, questions)
    if not minimal:
        places, minimal = drop(places, questions)
    left = max(0, questions.left) + for_least
    alone = questions.only(places)
    least = allocate(alone, nodes=left)
    hopeless = least.status is Status.INFEASIBLE
    merged = merge_shared(alone).problem
    bound = lower_bound(merged)
    return Conflict(
        tuple(places),
        capacity,
        None if hopeless else max(least.lower_bound, capacity + 1),
        None if hopeless else min((p for p in (least.peak, answer.peak) if p is not None), default=None),
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
    """`answer` with what `conflict` proves besides: that there is no packing within the capacity, or none lower."""
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
    """The capacity to be explained: what was asked for, or one byte less than the bound on the least peak."""
    if answer.status is Status.INFEASIBLE or answer.status is Status.UNKNOWN:
        return problem.reach if problem.capacity is None else problem.capacity
    return answer.lower_bound - 1
