"""Targets with speeds, plans for them, and a clock that runs a plan tick by tick."""

from dataclasses import replace

from support.planning import INFO
from support.travelling import EVERYTHING, target
from tmpass.api.plan import plan
from tmpass.graph.macs import count_macs
from tmpass.graph.model import Graph
from tmpass.loading.load import Model
from tmpass.plans.plan import Plan
from tmpass.plans.planned_time import SECOND
from tmpass.plans.transfers import Direction, buffer_copies
from tmpass.targets import Memory, Target


def timed(
    capacity: int | None,
    *,
    prefetch: bool = False,
    read: int = 1,
    write: int | None = None,
    compute: int | None = 1,
    alignment: int = 1,
    chunk: int | None = 4,
) -> Target:
    """The target of `travelling` where a byte, and an operation, takes this number of picoseconds."""
    goal = target(capacity, alignment, chunk)
    near, far = goal.memories
    far = replace(far, bandwidth=SECOND // read, write_bandwidth=write and SECOND // write)
    rate = compute and SECOND // compute
    return replace(goal, memories=(near, far), macs_per_second=rate, prefetch=prefetch)


def two_that_compute(capacity: int, *, read: int = 2, write: int = 5) -> Target:
    """A scratchpad, and a memory from which operators read and to which they write."""
    far = Memory("far", None, 1, EVERYTHING, SECOND // read, write_bandwidth=SECOND // write)
    goal = target(capacity)
    return replace(goal, memories=(goal.memories[0], far), macs_per_second=SECOND)


def planned_for(graph: Graph, goal: Target, **options) -> Plan:
    return plan(Model(INFO, graph), goal, **options)


def ticks(made: Plan, graph: Graph, goal: Target, read: int = 1, write: int = 1) -> int:
    """The time of a run of a plan without bodies, by a clock: in each tick an operator and the channel move on.

    A byte is copied in a tick in which nothing else needs its place from the first operator that has not ended up to
    the one that waits for the copy; a spill, if none of these writes what is copied.
    """
    queue = _copies(made, read, write)
    work = [_macs(graph, row.subgraph, row.op) for row in made.schedule]
    now = at = 0
    while at < len(work):
        if not any(copy[0] <= at for copy in queue) and not work[at]:
            at += 1
            continue
        waits = any(copy[0] <= at for copy in queue)
        if queue and _may_copy(made, graph, queue[0], at, prefetch=goal.prefetch):
            queue[0][2 if queue[0][2] else 3] -= 1
            if not queue[0][2] + queue[0][3]:
                queue.pop(0)
        if not waits:
            work[at] -= 1
        now += 1
    return now


def _macs(graph: Graph, s: int, op: int) -> int:
    return count_macs(graph.subgraphs[s], graph.subgraphs[s].ops[op])


def _copies(made: Plan, read: int, write: int) -> list[list]:
    """[step, row, ticks that may be early, ticks that are late, source] of each copy, in the order of the channel."""
    found = []
    for copy in buffer_copies(made):
        spill = copy.direction is Direction.SPILL
        found.append(
            [copy.step, copy.target, copy.bytes * (write if spill else read), 0, copy.source if spill else None]
        )
    home = {row.tensors: row for row in made.constants if row.use == "stored"}
    found += [
        [row.lower, row, row.size * read, (home[row.tensors].size - row.size) * read, None]
        for row in made.constants
        if row.use == "streamed"
    ]
    return sorted((one for one in found if one[2] + one[3]), key=lambda one: one[0])


def _may_copy(made: Plan, graph: Graph, copy: list, at: int, *, prefetch: bool) -> bool:
    step, row, early, _, source = copy
    if at >= step:
        return True
    if not prefetch or not early:
        return False
    low, high = row.offset, row.offset + row.size
    others = (other for other in (*made.buffers, *made.constants) if other.memory == row.memory)
    for other in others:
        alive = other.lower < step and other.upper > at
        if alive and other.offset < high and low < other.offset + other.size:
            return False
    ops = [graph.subgraphs[s.subgraph].ops[s.op] for s in made.schedule[at:step]]
    return source is None or (
        source.lower <= at and not any((0, t) in source.tensors for op in ops for t in op.outputs)
    )
