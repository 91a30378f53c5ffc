"""The minimal infeasible subset of the buffers of a plan."""

from dataclasses import replace

from tmpass.explanation.alive import largest
from tmpass.explanation.facts import Explanation
from tmpass.explanation.problem import answer_of, buffers_of, problem_of, without_copies
from tmpass.packing.conflict import Cause, find_conflict


def with_conflict(known: Explanation) -> Explanation:
    """`known` with the conflict of the memory that decides whether the plan fits.

    Where the plan fits, the conflict is a set of buffers that forces its peak. It is left out where the live bytes of
    one step force the peak already: the peak step says the same.
    """
    plan, memory = known.plan, without_copies(known.peak_step.memory)
    if not memory.room and memory.shortfall:
        return known  # no buffer fits, whatever the others are
    conflict = find_conflict(problem_of(plan, memory), answer_of(plan, memory), nodes=plan.options.nodes)
    if conflict is None or (not memory.shortfall and conflict.cause is not Cause.ARRANGEMENT):
        return known
    inside = buffers_of(plan, memory)
    chosen = sorted((inside[at] for at in conflict.buffers), key=lambda b: (-b.size, b.id))
    return replace(known, conflict=conflict, conflicting=tuple((b, largest(plan, b)) for b in chosen))
