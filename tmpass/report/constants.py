"""The constants of a plan, each once, and how operators get at them."""

from tmpass.base.choices import ConstantUse
from tmpass.plans.plan import Plan, PlannedConstant
from tmpass.report.text import clip, one_line

_STEPS = 3
"""Steps that are listed of one streamed constant."""


def stored_constants(plan: Plan) -> list[PlannedConstant]:
    """The rows of the constants in their home, one for each."""
    return [row for row in plan.constants if row.use == ConstantUse.STORED]


def copies_of(plan: Plan) -> dict[tuple[tuple[int, int], ...], list[PlannedConstant]]:
    """The copies of each constant, by its tensors."""
    copies: dict[tuple[tuple[int, int], ...], list[PlannedConstant]] = {}
    for row in plan.constants:
        if row.use != ConstantUse.STORED:
            copies.setdefault(row.tensors, []).append(row)
    return copies


def use(copies: list[PlannedConstant]) -> str:
    """How operators get at a constant: where it is, or by one of its copies."""
    if not copies:
        return "read in place"
    if copies[0].use == ConstantUse.RESIDENT:
        return one_line(clip(f"resident in {copies[0].memory} at {copies[0].offset}", 60))
    steps = ", ".join(str(row.lower) for row in copies[:_STEPS])
    more = f" and {len(copies) - _STEPS} more" if len(copies) > _STEPS else ""
    return f"streamed for step{'s' * (len(copies) > 1)} {steps}{more}"
