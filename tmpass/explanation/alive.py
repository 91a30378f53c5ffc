"""Who is alive at the fullest step, and why."""

from itertools import pairwise

from tmpass.explanation.facts import Alive
from tmpass.graph.model import ABSENT, Graph
from tmpass.plans.peak_step import PeakStep, live_bytes
from tmpass.plans.plan import MemoryUse, Plan, PlannedBuffer, PlannedStep, PlannedTensor

Key = tuple[int, int]


def who_is_alive(plan: Plan, graph: Graph, full: PeakStep) -> tuple[Alive, ...]:
    """The buffers of `full`, each with the step that makes what is in it there and the last that reads it."""
    asked = {key for buffer, _ in full.buffers for key in buffer.tensors}
    made: dict[Key, PlannedStep] = {}
    read: dict[Key, PlannedStep] = {}
    touched: set[Key] = set()
    for step in plan.schedule:
        op = graph.subgraphs[step.subgraph].ops[step.op]
        writes = [(step.subgraph, t) for t in (*op.outputs, *op.temporaries) if t != ABSENT]
        reads = [(step.subgraph, t) for t in op.inputs if t != ABSENT]
        for key in asked.intersection(writes):
            made.setdefault(key, step)
        for key in asked.intersection(reads):
            read[key] = step
        if step == full.step:
            touched = {*reads, *writes}
    rows = plan.tensors_by_key()

    def in_use(key: Key) -> bool:
        begin, end = made.get(key), read.get(key)
        return (begin is None or begin.step <= full.at) and (end is None or end.step >= full.at)

    def one(buffer: PlannedBuffer, used: int) -> Alive:
        known = [key for key in buffer.tensors if key in rows]
        there = [key for key in known if in_use(key)] or known
        if not there:
            return Alive(buffer, used, None, 0, None, None, here=full.step is not None and buffer.step == full.at)
        most = max(there, key=lambda key: (rows[key].bytes or 0, key in touched))
        first = min((made[key] for key in there if key in made), key=lambda step: step.step, default=None)
        last = max((read[key] for key in there if key in read), key=lambda step: step.step, default=None)
        here = not touched.isdisjoint(there)
        return Alive(buffer, used, rows[most], len(there) - 1, first if most in made else None, last, here=here)

    return tuple(one(buffer, used) for (buffer, _), used in zip(full.buffers, full.used, strict=True))


def steps_over(plan: Plan, memory: MemoryUse) -> tuple[tuple[int, int], ...]:
    """The spans of steps, as first and last, at which more is alive in `memory` than it holds."""
    if memory.capacity is None:
        return ()
    spans: list[tuple[int, int]] = []
    for (begin, live), (end, _) in pairwise(live_bytes(plan, memory)):
        if live > memory.capacity:
            joins = bool(spans) and spans[-1][1] == begin - 1
            spans[-1:] = [(spans[-1][0], end - 1)] if joins else [*spans[-1:], (begin, end - 1)]
    return tuple(spans)


def steps_as_full(plan: Plan, full: PeakStep) -> int:
    """How many steps have as many live bytes as the fullest, that one counted."""
    spans = pairwise(live_bytes(plan, full.memory))
    return max(1, sum(end - begin for (begin, live), (end, _) in spans if live == full.live_bytes))


def largest(plan: Plan, buffer: PlannedBuffer) -> PlannedTensor | None:
    """The largest tensor of `buffer`, None where it has none."""
    rows = plan.tensors_by_key()
    return max((rows[key] for key in buffer.tensors if key in rows), key=lambda row: row.bytes or 0, default=None)
