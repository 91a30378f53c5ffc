"""The constants of a plan against the target that it names: where they are kept, and how they are copied."""

from tmpass.base.choices import ConstantUse
from tmpass.base.errors import brief
from tmpass.base.violation import Violation
from tmpass.graph.model import Graph
from tmpass.plans.plan import Plan
from tmpass.targets import Target
from tmpass.verification.stored import Stored


def check_kept(plan: Plan, profile: Target, graph: Graph) -> list[Violation]:
    """Violations by constants or by a model's file that `profile` keeps elsewhere, and by copies that it does not make.

    A plan of version 1 may leave all constants out.
    """
    home = next((memory for memory in reversed(profile.memories) if "weights" in memory.holds), None)
    keeps = f"{profile.name} keeps none" if home is None else f"{profile.name} keeps them in {home.name}"
    name = None if home is None else home.name
    stored = {row.memory for row in plan.constants if row.use == ConstantUse.STORED}
    found = [
        Violation("target", f"constants are stored in {brief(other)}; {keeps}") for other in sorted(stored - {name})
    ]
    if plan.model.bytes is None and not plan.constants:
        return found
    if home is not None and not plan.constants and Stored(graph).sizes:
        found.append(Violation("target", f"the plan has no constants; {keeps}"))
    rest = (plan.model.bytes or 0) if profile.runtime.keeps_file and home is not None and not plan.constants else 0
    others = plan.memories[bool(profile.runtime.tail) :]  # the first memory has the tail
    for memory in others:
        if memory.overhead and memory.name != name:
            message = f"the model's file is in {brief(memory.name)}, where {profile.name} does not keep it"
            found.append(Violation("overhead", message))
    arena_is_home = len(others) < len(plan.memories) and plan.memories[0].name == name
    if rest and not found and not arena_is_home and not any(memory.overhead for memory in others):
        found.append(Violation("overhead", f"{profile.name} keeps the model's file of {rest} bytes; the plan does not"))
    return found + _check_copies(plan, profile)


def _check_copies(plan: Plan, profile: Target) -> list[Violation]:
    """Violations by copies in a memory that holds no weights."""
    memories = {memory.name: memory for memory in profile.memories}
    found = []
    for row in plan.constants:
        memory = memories.get(row.memory)
        if row.use != ConstantUse.STORED and memory is not None and "weights" not in memory.holds:
            message = f"constant {row.id} is {row.use} in {brief(row.memory)}, which holds no weights"
            found.append(Violation("target", message))
    return found
