"""How long each operator of a run takes: what it computes, and what it reads and writes outside the scratchpad."""

from collections.abc import Sequence

from tmpass.base.choices import ConstantUse
from tmpass.base.record import record
from tmpass.graph.macs import count_macs
from tmpass.graph.model import ABSENT, Graph, TensorKey
from tmpass.planning.run_time.speeds import Speeds
from tmpass.plans.plan import Plan


@record
class OperatorTimes:
    """Picoseconds of each step.

    Fields:
        compute: of its operations.
        constants: of reading constants in place, outside the scratchpad.
        buffers: of reading and writing buffers outside the scratchpad.
    """

    compute: tuple[int, ...]
    constants: tuple[int, ...]
    buffers: tuple[int, ...]


def operator_times(plan: Plan, graph: Graph, speeds: Speeds) -> OperatorTimes:
    """The times of all steps. Each operator touches all bytes of each of its tensors once."""
    scratchpad = plan.target.memory
    constants = _in_place(plan)
    outside = {
        key: row.memory for row in plan.buffers if row.first is None and row.memory != scratchpad for key in row.tensors
    }
    rate = speeds.target.macs_per_second
    compute, reading, touching = list[int](), list[int](), list[int]()
    for row in plan.schedule:
        subgraph = graph.subgraphs[row.subgraph]
        op = subgraph.ops[row.op]
        compute.append(speeds.compute(0 if rate is None else count_macs(subgraph, op)))
        if not constants and not outside:
            continue
        inputs = [(row.subgraph, t) for t in dict.fromkeys(op.inputs) if t != ABSENT]
        results = [(row.subgraph, t) for t in (*op.outputs, *op.temporaries) if t != ABSENT]
        rows = dict.fromkeys(constants[key] for key in inputs if key in constants)
        reading.append(sum(speeds.read(memory, size) for memory, size, _ in rows))
        time = sum(speeds.read(outside[key], graph.tensor(key).bytes or 0) for key in inputs if key in outside)
        time += sum(speeds.write(outside[key], graph.tensor(key).bytes or 0) for key in results if key in outside)
        touching.append(time)
    if not reading:
        reading, touching = [0] * len(compute), [0] * len(compute)
    for scratch in plan.buffers:
        if scratch.step is not None and not scratch.tensors and scratch.memory != scratchpad:
            touching[scratch.step] += speeds.write(scratch.memory, scratch.size)
            touching[scratch.step] += speeds.read(scratch.memory, scratch.size)
    return OperatorTimes(tuple(compute), tuple(reading), tuple(touching))


def _in_place(plan: Plan) -> dict[TensorKey, tuple[str, int, int]]:
    """Constant -> memory, bytes and row of its home, of those that operators read there, outside the scratchpad."""
    copied = {row.tensors for row in plan.constants if row.use != ConstantUse.STORED}
    return {
        key: (row.memory, row.size, row.id)
        for row in plan.constants
        if row.use == ConstantUse.STORED and row.tensors not in copied and row.memory != plan.target.memory
        for key in row.tensors
    }


def both(times: OperatorTimes) -> Sequence[int]:
    """The picoseconds of each step, without those of copies."""
    return [sum(parts) for parts in zip(times.compute, times.constants, times.buffers, strict=True)]
