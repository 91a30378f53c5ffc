"""The constants that take the room of a memory."""

from dataclasses import replace

from tmpass.base.choices import ConstantUse
from tmpass.explanation.facts import Explanation
from tmpass.plans.plan import MemoryUse, Plan, PlannedConstant


def copies_in(plan: Plan, memory: MemoryUse) -> list[PlannedConstant]:
    """The copies of constants in `memory`."""
    return [row for row in plan.constants if row.memory == memory.name and row.use != ConstantUse.STORED]


def with_constants(known: Explanation) -> Explanation:
    """`known` with the constants that take the room of a memory that is too small, the largest first.

    They are all that are stored there; of copies, those in the step in which they need the highest address.
    """
    plan, memory = known.plan, known.peak_step.memory
    if not known.missing:
        return known
    copies = copies_in(plan, memory)
    inside = [row for row in plan.constants if row.memory == memory.name and row.use == ConstantUse.STORED]
    if copies:
        highest = max(copies, key=lambda row: row.offset + row.size)
        inside += [row for row in copies if row.lower <= highest.lower < row.upper]
    return replace(known, constants=tuple(sorted(inside, key=lambda row: (-row.size, row.id))))
