"""The bytes that a runtime takes for itself, computed again."""

from tmpass.base.choices import ConstantUse
from tmpass.base.violation import Violation
from tmpass.graph.model import Graph
from tmpass.plans.plan import Plan
from tmpass.targets import RUNTIMES, Target


def check_tail(plan: Plan, graph: Graph, profile: Target) -> list[Violation]:
    """Violations by an arena whose tail is not what the rules of the target's runtime say.

    Args:
        plan: for this target; its schedule is a run of `graph`.
        graph: of the model, bound.
        profile: of the target.
    """
    if not profile.runtime.tail or plan.target.runtime != profile.runtime.name:
        return []
    from tmpass.targets.tail import runtime_bytes  # which only some runtimes need

    orders: list[list[int]] = [[] for _ in graph.subgraphs]
    for row in plan.schedule:
        if row.op not in orders[row.subgraph]:
            orders[row.subgraph].append(row.op)
    for order, subgraph in zip(orders, graph.subgraphs, strict=True):
        order += sorted(set(range(len(subgraph.ops))) - set(order))
    tail, arena = runtime_bytes(graph, profile, orders=orders), plan.memories[0]
    expected = 0 if tail is None else tail.overhead(arena.peak)
    least = 0 if tail is None else tail.prepared_at_least
    kept = None if tail is None else tail.kept(arena.peak)
    if arena.overhead == expected and arena.preparation in (0, least) and arena.tail == kept:
        return []
    if arena.overhead == expected:
        claims = f"{arena.preparation} bytes to prepare the model, and a tail of {arena.tail}"
        message = f"{arena.name} claims {claims}, but by the rules it is {least}, and {kept}"
        return [Violation("overhead", message)]
    message = f"{arena.name} claims {arena.overhead} bytes for the runtime, but by its rules it takes {expected}"
    early = arena.overhead == 0 and plan.model.bytes is None
    return [Violation("overhead", message + ("; plans of version 1 leave it out: plan again" if early else ""))]


def check_overhead(plan: Plan) -> list[Violation]:
    """Violations by an overhead that is not what the runtime takes. `check_tail` checks that of an arena with a tail.

    Only an arena with a tail may claim bytes for the preparation of the model, and at most those of its buffers and its
    overhead.

    A runtime that keeps the file of the model keeps it in the memory of the constants. There the rest of the file is
    the overhead. In a plan without constants one memory may have that overhead, whichever it is.
    """
    stored = ConstantUse.STORED
    homes = {row.memory for row in plan.constants if row.use == stored}
    kept = (plan.model.bytes or 0) if RUNTIMES[plan.target.runtime].keeps_file else 0
    tail = bool(RUNTIMES[plan.target.runtime].tail)
    taking = [memory.name for memory in plan.memories[tail:] if memory.overhead]
    if not homes and len(taking) == 1:
        homes = set(taking)
    found = []
    for at, memory in enumerate(plan.memories):
        if memory.preparation and (at or not tail):
            message = f"{memory.name} claims {memory.preparation} bytes to prepare the model, but has no arena"
            found.append(Violation("overhead", message))
        elif memory.preparation > memory.peak + memory.overhead:
            message = f"{memory.name} claims {memory.preparation} bytes to prepare the model, more than its arena has"
            found.append(Violation("overhead", message))
        elif memory.tail is not None and (at or not tail or not 0 <= memory.tail <= memory.overhead):
            message = f"{memory.name} claims a tail of {memory.tail} bytes, but has {memory.overhead} for the runtime"
            found.append(Violation("overhead", message))
    for memory in plan.memories[tail:]:  # the rules of the tail need the target
        expected = max(0, kept - memory.constants) if memory.name in homes else 0
        if memory.overhead != expected:
            message = f"{memory.name} claims {memory.overhead} bytes for the runtime, but it takes {expected}"
            found.append(Violation("overhead", message))
    return found
