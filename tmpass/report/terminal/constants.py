"""The table of the largest constants, for the terminal."""

from typing import TYPE_CHECKING

from tmpass.base.choices import ConstantUse
from tmpass.plans.plan import Plan, PlannedConstant
from tmpass.report.drawn import constant_name
from tmpass.report.terminal.tables import plain_table
from tmpass.report.text import clip, one_line

if TYPE_CHECKING:
    from rich.table import Table

_ROWS = 20
_STEPS = 3
"""Steps that are listed of one streamed constant."""


def constant_table(plan: Plan) -> "Table":
    """A table of the largest constants of `plan`: size, home and offset, use, and the first of its tensors."""
    table = plain_table(">bytes", "home", ">offset", "use", "constant")
    rows, copies = plan.tensors_by_key(), copies_of(plan)
    stored = sorted(stored_constants(plan), key=lambda row: (-row.size, row.id))
    for row in stored[:_ROWS]:
        more = f" and {len(row.tensors) - 1} more" if len(row.tensors) > 1 else ""
        name = one_line(clip(constant_name(row, rows)) + more)
        home = one_line(clip(row.memory, 60))
        table.add_row(str(row.size), home, str(row.offset), use(copies.get(row.tensors, [])), name)
    if rest := stored[_ROWS:]:
        table.add_row(str(sum(row.size for row in rest)), f"in {len(rest)} more")
    return table


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
