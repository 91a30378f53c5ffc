"""Tensors whose offsets are part of the model's file: the plan must have them there, in the file's order."""

from tmpass.base.choices import OrderMethod
from tmpass.base.violation import Violation
from tmpass.graph.model import Graph
from tmpass.plans.plan import Plan
from tmpass.verification.names import tensor_name


def check_fixed(plan: Plan, graph: Graph) -> list[Violation]:
    """Violations by fixed tensors that are not where the file has them, by another order, or by inputs that are kept.

    Fixed tensors may overlap as in the file: only the commands of its compiled operators know when each byte is used.
    """
    if not graph.fixed:
        return []
    found = []
    if plan.order.method != OrderMethod.GIVEN:
        message = f"the file fixes offsets for its own order, but the plan has the order {plan.order.method!r}"
        found.append(Violation("order", message))
    if plan.options.keep_inputs:
        message = "the options keep inputs, but commands of the file may write over them where it fixes offsets"
        found.append(Violation("alias", message))
    homes = {buffer.id: buffer.memory for buffer in plan.buffers}
    for row in plan.tensors:
        wanted = graph.fixed.get(row.key)
        if wanted is None or row.role == "unplanned":
            continue
        memory = homes.get(row.buffer) if row.buffer is not None else None
        if (memory, row.offset) != (plan.target.memory, wanted):
            place = "nowhere" if memory is None else f"at {row.offset} in {memory}"
            message = f"{tensor_name(row)} is {place}, but the file fixes it at {wanted} in {plan.target.memory}"
            found.append(Violation("offset", message, tensor_name(row), low=row.offset))
    return found
