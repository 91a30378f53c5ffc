"""The copies of a run, and the earliest step at which each may begin: found by a walk back from the step that waits."""

from collections import defaultdict

from tmpass.base.record import record
from tmpass.graph.model import Graph
from tmpass.plans.plan import Plan, PlannedBuffer, Residence
from tmpass.targets import Target
from tmpass.verification.reads import operator_ends
from tmpass.verification.run_time.clock import Clock


@record
class Copy:
    """One copy.

    Fields:
        step: whose operator waits for it.
        begins: it begins when the operators before this step have ended, or later.
        early, late: picoseconds of the part that begins then, and of the part that begins when those before `step`
            have ended.
    """

    step: int
    begins: int
    early: int
    late: int


def find_copies(plan: Plan, graph: Graph, profile: Target, clock: Clock) -> list[Copy]:
    """The copies in the order of the channel: by step; at one step spills, fetches by buffer, then constants by id."""
    bodies = [(step, end) for step, end in enumerate(operator_ends(plan, graph)) if end > step + 1]
    rows: defaultdict[str, list[tuple[int, int, int, int]]] = defaultdict(list)
    for row in (*plan.buffers, *plan.constants):
        if row.size:
            rows[row.memory].append((row.lower, row.upper, row.offset, row.offset + row.size))
    behind = None if plan.transfers is None else plan.transfers.memory

    def begin(row: Residence, written: int) -> int:
        step = row.lower
        if not profile.prefetch or any(first < step < end for first, end in bodies):
            return step
        low, high = row.offset, row.offset + row.size
        spans = [(a, b) for a, b, first, end in rows[row.memory] if first < high and low < end and a < step]
        while step > written and not any(a < step <= b for a, b in spans):
            step -= 1
        while any(first < step < end for first, end in bodies):
            step += 1
        return step

    found: list[tuple[tuple[int, int, int, int], Copy]] = []
    for number, buffer in enumerate(plan.buffers):
        if buffer.first is None:
            continue
        spill = buffer.memory == behind
        written = _last_write(plan, graph, buffer) if spill else 0
        time = clock.bytes(behind or "", buffer.size, write=spill)
        place = (buffer.lower, 0 if spill else 1, buffer.first, number)
        found.append((place, Copy(buffer.lower, begin(buffer, written), time, 0)))
    homes = {row.tensors[0]: row for row in plan.constants if row.use == "stored"}
    for row in plan.constants:
        if row.use == "streamed":
            home = homes[row.tensors[0]]
            early = clock.bytes(home.memory, row.size, write=False)
            late = clock.bytes(home.memory, home.size, write=False) - early
            found.append(((row.lower, 2, 0, row.id), Copy(row.lower, begin(row, 0), early, late)))
    return [copy for _, copy in sorted(found, key=lambda pair: pair[0])]


def _last_write(plan: Plan, graph: Graph, spill: PlannedBuffer) -> int:
    """The step after the last one that may write what is spilled, in the residence that ends with the spill."""
    sources = [row for row in plan.buffers if spill.first in (row.first, row.id) and row.memory != spill.memory]
    source = max((row for row in sources if row.lower < spill.lower), key=lambda row: row.lower)
    step = spill.lower
    while step > source.lower:
        row = plan.schedule[step - 1]
        op = graph.subgraphs[row.subgraph].ops[row.op]
        written = {*op.outputs, *op.temporaries} | (set(op.inputs) if op.custom else set())
        if any((row.subgraph, t) in source.tensors for t in written):
            break
        step -= 1
    return step
