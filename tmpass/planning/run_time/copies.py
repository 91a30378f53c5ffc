"""The copies of a run: which operator waits for each, and when it may begin.

steps            0     1     2     3     4
buffer b     [===========]                     A copy into the same bytes, for step 4, may begin when the
copy for 4               ^           [====]    operator of step 1 has ended: from then on nobody uses them.
                         release     step
"""

from collections.abc import Iterator, Sequence

from tmpass.base.choices import ConstantUse
from tmpass.base.record import record
from tmpass.graph.model import Graph
from tmpass.planning.run_time.speeds import Speeds
from tmpass.plans.plan import Plan, PlannedBuffer, PlannedConstant, Residence
from tmpass.plans.transfers import Direction, buffer_copies


@record
class TimedCopy:
    """One copy between the scratchpad and another memory.

    Fields:
        step: the operator of this step waits for it.
        release: it may begin when all operators before this step have ended.
        early: picoseconds of what may be copied from then on.
        late: picoseconds of what is copied when all operators before `step` have ended: the later pieces of a
            constant that is streamed in pieces pass through the same bytes one after the other.
    """

    step: int
    release: int
    early: int
    late: int = 0


def find_copies(plan: Plan, graph: Graph, speeds: Speeds) -> list[TimedCopy]:
    """The copies of one run in their order: by step; spills, then fetches, then constants."""
    overlap = speeds.target.prefetch
    room = _Room(plan)
    bodies = _bodies(plan, graph) if overlap else ()
    found = []
    for copy in buffer_copies(plan):
        release, size = copy.step, copy.target.size
        if overlap:
            release = room.free_from(copy.target)
        if copy.direction is Direction.SPILL:
            if overlap and copy.source is not None:
                release = max(release, _written(plan, graph, copy.source))
            time = speeds.write(copy.target.memory, size)
        else:
            assert plan.transfers is not None
            time = speeds.read(plan.transfers.memory, size)
        found.append(TimedCopy(copy.step, _outside(bodies, release, copy.step), time))
    homes = {row.tensors: row for row in plan.constants if row.use == ConstantUse.STORED}
    for row in plan.constants:
        if row.use == ConstantUse.STREAMED:
            home = homes[row.tensors]
            whole, early = speeds.read(home.memory, home.size), speeds.read(home.memory, row.size)
            release = room.free_from(row) if overlap else row.lower
            found.append(TimedCopy(row.lower, _outside(bodies, release, row.lower), early, whole - early))
    found.sort(key=lambda copy: copy.step)
    return found


class _Room:
    """What lies in each memory, and when."""

    def __init__(self, plan: Plan) -> None:
        self.rows: dict[str, list[Residence]] = {}
        for row in (*plan.buffers, *plan.constants):
            if row.size:
                self.rows.setdefault(row.memory, []).append(row)

    def free_from(self, row: PlannedBuffer | PlannedConstant) -> int:
        """The first step from which on, up to its own first step, nothing else lies in the bytes of `row`."""
        low, high, step = row.offset, row.offset + row.size, row.lower
        ends = (
            min(other.upper, step)
            for other in self.rows.get(row.memory, ())
            if other.lower < step and other.offset < high and low < other.offset + other.size
        )
        return max(ends, default=0)


def _written(plan: Plan, graph: Graph, source: PlannedBuffer) -> int:
    """The first step from which on no operator writes into a residence. A custom operator may write what it reads."""
    found, inside = source.lower, set(source.tensors)
    for row in plan.schedule[source.lower : source.upper]:
        op = graph.subgraphs[row.subgraph].ops[row.op]
        touched = (*op.outputs, *op.temporaries, *(op.inputs if op.custom else ()))
        if any((row.subgraph, t) in inside for t in touched):
            found = row.step + 1
    return found


def _bodies(plan: Plan, graph: Graph) -> tuple[tuple[int, int], ...]:
    """The steps [first, end) of each operator that runs bodies, those of the bodies included."""
    found: list[tuple[int, int]] = []

    def end_of(step: int) -> int:
        row = plan.schedule[step]
        end = step + 1
        for call in graph.subgraphs[row.subgraph].ops[row.op].calls:
            for _ in graph.subgraphs[call.subgraph].ops:
                end = end_of(end)
        if end > step + 1:
            found.append((step, end))
        return end

    step = 0
    while step < len(plan.schedule):
        step = end_of(step)
    return tuple(found)


def _outside(bodies: Sequence[tuple[int, int]], release: int, step: int) -> int:
    """`release`, or later, so that no copy begins while bodies run; one for a step within bodies begins there."""
    if any(first < step < end for first, end in bodies):
        return step
    return max([release, *(end for first, end in bodies if first < release < end)])


def copied(copies: Sequence[TimedCopy]) -> Iterator[int]:
    """The picoseconds of each copy."""
    for copy in copies:
        yield copy.early + copy.late
