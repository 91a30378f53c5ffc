"""Tables for the terminal."""

from typing import TYPE_CHECKING

from tmpass.emit.picture import letter
from tmpass.plan import Plan
from tmpass.sizes import format_size
from tmpass.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table


def buffer_table(plan: Plan) -> "Table":
    """A row for each buffer: where and when it stands, and whose it is."""
    from rich.text import Text

    table = _table(("", "left"), ("buffer", "right"), ("offset", "right"), ("size", "right"), ("steps", "right"),
                   ("tensors", "left"))  # fmt: skip
    rows = {(t.subgraph, t.index): t for t in plan.tensors}
    for b in plan.buffers:
        names = [f"{rows[key].name}" + (f" ({rows[key].reason})" if rows[key].reason else "") for key in b.tensors]
        steps = f"{b.lower}..{b.upper - 1}"
        table.add_row(letter(b.id), str(b.id), str(b.offset), str(b.size), steps, Text("\n".join(names)))
    return table


def target_list(targets: "Iterable[Target]") -> "Table":
    """A row for each target: its name, scratchpad and standing."""
    table = _table(("target", "left"), ("scratchpad", "left"), ("align", "right"), ("standing", "left"), ("", "left"))
    for target in targets:
        memory = target.scratchpad
        size = "unlimited" if memory.capacity is None else format_size(memory.capacity)
        table.add_row(target.name, size, str(memory.alignment), target.standing, target.summary)
    return table


def memory_table(target: Target) -> "Table":
    """A row for each number of each memory of `target`, with its source."""
    table = _table(("memory", "left"), ("figure", "left"), ("value", "left"), ("source", "left"))
    for memory in target.memories:
        capacity = "unlimited" if memory.capacity is None else format_size(memory.capacity)
        table.add_row(memory.name, "capacity", capacity, memory.sources.get("capacity", ""))
        table.add_row("", "alignment", f"{memory.alignment} B", memory.sources.get("alignment", ""))
        if memory.bandwidth is not None:
            speed = f"{memory.bandwidth / 1e9:g} GB/s"
            table.add_row("", "bandwidth", speed, memory.sources.get("bandwidth", ""))
        table.add_row("", "holds", ", ".join(memory.holds), "")
    return table


def _table(*columns: tuple[str, str]) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in columns:
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    return table
