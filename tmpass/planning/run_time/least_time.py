"""What the copies of any plan with the same order and sharing take at least.

Residents lie beside all that is alive at the peak step, so all bytes of constants beyond what is free there cross
in each run. A buffer that left for them would cross itself, once in each direction: that takes longer, unless it leaves
for another memory than theirs. Spills and fetches move at least what the bound of their search says.
"""

from tmpass.base.choices import ConstantUse
from tmpass.planning.residency.transfers.behind import find_behind
from tmpass.planning.run_time.speeds import Speeds, places_of_buffers
from tmpass.plans.plan import Plan


def least_copies(plan: Plan, speeds: Speeds) -> int:
    """The picoseconds that copies take at least; where buffers may lie in several memories, those of constants only."""
    target = speeds.target
    several = len(places_of_buffers(target)) > 1
    least = 0
    loaded = next((row.memory for row in plan.constants if row.use != ConstantUse.STORED), None)
    if loaded is not None:
        use, memory = plan.memory(loaded), next(m for m in target.memories if m.name == loaded)
        assert use is not None
        home = next(row.memory for row in plan.constants if row.use == ConstantUse.STORED)
        copied = {row.tensors for row in plan.constants if row.use != ConstantUse.STORED}
        whole = sum(r.size for r in plan.constants if r.use == ConstantUse.STORED and r.tensors in copied)
        away = find_behind(target)
        beside = plan.transfers is None and not several and (away is None or away.name == home)
        live = use.live_bytes if beside and loaded == plan.target.memory else 0
        left = 0 if not memory.survives else whole
        if memory.survives and use.capacity is not None:
            left = max(0, use.capacity - use.reserve - use.kept - live)
        least += speeds.read(home, max(0, whole - left))
    if plan.transfers is not None and not several:
        behind, moved = plan.transfers.memory, plan.transfers.lower_bound
        least += min(speeds.read(behind, moved), speeds.write(behind, moved))
    return least
