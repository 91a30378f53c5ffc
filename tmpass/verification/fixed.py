"""Tensors whose offsets are part of the model's file: whether the plan has them there, in the file's order."""

from tmpass.base.violation import Violation
from tmpass.graph.model import Graph
from tmpass.plans.plan import Plan
from tmpass.verification.names import tensor_name


def check_fixed(plan: Plan, graph: Graph) -> list[Violation]:
    """Fixed tensors at other offsets or in other memories than the file says, and an order that is not the file's.

    They may overlap as they do in the file: only the commands of its compiled operators know when which bytes are used.
    """
    if not graph.fixed:
        return []
    found = []
    if plan.order.method != "given":
        message = f"the file fixes offsets for its own order, but the plan has the order {plan.order.method!r}"
        found.append(Violation("order", message))
    homes = {buffer.id: buffer.memory for buffer in plan.buffers}
    for row in plan.tensors:
        wanted = graph.fixed.get((row.subgraph, row.index))
        if wanted is None or row.role == "unplanned":
            continue
        memory = homes.get(row.buffer) if row.buffer is not None else None
        if (memory, row.offset) != (plan.target.memory, wanted):
            place = "nowhere" if memory is None else f"at {row.offset} in {memory}"
            message = f"{tensor_name(row)} is {place}, but the file fixes it at {wanted} in {plan.target.memory}"
            found.append(Violation("offset", message, tensor_name(row), low=row.offset))
    return found
