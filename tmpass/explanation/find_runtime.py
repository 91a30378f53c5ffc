"""The parts of what a runtime takes of a memory for itself, as far as its rules know them."""

from dataclasses import replace
from typing import TYPE_CHECKING

from tmpass.explanation.facts import Explanation
from tmpass.explanation.runtime_part import RuntimePart
from tmpass.graph.model import Graph
from tmpass.plans.plan import Plan
from tmpass.targets import Target

if TYPE_CHECKING:
    from tmpass.targets.tail import Row

_NAMES = {
    "allocator": "the interpreter's allocator",
    "subgraphs": "list of subgraphs",
    "tensors": "list of tensors",
    "operators": "list of operators",
    "options": "options of operators",
    "scratch handles": "handles of scratch",
    "inputs": "descriptions of inputs",
    "outputs": "descriptions of outputs",
}
"""Name in the rules of a runtime -> what it is called in an answer, where it needs more words."""

PREPARATION = "room that preparing the model needs beyond this"
PADDING = "padding to the alignment of the arena"


def with_runtime(known: Explanation, graph: Graph, target: Target) -> Explanation:
    """`known` with the parts of what the runtime takes of the memory that decides, the largest first.

    Args:
        known: with the plan.
        graph: of the model, bound.
        target: of the plan.
    """
    memory = known.peak_step.memory
    if not memory.overhead:
        return known
    rows = _tail_rows(known.plan, graph, target) if memory.has_tail else []
    parts = [RuntimePart(_name(row), row.count, row.bytes, row.keeps) for row in rows]
    rest = memory.overhead - sum(part.bytes for part in parts)
    if not parts:
        parts = [RuntimePart(memory.overhead_source, 1, rest)]
    elif rest:
        parts.append(RuntimePart(PADDING if rest < memory.alignment else PREPARATION, 1, rest))
    return replace(known, runtime=tuple(sorted(parts, key=lambda part: (-part.bytes, part.what))))


def _tail_rows(plan: Plan, graph: Graph, target: Target) -> "tuple[Row, ...]":
    """The parts of the tail by the rules of `target`, with the operators in the order of `plan`."""
    from tmpass.targets.tail import runtime_bytes  # which only some runtimes need

    orders: list[dict[int, None]] = [{} for _ in graph.subgraphs]
    for row in plan.schedule:
        orders[row.subgraph].setdefault(row.op)
    for order, subgraph in zip(orders, graph.subgraphs, strict=True):
        order.update(dict.fromkeys(op for op in range(len(subgraph.ops)) if op not in order))
    found = runtime_bytes(graph, target, orders=[tuple(order) for order in orders])
    return () if found is None else found.rows


def _name(row: "Row") -> str:
    return f"kernels of {row.what}" if row.kernel else _NAMES.get(row.what, row.what)
