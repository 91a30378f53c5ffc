"""The bytes that a runtime takes for itself, computed again."""

from tmpass.base.choices import ConstantUse
from tmpass.base.violation import Violation
from tmpass.plans.plan import Plan
from tmpass.targets import RUNTIMES


def check_overhead(plan: Plan) -> list[Violation]:
    """Violations by an overhead that is not what the runtime takes.

    A runtime that keeps the file of the model has the bytes of the file where the constants are. Without constants, no
    more than one memory has them; a target says which.
    """
    homes = {row.memory for row in plan.constants if row.use == ConstantUse.STORED}
    kept = (plan.model.bytes or 0) if RUNTIMES[plan.target.runtime].keeps_file else 0
    taking = [memory.name for memory in plan.memories if memory.overhead]
    if not homes and len(taking) == 1:
        homes = set(taking)
    found = []
    for memory in plan.memories:
        expected = max(0, kept - memory.constants) if memory.name in homes else 0
        if memory.overhead != expected:
            message = f"{memory.name} claims {memory.overhead} bytes for the runtime, but it takes {expected}"
            found.append(Violation("overhead", message))
    return found
