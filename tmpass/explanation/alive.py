"""The buffers alive at the peak step, with their writers and last readers."""

from itertools import pairwise

from tmpass.explanation.constants import copies_in
from tmpass.explanation.facts import Alive
from tmpass.explanation.problem import without_copies
from tmpass.graph.model import ABSENT, Graph, TensorKey
from tmpass.plans.peak_step import PeakStep, live_bytes
from tmpass.plans.plan import MemoryUse, Plan, PlannedBuffer, PlannedStep, PlannedTensor


def alive_at_peak(plan: Plan, graph: Graph, peak_step: PeakStep) -> tuple[Alive, ...]:
    """The buffers alive at the peak step, each with its writer and its last reader.

    Args:
        plan: the plan.
        graph: its graph, bound.
        peak_step: the peak step of one memory of the plan.

    Returns:
        A row for each buffer of `peak_step`, in the same order.
    """
    asked = {key for buffer, _ in peak_step.buffers for key in buffer.tensors}
    made: dict[TensorKey, PlannedStep] = {}
    read: dict[TensorKey, PlannedStep] = {}
    touched: set[TensorKey] = set()
    for step in plan.schedule:
        op = graph.subgraphs[step.subgraph].ops[step.op]
        writes = [(step.subgraph, t) for t in (*op.outputs, *op.temporaries) if t != ABSENT]
        reads = [(step.subgraph, t) for t in op.inputs if t != ABSENT]
        for key in asked.intersection(writes):
            made.setdefault(key, step)
        for key in asked.intersection(reads):
            read[key] = step
        if step == peak_step.step:
            touched = {*reads, *writes}
    rows = plan.tensors_by_key()

    def in_use(key: TensorKey) -> bool:
        begin, end = made.get(key), read.get(key)
        return (begin is None or begin.step <= peak_step.at) and (end is None or end.step >= peak_step.at)

    def one(buffer: PlannedBuffer, used: int) -> Alive:
        known = [key for key in buffer.tensors if key in rows]
        there = [key for key in known if in_use(key)] or known
        if not there:
            return Alive(
                buffer, used, None, 0, None, None, here=peak_step.step is not None and buffer.step == peak_step.at
            )
        most = max(there, key=lambda key: (rows[key].bytes or 0, key in touched))
        first = min((made[key] for key in there if key in made), key=lambda step: step.step, default=None)
        last = max((read[key] for key in there if key in read), key=lambda step: step.step, default=None)
        here = not touched.isdisjoint(there)
        return Alive(buffer, used, rows[most], len(there) - 1, first if most in made else None, last, here=here)

    return tuple(one(buffer, used) for (buffer, _), used in zip(peak_step.buffers, peak_step.used, strict=True))


def steps_over(plan: Plan, memory: MemoryUse) -> tuple[tuple[int, int], ...]:
    """The spans of steps, first and last included, with more live bytes in `memory` than it has room for.

    Constants that are streamed for a step count in it.
    """
    room, end_of_room = without_copies(memory).room, (memory.capacity or 0) - memory.kept - memory.reserve
    if room is None:
        return ()
    over = [(begin, end) for (begin, live), (end, _) in pairwise(live_bytes(plan, memory)) if live > room]
    over += [(c.lower, c.upper) for c in copies_in(plan, memory) if c.offset + c.size > end_of_room]
    spans: list[tuple[int, int]] = []
    for begin, end in sorted(over):
        if spans and begin - 1 <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(spans[-1][1], end - 1))
        else:
            spans.append((begin, end - 1))
    return tuple(spans)


def count_peak_steps(plan: Plan, peak_step: PeakStep) -> int:
    """The number of steps with as many live bytes as the peak step, itself included; at least 1."""
    spans = pairwise(live_bytes(plan, peak_step.memory))
    return max(1, sum(end - begin for (begin, live), (end, _) in spans if live == peak_step.live_bytes))


def largest(plan: Plan, buffer: PlannedBuffer) -> PlannedTensor | None:
    """The largest tensor of `buffer`; None where it has no tensors."""
    rows = {(row.subgraph, row.index): row for row in plan.tensors}
    return max((rows[key] for key in buffer.tensors if key in rows), key=lambda row: row.bytes or 0, default=None)
