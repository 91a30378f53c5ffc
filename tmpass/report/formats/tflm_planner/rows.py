"""The rows of a memory planner for TensorFlow Lite Micro, in the order in which MicroAllocator adds buffers.

First come the tensors of all subgraphs, by number, without constants, variables and tensors of no bytes. Then comes the
scratch, by subgraph and operator.
"""

from collections.abc import Iterator

from tmpass.base.choices import Role
from tmpass.base.errors import UsageError
from tmpass.base.record import record
from tmpass.plans.plan import MemoryUse, Plan, PlannedBuffer, PlannedTensor
from tmpass.report.formats.tflm_planner.scopes import Scopes, scopes_of
from tmpass.targets.runtime import RUNTIMES

_PERSISTENT = (Role.CONSTANT, Role.VARIABLE)
"""The roles of tensors that TensorFlow Lite Micro leaves in the file, or places in the tail."""


@record
class Row:
    """A buffer that the runtime will ask for.

    Fields:
        size: bytes, rounded up as the runtime does.
        first, last: the scopes within which it may be used; (0, -1) if it must not be used.
        memory: an index into the memories of the planner.
        offset: bytes.
        about: what it is.
    """

    size: int
    first: int
    last: int
    memory: int
    offset: int
    about: str


def memories_of(plan: Plan) -> tuple[MemoryUse, ...]:
    """The memories that the runtime needs arrays for: the arena first, then others with tensors or scratch."""
    rows = plan.buffers
    used = {rows[t.buffer].memory for t in requested(plan) if t.buffer is not None}
    used |= {b.memory for b in rows if b.step is not None} | {memory.name for memory in plan.memories[:1]}
    return tuple(memory for memory in plan.memories if memory.name in used)


def requested(plan: Plan) -> Iterator[PlannedTensor]:
    """The tensors that the runtime asks for, in its order."""
    return (t for t in plan.tensors if t.role not in _PERSISTENT and t.bytes)


def tensor_rows(plan: Plan) -> list[Row]:
    """The rows of all tensors."""
    scopes = scopes_of(plan.schedule)
    stepping = {row.subgraph for row in plan.schedule}
    numbers = {memory.name: i for i, memory in enumerate(memories_of(plan))}
    return [_tensor_row(plan, t, scopes, t.subgraph in stepping, numbers) for t in requested(plan)]


def _tensor_row(plan: Plan, tensor: PlannedTensor, scopes: Scopes, steps: bool, numbers: dict[str, int]) -> Row:
    size = RUNTIMES[plan.target.runtime].round_up(tensor.bytes or 0)
    about = f"{tensor.role} {tensor.name}"
    if tensor.buffer is None or tensor.offset is None:  # no operator uses it: the runtime asks, and any bytes will do
        return Row(size, 0, -1, 0, 0, about)
    buffer = plan.buffers[tensor.buffer]
    # A body without operators has no steps of its own, so that nothing is known of its scopes.
    first, last = scopes.range_of(buffer.lower, buffer.upper) if steps else (0, scopes.last)
    return Row(size, first, last, numbers[buffer.memory], tensor.offset, about)


def scratch_rows(plan: Plan) -> list[Row]:
    """The rows of scratch, by the scope of the operator; an operator may have several.

    Raises:
        UsageError: the runtime could not have the scratch where the plan has it.
    """
    scopes = scopes_of(plan.schedule)
    numbers = {memory.name: i for i, memory in enumerate(memories_of(plan))}
    runs: dict[tuple[int, int], dict[int, list[PlannedBuffer]]] = {}
    for b in plan.buffers:
        if b.step is not None and b.size and scopes.begin <= b.step < scopes.end:
            step = plan.schedule[b.step]
            runs.setdefault((step.subgraph, step.op), {}).setdefault(b.step, []).append(b)
    rows = [row for run in runs.values() for row in _scratch_rows(plan, run, scopes, numbers)]
    return sorted(rows, key=lambda row: row.first)


def _scratch_rows(
    plan: Plan, runs: dict[int, list[PlannedBuffer]], scopes: Scopes, numbers: dict[str, int]
) -> Iterator[Row]:
    """The rows of one operator, whose scratch in each of its steps is `runs`."""
    step = plan.schedule[max(runs)]  # of several runs of an operator, the runtime notes the scope of the last one
    what = f"operator {step.op} ({step.kind}) of subgraph {step.subgraph}"
    if len({tuple((b.memory, b.offset) for b in run) for run in runs.values()}) > 1:
        fault = f"{what} is run by several operators, with scratch at another offset each time"
        raise UsageError(
            fault, where=plan.model.file, hint="TensorFlow Lite Micro has one address for it: use csv or c"
        )
    scope = scopes.low[step.step - scopes.begin]
    if scope != scopes.high[step.step - scopes.begin]:
        fault = f"{what} has scratch, and stands in a body whose sibling has no operators: its scope is not known"
        raise UsageError(fault, where=plan.model.file, hint="give the other body an operator")
    for b in runs[step.step]:
        last = scopes.range_of(b.lower, b.upper)[1]
        yield Row(b.size, scope, last, numbers[b.memory], b.offset, f"scratch of {what}")
