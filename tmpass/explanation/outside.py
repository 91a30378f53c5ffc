"""Tries one input or output in memory of the caller, with the others in the arena."""

from tmpass.base.choices import Io
from tmpass.explanation.facts import Change, Explanation
from tmpass.explanation.problem import buffers_of, problem_of
from tmpass.packing.allocate import allocate
from tmpass.packing.bounds import lower_bound
from tmpass.targets import RUNTIMES

_MOST = 8
"""The number of the largest inputs and outputs that are tried."""


def one_outside(known: Explanation) -> list[Change]:
    """The changes with one input or output of the peak step outside of the arena that lower the peak."""
    plan, memory = known.plan, known.peak_step.memory
    problem, places = problem_of(plan, memory), {b.id: at for at, b in enumerate(buffers_of(plan, memory))}
    others_fit = not any(m.shortfall for m in plan.memories if m.name != memory.name)
    prepared = not memory.preparation_shortfall
    ends = [one for one in known.alive if one.tensor is not None and one.tensor.role in ("input", "output")]
    changes = []
    outside = plan.options.io == Io.ARENA and not RUNTIMES[plan.target.runtime].io_inside
    for one in ends[:_MOST] if outside else ():
        assert one.tensor is not None
        rest = problem.only([at for b, at in places.items() if b != one.buffer.id])
        if lower_bound(rest).peak >= memory.peak:
            continue
        found = allocate(rest, plan.options.allocator, nodes=plan.options.nodes)
        if found.peak is None or found.peak >= memory.peak:
            continue
        what = f"the caller brings the memory for {one.tensor.role} {one.tensor.name!r} only"
        fits = others_fit and prepared and (memory.room is None or found.peak <= memory.room)
        saves = memory.peak - found.peak
        proved = not plan.unknown_tensors and found.peak == found.lower_bound
        changes.append(Change("", what, found.peak, saves, fits, proved))
    return changes
