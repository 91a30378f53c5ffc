"""The bytes that copies of constants need at least, computed again."""

from tmpass.base.choices import ConstantUse
from tmpass.base.violation import Violation
from tmpass.graph.model import Graph, TensorKey
from tmpass.plans.plan import MemoryUse, Plan
from tmpass.verification.hulls import Hull


def check_copies(plan: Plan, graph: Graph, hulls: list[Hull]) -> list[Violation]:
    """Violations by a bound on copies of constants that does not follow from the schedule.

    Args:
        plan: the rows of its constants are right.
        graph: of the model.
        hulls: one per buffer of the plan.
    """
    bounds = _bounds(plan, graph, hulls)
    return [
        Violation("constants", f"{m.name} claims that copies need {m.loaded_bound} bytes, but {bound} are proved")
        for m in plan.memories
        if m.loaded_bound != (bound := bounds.get(m.name, 0))
    ]


def _bounds(plan: Plan, graph: Graph, hulls: list[Hull]) -> dict[str, int]:
    """Memory -> the bytes above its lower bound that copies need at the step where live bytes and copies are most."""
    stored = {row.tensors[0]: row for row in plan.constants if row.use == ConstantUse.STORED and row.tensors}
    copies = {row.memory for row in plan.constants if row.use != ConstantUse.STORED}
    first: dict[TensorKey, TensorKey] = {key: one for one, row in stored.items() for key in row.tensors}
    chunks = {memory.name: memory.chunk for memory in plan.memories}
    bounds = {}
    for memory in plan.memories:
        if memory.name not in copies:
            continue
        live, most = _live_bytes(plan, memory, hulls), 0
        for step in plan.schedule:
            inputs = graph.subgraphs[step.subgraph].ops[step.op].inputs
            read = {first[step.subgraph, t] for t in inputs if (step.subgraph, t) in first}
            sizes = (_window(memory, stored[one].size, chunks[stored[one].memory]) for one in read)
            most = max(most, live[step.step] + sum(sizes) if read else 0)
        bounds[memory.name] = max(0, most - memory.lower_bound)
    return bounds


def _window(memory: MemoryUse, size: int, chunk: int | None) -> int:
    """The bytes that a constant needs in its step: all, or one piece of it."""
    piece = size if chunk is None else min(size, chunk)
    return -(-piece // memory.alignment) * memory.alignment


def _live_bytes(plan: Plan, memory: MemoryUse, hulls: list[Hull]) -> list[int]:
    """The live bytes of the buffers in `memory` at each step."""
    changes = [0] * (len(plan.schedule) + 1)
    for hull in hulls:
        if hull.buffer.memory == memory.name:
            for lower, upper, low, high in hull.pieces:
                if lower < len(plan.schedule):
                    changes[lower] += high - low
                    changes[min(upper, len(plan.schedule))] -= high - low
    live, total = [], 0
    for change in changes:
        total += change
        live.append(total)
    return live
