"""The time of one run, computed again from the rows of a plan and the speeds of its target.

Shares no code with planning/run_time. There, ends of rows give the step from which on bytes are free; here, a walk back
from the step that waits does. There, one loop follows the channel; here, each operator begins at the end of a longest
chain of events.
"""

from collections import defaultdict
from collections.abc import Iterator

from tmpass.base.violation import Violation
from tmpass.graph.macs import count_macs
from tmpass.graph.model import ABSENT, Graph
from tmpass.plans.plan import Plan
from tmpass.plans.planned_time import PlannedTime
from tmpass.targets import RUNTIMES, Target
from tmpass.verification.integers import as_integers
from tmpass.verification.results import as_kept
from tmpass.verification.run_time.bound import least_time
from tmpass.verification.run_time.clock import Clock
from tmpass.verification.run_time.copies import Copy, find_copies


def check_time(plan: Plan, graph: Graph, profile: Target) -> list[Violation]:
    """Violations by a time of `plan` that does not follow from its rows and from `profile`.

    A plan without a time is right: it may be older than this figure.

    Args:
        plan: without other violations.
        graph: of the model.
        profile: the target, with the capacity that the plan's options give it.
    """
    if plan.time is None:
        return []
    if not plan.fits:
        return [Violation("time", "a plan that does not fit has no time")]
    names = {memory.name for memory in profile.memories}
    if any(memory.name not in names for memory in plan.memories):
        return []  # the target differs, as others say
    graph = as_kept(as_integers(plan, graph)[0], RUNTIMES[plan.target.runtime])
    again = _time(plan, graph, profile)
    found = []
    for name in PlannedTime.__dataclass_fields__:
        told, real = getattr(plan.time, name), getattr(again, name)
        if told != real:
            unit = " ps" if isinstance(real, int) else ""
            found.append(Violation("time", f"the plan's time has {name} {told}, but it is {real}{unit}"))
    return found


def _time(plan: Plan, graph: Graph, profile: Target) -> PlannedTime:
    clock = Clock(profile)
    compute = [0] * len(plan.schedule)
    reads, touches = compute[:], compute[:]
    for step, row in enumerate(plan.schedule):
        subgraph = graph.subgraphs[row.subgraph]
        compute[step] += clock.macs(count_macs(subgraph, subgraph.ops[row.op]))
    for step, memory, size, write, constant in _accesses(plan, graph):
        (reads if constant else touches)[step] += clock.bytes(memory, size, write=write)
    copies = find_copies(plan, graph, profile, clock)
    operators = [a + b + c for a, b, c in zip(compute, reads, touches, strict=True)]
    total = _last_end(operators, copies)
    moving = sum(copy.early + copy.late for copy in copies)
    accesses = sum(reads) + sum(touches)
    bound = least_time(plan, profile, clock, (sum(compute), sum(reads), sum(touches)))
    if profile.prefetch and copies:
        clock.facts.add("prefetch")
    return PlannedTime(
        total,
        sum(compute) if profile.macs_per_second is not None else None,
        moving,
        accesses,
        sum(compute) + accesses + moving - total,
        bound,
        tuple(sorted(fact for fact in clock.facts if fact in profile.assumed)),
        tuple(sorted(clock.lacking)),
    )


def _accesses(plan: Plan, graph: Graph) -> Iterator[tuple[int, str, int, bool, bool]]:
    """What operators touch outside the scratchpad: step, memory, bytes, if they write, if it is a constant."""
    near = plan.memories[0].name
    homes = {key: row for row in plan.constants if row.use == "stored" for key in row.tensors}
    on_chip = {key for row in plan.constants if row.use != "stored" for key in row.tensors}
    place = {row.key: plan.buffers[row.buffer].memory for row in plan.tensors if row.buffer is not None}
    for buffer in plan.buffers:
        if not buffer.tensors and buffer.step is not None and buffer.memory != near:
            for write in (True, False):
                yield buffer.step, buffer.memory, buffer.size, write, False
    for step, row in enumerate(plan.schedule):
        op = graph.subgraphs[row.subgraph].ops[row.op]
        seen = set()
        for t in {*op.inputs} - {ABSENT}:
            key = row.subgraph, t
            home = homes.get(key)
            if home is not None and key not in on_chip and home.memory != near and home.id not in seen:
                seen.add(home.id)
                yield step, home.memory, home.size, False, True
            if place.get(key, near) != near:
                yield step, place[key], graph.tensor(key).bytes or 0, False, False
        for t in (*op.outputs, *op.temporaries):
            key = row.subgraph, t
            if t != ABSENT and place.get(key, near) != near:
                yield step, place[key], graph.tensor(key).bytes or 0, True, False


def _last_end(operators: list[int], copies: list[Copy]) -> int:
    """The end of the last operator: each event begins at the latest end of those that it waits for."""
    waiting: defaultdict[int, list[int]] = defaultdict(list)
    for number, copy in enumerate(copies):
        waiting[copy.step].append(number)
    begins, last_copy = [0], 0
    for step, time in enumerate(operators):
        before = begins[step]  # all operators before this step have ended
        needed = [before]
        for number in waiting[step]:
            copy = copies[number]
            last_copy = max(last_copy, begins[copy.begins]) + copy.early
            last_copy = max(last_copy, before) + copy.late if copy.late else last_copy
            needed.append(last_copy)
        begins.append(max(needed) + time)
    return begins[-1]
