"""The bytes that a runtime takes for itself, computed again."""

from tmpass.base.choices import ConstantUse
from tmpass.base.violation import Violation
from tmpass.plans.plan import Plan
from tmpass.targets import RUNTIMES


def check_overhead(plan: Plan) -> list[Violation]:
    """Violations by an overhead that is not what the runtime takes.

    A runtime that keeps the file of the model has the bytes of the file where the constants are.
    """
    homes = {row.memory for row in plan.constants if row.use == ConstantUse.STORED}
    found = []
    for memory in plan.memories:
        expected = 0
        if RUNTIMES[plan.target.runtime].keeps_file and plan.model.bytes is not None and memory.name in homes:
            expected = max(0, plan.model.bytes - memory.constants)
        if memory.overhead != expected:
            message = f"{memory.name} claims {memory.overhead} bytes for the runtime, but it takes {expected}"
            found.append(Violation("overhead", message))
    return found
