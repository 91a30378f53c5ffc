"""The time of one run of a plan.

    operators  | step 0 | step 1 |wait| step 2  |     one after another
    channel         | copy for 1 |  copy for 2  |     one copy after another, in the order of the steps that wait

Without overlap, a copy begins when all operators before its step have ended. With it, a copy begins as soon as the
channel is free and its bytes are, while earlier operators run.
"""

from collections.abc import Sequence

from tmpass.base.sizes import MAX_BYTES
from tmpass.graph.model import Graph
from tmpass.planning.run_time.copies import TimedCopy, copied, find_copies
from tmpass.planning.run_time.least_time import least_copies
from tmpass.planning.run_time.operators import both, operator_times
from tmpass.planning.run_time.speeds import Speeds, places_of_buffers
from tmpass.plans.plan import Plan
from tmpass.plans.planned_time import PlannedTime
from tmpass.targets import Target


def find_time(plan: Plan, graph: Graph, target: Target) -> PlannedTime | None:
    """The time of one run; None where the target has no speed that it depends on, or the plan does not fit.

    A loop counts as one round, and all branches of an If count.

    Args:
        plan: in which all but the time is known.
        graph: that was planned.
        target: of the plan.
    """
    if not plan.fits or (target.macs_per_second is None and not any(memory.bandwidth for memory in target.memories)):
        return None
    speeds = Speeds(target)
    times, copies = operator_times(plan, graph, speeds), find_copies(plan, graph, speeds)
    computing, moving = sum(times.compute), sum(copied(copies))
    accesses = sum(times.constants) + sum(times.buffers)
    least = least_copies(plan, speeds)
    own = computing + sum(times.constants)
    several = len(places_of_buffers(target)) > 1
    own += 0 if several else sum(times.buffers)
    if target.prefetch and copies:
        speeds.used["prefetch"] = None
    bound = max(own, least) if target.prefetch else own + least
    total = end_of_run(both(times), copies)
    if (target.macs_per_second is None and not moving + accesses) or total > MAX_BYTES:
        return None
    return PlannedTime(
        total,
        None if target.macs_per_second is None else computing,
        moving,
        accesses,
        computing + moving + accesses - total,
        bound,
        speeds.assumed,
        tuple(sorted(speeds.unknown)),
    )


def end_of_run(operators: Sequence[int], copies: Sequence[TimedCopy]) -> int:
    """When the last operator ends.

    Args:
        operators: how long the operator of each step takes.
        copies: in their order.
    """
    ends = [0]  # of the operators before each step
    channel = at = 0
    for step, time in enumerate(operators):
        ready = ends[step]
        while at < len(copies) and copies[at].step <= step:
            copy = copies[at]
            channel = max(channel, ends[copy.release]) + copy.early
            if copy.late:
                channel = max(channel, ends[step]) + copy.late
            ready = max(ready, channel)
            at += 1
        ends.append(ready + time)
    return ends[-1]
