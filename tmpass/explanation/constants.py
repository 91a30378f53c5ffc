"""The constants that take the room of a memory, and the least budget with constants streamed."""

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tmpass.api.plan import plan
from tmpass.base.choices import ConstantUse
from tmpass.base.errors import TmpassError, VerificationError
from tmpass.explanation.facts import Explanation
from tmpass.loading.load import Model
from tmpass.plans.plan import MemoryUse, Plan, PlannedConstant
from tmpass.targets import Target


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


def with_least_budget(
    known: Explanation, model: Model, target: str | os.PathLike[str] | Target | None, options: Mapping[str, Any]
) -> Explanation:
    """`known` with the least budget: with less room for copies, constants are streamed rather than kept.

    It is that of a plan made with just enough for the buffers.
    """
    memory = known.peak_step.memory
    if not memory.loaded or memory.name != known.plan.target.memory:
        return known
    try:
        made = plan(model, **{"target": target, **options, "budget": memory.peak, "keep": False})
    except VerificationError:  # a fault of tmpass, which must be seen
        raise
    except TmpassError:
        return known
    return replace(known, streamed_budget=min(made.memories[0].needed, known.least_budget))
