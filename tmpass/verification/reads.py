"""What operators read of constants: they find it in memories that they can use."""

from collections.abc import Iterator, Sequence

from tmpass.base.choices import ConstantUse
from tmpass.base.errors import brief
from tmpass.base.violation import Violation
from tmpass.graph.model import Graph, TensorKey
from tmpass.plans.plan import Plan, PlannedConstant
from tmpass.verification.stored import Stored


def check_reads(plan: Plan, graph: Graph, stored: Stored) -> list[Violation]:
    """Violations by operators that read a constant in a memory that they cannot use, or by a copy that nobody reads.

    A constant that is streamed is there for one operator that reads it, while that runs with its bodies. Operators of
    the bodies may read it there as well.

    Args:
        plan: its schedule is a run of `graph`, and each constant has tensors of `stored`.
        graph: of the model.
        stored: its constants.
    """
    usable = {memory.name for memory in plan.memories if memory.compute}
    always = {row.tensors[0] for row in plan.constants if row.use != ConstantUse.STREAMED and row.memory in usable}
    streamed = [row for row in plan.constants if row.use == ConstantUse.STREAMED]
    there = {(row.tensors[0], row.lower) for row in streamed if row.memory in usable}
    names = {row.key: brief(row.name) for row in plan.tensors}
    reads = [_read(graph, stored, step.subgraph, step.op) for step in plan.schedule]
    ends = operator_ends(plan, graph)
    found, callers = [], list[int]()
    for step, read in enumerate(reads):
        while callers and ends[callers[-1]] <= step:
            callers.pop()
        for first in read:
            if first in always or (first, step) in there or any((first, caller) in there for caller in callers):
                continue
            message = f"step {step} reads {names[first]}, which is in no memory that operators use"
            found.append(Violation("constants", message, names[first], step=step))
        if ends[step] > step + 1:
            callers.append(step)
    return found + [violation for row in streamed if (violation := _unread(row, reads, ends, names)) is not None]


def held_constants(plan: Plan, graph: Graph, stored: Stored) -> Iterator[dict[TensorKey, None]]:
    """Of each step, the constants that its operator reads, and those of the operators in whose bodies it runs."""
    ends = operator_ends(plan, graph)
    callers = list[tuple[int, dict[TensorKey, None]]]()
    for step, row in enumerate(plan.schedule):
        while callers and callers[-1][0] <= step:
            callers.pop()
        read = _read(graph, stored, row.subgraph, row.op)
        read = {**callers[-1][1], **read} if callers else read
        if ends[step] > step + 1:
            callers.append((ends[step], read))
        yield read


def _unread(
    row: PlannedConstant, reads: Sequence[dict[TensorKey, None]], ends: Sequence[int], names: dict[TensorKey, str]
) -> Violation | None:
    """The violation by a copy that its operator does not read, or that does not end with it and its bodies."""
    step, first = row.lower, row.tensors[0]
    if step >= len(reads) or first not in reads[step]:
        message = f"{names[first]} is streamed for step {step}, which does not read it"
        return Violation("constants", message, names[first], step=step)
    if row.upper != ends[step]:
        message = f"{names[first]} is streamed for the steps [{step}, {row.upper}), but step {step} runs up to"
        return Violation("constants", f"{message} {ends[step]}", names[first], step=step)
    return None


def _read(graph: Graph, stored: Stored, s: int, op: int) -> dict[TensorKey, None]:
    """The constants that an operator reads, by their first tensors."""
    inputs = graph.subgraphs[s].ops[op].inputs
    return dict.fromkeys(first for t in inputs if (first := stored.first.get((s, t))) is not None)


def operator_ends(plan: Plan, graph: Graph) -> list[int]:
    """Of each step, one past the last step of its operator and the bodies that it runs."""
    lengths: dict[int, int] = {}

    def length(s: int, op: int) -> int:
        return 1 + sum(whole(call.subgraph) for call in graph.subgraphs[s].ops[op].calls)

    def whole(s: int) -> int:
        if s not in lengths:
            lengths[s] = sum(length(s, op) for op in range(len(graph.subgraphs[s].ops)))
        return lengths[s]

    return [row.step + length(row.subgraph, row.op) for row in plan.schedule]
