"""The least time of any plan with the order and the sharing of a plan, computed again."""

from tmpass.plans.plan import Plan
from tmpass.targets import Target
from tmpass.verification.run_time.clock import Clock


def least_time(plan: Plan, profile: Target, clock: Clock, own: tuple[int, int, int]) -> int:
    """The picoseconds that a run takes at least.

    Args:
        plan: with its rows.
        profile: the target.
        clock: of the target.
        own: of the plan's operators: computing, reading constants in place, touching buffers outside the scratchpad.
    """
    computing, reading, touching = own
    places = [memory for memory in profile.memories if memory.compute and set(memory.holds) - {"weights"}]
    operators = computing + reading + (touching if len(places) == 1 else 0)
    copies = _constants(plan, profile, clock, alone=len(places) == 1)
    if plan.transfers is not None and len(places) == 1:
        behind, least = plan.transfers.memory, plan.transfers.lower_bound
        ways = [clock.bytes(behind, least, write=write) for write in (False, True)]
        copies += min(ways)
    return max(operators, copies) if profile.prefetch else operators + copies


def _constants(plan: Plan, profile: Target, clock: Clock, *, alone: bool) -> int:
    """The picoseconds of loading the constants for which no memory has room, whichever of them stay."""
    moved = {row.tensors[0]: row.memory for row in plan.constants if row.use != "stored"}
    if not moved:
        return 0
    stored = [row for row in plan.constants if row.use == "stored"]
    inside = next(memory for memory in profile.memories if memory.name in moved.values())
    use = next(memory for memory in plan.memories if memory.name == inside.name)
    needed = sum(row.size for row in stored if row.tensors[0] in moved)
    kept = use.overhead if use.tail is None else use.tail
    free = needed if use.capacity is None else use.capacity - use.reserve - kept
    at = profile.memories.index(profile.scratchpad)
    others = [memory.name for memory in profile.memories[at + 1 :] if "activations" in memory.holds]
    leaves = bool(others) and profile.runtime.copies_buffers and others[0] != stored[0].memory
    if plan.transfers is None and alone and not leaves and use.capacity is not None and use is plan.memories[0]:
        free -= use.live_bytes
    if not inside.survives:
        free = 0
    return clock.bytes(stored[0].memory, max(0, needed - max(0, free)), write=False)
