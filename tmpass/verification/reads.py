"""What operators read of constants: they find it in memories that they can use."""

from collections.abc import Iterator, Mapping, Sequence

from tmpass.base.choices import ConstantUse
from tmpass.base.violation import Violation
from tmpass.graph.model import Graph, Op, TensorKey
from tmpass.plans.plan import Plan, PlannedConstant
from tmpass.verification.names import Names
from tmpass.verification.stored import Stored

_STREAMED = ConstantUse.STREAMED

Reads = Sequence[Mapping[TensorKey, None]]
"""Of each step, the constants that its operator reads, by their first tensors."""


def check_reads(plan: Plan, graph: Graph, reads: Reads) -> list[Violation]:
    """Violations by operators that read a constant in a memory that they cannot use, or by a copy that nobody reads.

    A constant that is streamed is there for one operator that reads it, while that runs with its bodies. Operators of
    the bodies may read it there as well.

    Args:
        plan: its schedule is a run of `graph`, and each of its constants is one of the model.
        graph: of the model.
        reads: what its operators read.
    """
    usable = {memory.name for memory in plan.memories if memory.compute}
    always = {row.tensors[0] for row in plan.constants if row.use != _STREAMED and row.memory in usable}
    streamed = [row for row in plan.constants if row.use == _STREAMED]
    there = {(row.tensors[0], row.lower) for row in streamed if row.memory in usable}
    names = Names(plan)
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


def held_constants(plan: Plan, graph: Graph, reads: Reads) -> Iterator[Mapping[TensorKey, None]]:
    """Of each step, the constants that its operator reads, and those of the operators in whose bodies it runs."""
    ends = operator_ends(plan, graph)
    callers = list[tuple[int, Mapping[TensorKey, None]]]()
    for step, read in enumerate(reads):
        while callers and callers[-1][0] <= step:
            callers.pop()
        read = {**callers[-1][1], **read} if callers else read
        if ends[step] > step + 1:
            callers.append((ends[step], read))
        yield read


def _unread(row: PlannedConstant, reads: Reads, ends: Sequence[int], names: Names) -> Violation | None:
    """The violation by a copy that its operator does not read, or that does not end with it and its bodies."""
    step, first = row.lower, row.tensors[0]
    if step >= len(reads) or first not in reads[step]:
        message = f"{names[first]} is streamed for step {step}, which does not read it"
        return Violation("constants", message, names[first], step=step)
    if row.upper != ends[step]:
        message = f"{names[first]} is streamed for the steps [{step}, {row.upper}), but step {step} runs up to"
        return Violation("constants", f"{message} {ends[step]}", names[first], step=step)
    return None


def constants_read(plan: Plan, graph: Graph, stored: Stored) -> Reads:
    """What the operator of each step of `plan` reads of the constants of `graph`, which are `stored`."""
    first: list[dict[int, TensorKey]] = [{} for _ in graph.subgraphs]
    for (s, t), of in stored.first.items():
        first[s][t] = of
    found, ops = list[dict[TensorKey, None]](), [subgraph.ops for subgraph in graph.subgraphs]
    for step in plan.schedule:
        here = first[step.subgraph]
        found.append(dict.fromkeys([here[t] for t in ops[step.subgraph][step.op].inputs if t in here]))
    return found


def operator_ends(plan: Plan, graph: Graph) -> list[int]:
    """Of each step, one past the last step of its operator and the bodies that it runs."""
    lengths: dict[int, int] = {}
    ops = [graph.subgraphs[row.subgraph].ops[row.op] for row in plan.schedule]
    return [
        row.step + (_length(graph, lengths, op) if op.calls else 1) for row, op in zip(plan.schedule, ops, strict=True)
    ]


def _length(graph: Graph, lengths: dict[int, int], op: Op) -> int:
    """The steps of `op` and the bodies that it runs. `lengths` has the steps of subgraphs that are known."""
    steps = 1
    for call in op.calls:
        if call.subgraph not in lengths:
            lengths[call.subgraph] = sum(_length(graph, lengths, inner) for inner in graph.subgraphs[call.subgraph].ops)
        steps += lengths[call.subgraph]
    return steps
