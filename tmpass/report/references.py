"""Checks the references between the rows of a plan from a file: every output format relies on them."""

from typing import NoReturn

from tmpass.base.errors import UsageError, brief
from tmpass.plans.plan import Plan


def check_references(plan: Plan, where: str) -> None:
    """Refuse a plan whose rows refer to rows that do not exist.

    Offsets and figures are not checked.

    Args:
        plan: the plan.
        where: the path of its file, for the error.

    Raises:
        UsageError: a memory, buffer, tensor or step is missing, or there are two of the same name or number.
    """

    def refuse(what: str) -> NoReturn:
        raise UsageError(what, where=where, hint="write the plan again with tmpass plan -o")

    memories = {memory.name for memory in plan.memories}
    tensors = {t.key for t in plan.tensors}
    if len(memories) < len(plan.memories):
        refuse("two memories have the same name")
    if len(tensors) < len(plan.tensors):
        refuse("two tensors have the same number")
    for number, step in enumerate(plan.schedule):
        if step.step != number:
            refuse(f"schedule[{number}] is step {step.step}")
    for number, b in enumerate(plan.buffers):
        if b.id != number:
            refuse(f"buffers[{number}] has id {b.id}")
        if b.memory not in memories:
            refuse(f"buffers[{number}] is in memory {brief(b.memory)}, which the plan does not have")
        if unknown := next((key for key in b.tensors if key not in tensors), None):
            refuse(f"buffers[{number}] holds tensor {unknown}, which the plan does not have")
        if b.step is not None and b.step >= len(plan.schedule):
            refuse(f"buffers[{number}] is scratch of step {b.step}, which the plan does not have")
        if b.first is not None and (b.first >= len(plan.buffers) or plan.buffers[b.first].first is not None):
            refuse(f"buffers[{number}] is a further residence of buffer {b.first}, which the plan does not have")
        if b.lower >= b.upper:
            refuse(f"buffers[{number}] lives in [{b.lower}, {b.upper})")
    for number, t in enumerate(plan.tensors):
        if t.buffer is not None and t.buffer >= len(plan.buffers):
            refuse(f"tensors[{number}] is in buffer {t.buffer}, which the plan does not have")
