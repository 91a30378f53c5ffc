"""The constants of a plan for the terminal: their totals, the operators that read them, and a table of the largest."""

from typing import TYPE_CHECKING

from tmpass.explanation.weight_facts import Weights
from tmpass.plans.plan import Plan
from tmpass.report.constants import copies_of, stored_constants, use
from tmpass.report.drawn import constant_name
from tmpass.report.terminal.tables import plain_table
from tmpass.report.text import clip, one_line
from tmpass.report.weights import reason, shares, weight_lines

if TYPE_CHECKING:
    from rich.table import Table

_ROWS = 20


def weight_text(known: Weights) -> str:
    """The totals, one per line."""
    return "".join(f"{name:<9} {text}\n" for name, text in weight_lines(known))


def layer_table(known: Weights) -> "Table | None":
    """A table of the operators that read constants: bytes, where these are, and why; None without the model."""
    if known.layers is None:
        return None
    table = plain_table(">step", "kind", ">weights", "use", "why", "operator")
    for layer in known.layers:
        why, name = one_line(clip(reason(layer, known), 200)), one_line(clip(layer.name))
        table.add_row(str(layer.step), one_line(clip(layer.kind, 60)), str(layer.bytes), shares(layer), why, name)
    return table


def constant_table(plan: Plan, known: Weights | None = None) -> "Table":
    """A table of the largest constants of `plan`: size, home and offset, use, and the first of its tensors.

    With what is `known` of them, it says why.
    """
    table = plain_table(">bytes", "home", ">offset", "use", *["why"] * (known is not None), "constant")
    rows, copies = plan.tensors_by_key(), copies_of(plan)
    reasons = {row.id: [one_line(clip(row.why, 200))] for row in known.rows} if known is not None else {}
    stored = sorted(stored_constants(plan), key=lambda row: (-row.size, row.id))
    for row in stored[:_ROWS]:
        more = f" and {len(row.tensors) - 1} more" if len(row.tensors) > 1 else ""
        name = one_line(clip(constant_name(row, rows)) + more)
        home = one_line(clip(row.memory, 60))
        why = reasons.get(row.id, [""] * (known is not None))
        table.add_row(str(row.size), home, str(row.offset), use(copies.get(row.tensors, [])), *why, name)
    if rest := stored[_ROWS:]:
        table.add_row(str(sum(row.size for row in rest)), f"in {len(rest)} more")
    return table
