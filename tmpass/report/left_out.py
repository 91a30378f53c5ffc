"""What a plan leaves out and assumes, in words that stand beside its answer."""

from collections.abc import Iterator

from tmpass.plans.plan import MemoryUse, NotCounted, Plan
from tmpass.report.text import short_size
from tmpass.targets.runtime import RUNTIMES

_KINDS = 3
"""How many kinds of operators are named."""

_ORDER = ("tensors", "weights", "inputs_outputs", "scratch")
"""What is told first: long lines are cut."""


def not_counted(plan: Plan) -> str:
    """What the figures of `plan` leave out, in one line; empty where they leave out nothing."""
    rows = sorted(plan.not_counted, key=lambda row: _ORDER.index(row.what))
    return "; ".join(_words(plan, row) for row in rows)


def unknown(plan: Plan) -> str:
    """That tensors of unknown size are not counted, and how many; empty where all sizes are known."""
    count = plan.unknown_tensors
    if not count:
        return ""
    return f"{count} tensor{'s' * (count > 1)} of unknown size {'are' if count > 1 else 'is'} not counted"


def verdict(plan: Plan) -> str:
    """In what `plan` is less than an answer about the whole model; empty where it is one."""
    if plan.unknown_tensors:
        return f"as far as it is planned; {unknown(plan)}, so nothing is proved"
    return "" if plan.schedule else "as far as it is planned: the model has no operators, only inputs and outputs"


def assumed(memory: MemoryUse) -> str:
    """In brackets that the capacity is assumed, and why; empty where a source vouches for it."""
    return f" ({memory.assumed})" if memory.assumed else ""


def notes(plan: Plan) -> Iterator[str]:
    """The same in lines of their own: what is not counted, and capacities that are assumed."""
    if left_out := not_counted(plan):
        yield f"not counted: {left_out}"
    for memory in plan.memories:
        if memory.assumed:
            yield f"capacity of {memory.name}: {memory.assumed}"


def _words(plan: Plan, row: NotCounted) -> str:
    size = "unknown size" if row.bytes is None else short_size(row.bytes)
    if row.what == "weights":
        return f"weights, {size}"
    if row.what == "inputs_outputs":
        return f"inputs and outputs of the caller, {size}"
    if row.what == "tensors":
        return f"{row.count} tensor{'s' * (row.count > 1)} of unknown size"
    if not RUNTIMES[plan.target.runtime].without_scratch and not plan.options.scratch:
        return "scratch of kernels (unknown without --scratch)"
    shown = row.names if len(row.names) == _KINDS + 1 else row.names[:_KINDS]  # "1 more" takes as much room as its name
    more = len(row.names) - len(shown)
    kinds = ", ".join(shown) + (f" and {more} more kinds" if more else "")
    return f"scratch of {kinds} (unknown)"
