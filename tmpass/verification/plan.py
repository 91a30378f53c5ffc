"""Checks of a plan against its model."""

from dataclasses import replace

from tmpass.base.choices import Io
from tmpass.base.errors import brief
from tmpass.base.violation import Violation
from tmpass.graph.model import Graph, Tensor, TensorKind
from tmpass.plans.plan import Plan, PlannedTensor
from tmpass.targets import RUNTIMES, Sharing
from tmpass.verification.constants import check_constants
from tmpass.verification.figures import check_figures
from tmpass.verification.fixed import check_fixed
from tmpass.verification.hulls import find_hulls
from tmpass.verification.integers import as_integers
from tmpass.verification.left_out import check_left_out, unknown_tensors
from tmpass.verification.names import tensor_name
from tmpass.verification.operator_need import check_operator_bound
from tmpass.verification.orders import check_order_bound
from tmpass.verification.overhead import check_overhead
from tmpass.verification.placement import check_placement
from tmpass.verification.replay import Broken, Needed, replay
from tmpass.verification.results import as_kept
from tmpass.verification.scratch import check_scratch
from tmpass.verification.sharing import asked_sharing, check_sharing
from tmpass.verification.traffic import check_traffic

_CONSTANT, _VARIABLE, _EXTERNAL = TensorKind.CONSTANT, TensorKind.VARIABLE, Io.EXTERNAL


def check_plan(plan: Plan, graph: Graph, sharing: Sharing | None = None) -> list[Violation]:
    """The violations of `plan` as a plan for `graph`.

    Checked are, in this order:

    - floats that are planned as integers are between operators that compute with integers;
    - the schedule is a run of the model;
    - every tensor has a row, with its own name, type, shape and size;
    - buffers and tensors name each other, and operators have their scratch;
    - offsets that the file fixes;
    - the rows of buffers that leave the scratchpad and come back, and what they move;
    - sharing, overlap in time and space, alignment and capacity; live ranges are derived anew;
    - constants are stored once, aligned, and above the buffers;
    - peaks, bounds and status follow from the offsets; bytes that are not counted are listed.

    The first five must hold before the others are checked, and all others before what one operator needs.

    Args:
        plan: may be wrong in any way.
        graph: of the model, with dimensions bound as the plan's options say.
        sharing: what the target allows; None where that is not known.
    """
    plan, graph = _without_facts(plan, graph)
    graph, found = as_integers(plan, graph)
    if found:
        return found
    graph = as_kept(graph, RUNTIMES[plan.target.runtime])
    try:
        needed = replay(
            graph,
            plan.schedule,
            keep_inputs=plan.options.keep_inputs,
            loops_copy=RUNTIMES[plan.target.runtime].loops_copy,
        )
    except Broken as broken:
        return [broken.violation]
    found = _check_options(plan) or _check_tensors(plan, graph, needed) or _check_references(plan)
    travels = plan.transfers is not None or any(buffer.first is not None for buffer in plan.buffers)
    travels = travels or any(row.live_range is not None for row in plan.tensors)
    if travels and not found:
        from tmpass.verification.transfers import check_transfer_rows, check_transfers  # which few plans need

        found = check_transfer_rows(plan)
    found = found or check_scratch(plan, graph)
    if found:
        return found
    hulls, unknown = find_hulls(plan, needed), unknown_tensors(graph)
    found = [
        *check_fixed(plan, graph),
        *check_sharing(plan, graph, needed, sharing),
        *check_placement(plan, needed, hulls),
        *(check_transfers(plan, graph, needed, asked_sharing(plan, sharing)) if travels else ()),
        *check_constants(plan, graph, hulls),
        *check_traffic(plan, graph),
        *check_overhead(plan),
        *check_figures(plan, graph, hulls, unknown),
        *check_left_out(plan, graph, unknown),
        *check_order_bound(plan, graph),
    ]
    return found or check_operator_bound(plan, graph, sharing)


def _without_facts(plan: Plan, graph: Graph) -> tuple[Plan, Graph]:
    """Copies, for which nothing is believed that the planner or an earlier check kept with plan and graph."""
    return replace(plan), replace(graph, subgraphs=tuple(map(replace, graph.subgraphs)))


def _check_options(plan: Plan) -> list[Violation]:
    """Violations by memories that are not those of target and options, each once."""
    names = [memory.name for memory in plan.memories]
    if names[:1] != [plan.target.memory] or len(set(names)) != len(names):
        return [Violation("memory", f"the plan fills {plan.target.memory!r} first, but lists the memories {names}")]
    found = []
    if plan.options.io == Io.EXTERNAL and RUNTIMES[plan.target.runtime].io_inside:
        title = RUNTIMES[plan.target.runtime].title
        found.append(Violation("memory", f"inputs and outputs are outside the arena, which {title} does not do"))
    for memory in plan.memories:
        if memory.alignment < 1 or (memory.capacity is not None and memory.capacity < 0):
            message = f"{memory.name} has alignment {memory.alignment} and capacity {memory.capacity}"
            found.append(Violation("memory", message))
    for option, asked, used in (
        ("budget", plan.options.budget, plan.memories[0].capacity),
        ("alignment", plan.options.alignment, plan.memories[0].alignment),
    ):
        if asked is not None and asked != used:
            found.append(Violation("memory", f"the options ask for {option} {asked}, but {names[0]} has {used}"))
    return found


def _check_tensors(plan: Plan, graph: Graph, needed: Needed) -> list[Violation]:
    """Violations by rows of tensors that are missing, in another order than the model's, or wrong."""
    keys = [(s, t) for s, subgraph in enumerate(graph.subgraphs) for t in range(len(subgraph.tensors))]
    listed = [(row.subgraph, row.index) for row in plan.tensors]
    if listed != keys:
        at = next(
            (i for i, (a, b) in enumerate(zip(listed, keys, strict=False)) if a != b),
            min(len(listed), len(keys)),
        )
        wanted = f"tensor {keys[at][1]} of subgraph {keys[at][0]}" if at < len(keys) else "the end"
        found = f"tensor {listed[at][1]} of subgraph {listed[at][0]}" if at < len(listed) else "the end"
        return [Violation("missing", f"row {at} of the tensors is {found}, but must be {wanted}")]
    ends = {
        (entry.subgraph, t): role
        for entry in graph.entries
        for role in ("output", "input")  # a tensor that is both counts as an input
        for t in getattr(graph.subgraphs[entry.subgraph], f"{role}s")
    }
    called = graph.called  # an operator that runs an entry brings no memory of its own
    faults, rows = list[Violation](), iter(plan.tensors)
    for s, subgraph in enumerate(graph.subgraphs):
        outermost, sized = s not in called, zip(subgraph.tensors, subgraph.sizes, strict=True)
        for t, ((tensor, size), row) in enumerate(zip(sized, rows, strict=False)):
            key = s, t
            if fault := _fault(row, tensor, size, ends.get(key, ""), key in needed, outermost, plan):
                faults.append(Violation(fault[0], f"{tensor_name(row)} {fault[1]}", tensor_name(row)))
    return faults


def _fault(
    row: PlannedTensor, tensor: Tensor, size: int | None, end: str, used: bool, outermost: bool, plan: Plan
) -> tuple[str, str] | None:
    """The fault of one row, as (kind, message); None if it is right."""
    if row.name != tensor.name or row.dtype != tensor.dtype.name or row.shape != tensor.shape or row.bytes != size:
        told, real = (row.name, row.dtype, row.shape, row.bytes), (tensor.name, tensor.dtype.name, tensor.shape, size)
        return "size", f"is listed as {brief(told)}, but the model has {brief(real)}"
    if row.buffer is None and row.offset is not None:
        return "offset", f"is at {row.offset}, but in no buffer"
    if tensor.kind is _CONSTANT:
        role = "constant"
    elif size is None or not used:
        role = "unplanned"
    else:
        role = "variable" if tensor.kind is _VARIABLE else end or "activation"
    if row.role != role:
        return "missing", f"is listed as {row.role}, but is {role}"
    if role == "activation" and row.buffer is not None:
        return None
    needs_bytes = tensor.dtype.bits is not None or not tensor.dtype.known
    if role == "unplanned" and used and needs_bytes and not plan.options.allow_unplanned:
        return "missing", "has no known size, and the options do not allow that"
    external = plan.options.io == _EXTERNAL
    if role in ("constant", "unplanned") or (external and outermost and role in ("input", "output")):
        return ("missing", f"has a buffer, as {role}") if row.buffer is not None else None
    # With external inputs and outputs, other tensors may be outside with them; check_sharing decides.
    stays = role == "variable" or not external
    return ("missing", f"has no buffer, as {role}") if row.buffer is None and stays else None


def _check_references(plan: Plan) -> list[Violation]:
    """Violations by buffers and tensors that do not name each other, or by a buffer larger than its tensors."""
    found = []
    memories = {memory.name for memory in plan.memories}
    members: list[list[PlannedTensor]] = [[] for _ in plan.buffers]
    for row in plan.tensors:
        if row.buffer is None:
            continue
        if not 0 <= row.buffer < len(members):
            name = tensor_name(row)
            found.append(Violation("missing", f"{name} is in buffer {row.buffer}, which is not listed", name))
            continue
        members[row.buffer].append(row)
        if row.offset is None:
            name = tensor_name(row)
            found.append(Violation("offset", f"{name} is in buffer {row.buffer}, but has no offset", name))
    for number, buffer in enumerate(plan.buffers):
        if buffer.id != number or buffer.memory not in memories or buffer.size < 0 or buffer.offset < 0:
            memory = brief(buffer.memory)
            message = f"buffer {buffer.id} in row {number} has a wrong number, memory {memory}, size or offset"
            found.append(Violation("missing", message))
        inside, held = members[number], buffer.tensors
        if buffer.step is not None and not held and not inside:
            continue
        if buffer.first is not None and not inside:
            continue  # a further residence, as check_transfer_rows sees
        keys = [(row.subgraph, row.index) for row in inside]
        if not keys or (list(held) if len(held) == 1 else sorted(held)) != keys:
            message = f"buffer {number} lists tensors {brief(held)}, but {brief(keys)} are in it"
            found.append(Violation("alias", message))
            continue
        # A buffer that claims too many bytes would make a wrong bound look right.
        lowest = inside[0] if len(inside) == 1 else min(inside, key=lambda row: row.offset or 0)
        if lowest.offset != buffer.offset:
            name = tensor_name(lowest)
            message = f"{name} is at {lowest.offset}, but its buffer {number} begins at {buffer.offset}"
            found.append(Violation("offset", message, name, low=lowest.offset))
        highest = inside[0] if len(inside) == 1 else max(inside, key=lambda row: (row.offset or 0) + (row.bytes or 0))
        end = (highest.offset or 0) + (highest.bytes or 0)
        if not found and end != buffer.offset + buffer.size:
            name = tensor_name(highest)
            message = f"{name} ends at byte {end}, but its buffer {number} at byte {buffer.offset + buffer.size}"
            found.append(Violation("size", message, name, low=buffer.offset, high=buffer.offset + buffer.size))
    return found
