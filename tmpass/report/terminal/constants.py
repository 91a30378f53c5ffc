"""The table of the largest constants, for the terminal."""

from typing import TYPE_CHECKING

from tmpass.plans.plan import Plan
from tmpass.report.constants import copies_of, stored_constants, use
from tmpass.report.drawn import constant_name
from tmpass.report.terminal.tables import plain_table
from tmpass.report.text import clip, one_line

if TYPE_CHECKING:
    from rich.table import Table

_ROWS = 20


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
