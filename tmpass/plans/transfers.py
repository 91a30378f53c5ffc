"""The copies of a plan between the scratchpad and the memory behind it: spills and fetches of buffers.

    step          0     1     2     3     4     5
    scratchpad    [=====|====]            [=====|====     spill before step 2: from the residence that ended
    behind                    [===========|===]           fetch before step 4: from the copy that is there

A copy begins with its residence, so that the rows of the buffers say everything.
"""

from enum import StrEnum

from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.plans.plan import Plan, PlannedBuffer


class Direction(StrEnum):
    """Where a copy goes: out of the scratchpad, or into it."""

    SPILL = "spill"
    FETCH = "fetch"


@record
class BufferCopy:
    """One copy of a whole buffer.

    Fields:
        step: it is made before the operator of this step.
        direction: out of the scratchpad, or into it.
        source: the row that is read; None in a wrong plan, where nothing has been there.
        target: the row that begins with the copy.
    """

    step: int
    direction: Direction
    source: PlannedBuffer | None
    target: PlannedBuffer

    @property
    def bytes(self) -> int:
        """How many bytes are moved."""
        return self.target.size


def buffer_copies(plan: Plan) -> tuple[BufferCopy, ...]:
    """The copies of a run in their order: by step, spills before fetches, then by buffer."""
    if plan.transfers is None:
        return ()
    rows: dict[int, list[PlannedBuffer]] = {}
    for row in plan.buffers:
        if row.first is not None:
            rows.setdefault(row.first, []).append(row)
    found = []
    for first, own in rows.items():
        stored = [row for row in own if row.memory == plan.transfers.memory]
        inside = [plan.buffers[first], *(row for row in own if row.memory != plan.transfers.memory)]
        for row in stored:
            source = next((r for r in inside if r.lower < row.lower <= r.upper), None)
            found.append(BufferCopy(row.lower, Direction.SPILL, source, row))
        for row in inside[1:]:
            source = next((r for r in stored if r.lower <= row.lower < r.upper), None)
            found.append(BufferCopy(row.lower, Direction.FETCH, source, row))
    found.sort(key=lambda copy: (copy.step, copy.direction is Direction.FETCH, copy.target.first, copy.target.id))
    return tuple(found)


def copies_by_step(plan: Plan) -> dict[int, list[BufferCopy]]:
    """Step -> the copies that are made before its operator, in their order."""
    found: dict[int, list[BufferCopy]] = {}
    for copy in buffer_copies(plan):
        found.setdefault(copy.step, []).append(copy)
    return found


def spilled_rows(plan: Plan) -> frozenset[int]:
    """The ids of the residences that a spill reads."""
    copies = buffer_copies(plan)
    return frozenset(c.source.id for c in copies if c.direction is Direction.SPILL and c.source is not None)


def refuse_transfers(plan: Plan, what: str) -> None:
    """Refuse a plan with transfers for something that has one place for each tensor.

    Raises:
        UsageError: buffers of `plan` leave the scratchpad.
    """
    if plan.transfers is None:
        return
    count = len({row.first for row in plan.buffers if row.first is not None})
    buffers = f"{count} buffer{'s' * (count != 1)} of the plan leave{'s' * (count == 1)} the scratchpad"
    hint = "write the plan as JSON or as a C header, which have the copies, or plan with --transfers never"
    raise UsageError(f"{what} has one place for each tensor, but {buffers}", where=plan.model.file, hint=hint)
