"""A plan in ten lines."""

from collections.abc import Iterator

from tmpass.base.sizes import format_size
from tmpass.plans.peak_step import PeakStep, deciding_memory, find_peak_step
from tmpass.plans.plan import MemoryUse, Plan
from tmpass.report.left_out import assumed, not_counted, verdict
from tmpass.report.text import one_line

WIDTH = 120
LINES = 10
_LISTED = 4


def summary(plan: Plan) -> str:
    """Whether `plan` fits, the figures of the memory that decides it, and what is alive where that is fullest.

    At most LINES lines of at most WIDTH characters.
    """
    memory = deciding_memory(plan)
    others = len(plan.memories) - 1
    more = f" ({others} more in use)" if others else ""
    gap = memory.peak - memory.lower_bound
    percent = f", {100 * gap / memory.lower_bound:.2f} %" if gap and memory.lower_bound else ""
    lines = [
        f"model        {plan.model.file} on {plan.target.name}, memory {memory.name}{more}",
        f"fits         {_verdict(plan, memory)}",
        f"peak         {format_size(memory.peak)}",
        f"lower bound  {format_size(memory.lower_bound)}, gap {gap} B{percent}; {_order(plan)}",
        f"capacity     {_capacity(memory)}",
    ]
    if left_out := not_counted(plan):
        lines.append(f"not counted  {left_out}")
    lines += _fullest(plan, find_peak_step(plan, memory), LINES - len(lines) - 1)
    return "".join(f"{_cut(one_line(line))}\n" for line in lines)


def _verdict(plan: Plan, memory: MemoryUse) -> str:
    capacity = memory.capacity or 0
    if plan.fits and (part := verdict(plan)):
        return f"yes, {part}"
    if plan.status == "optimal":
        return "yes; proved: no address plan for this order and sharing is smaller"
    if plan.status == "feasible":
        return "yes; a smaller plan is not ruled out"
    if plan.status == "infeasible":
        least = plan.order.lower_bound
        if plan.memories[0] is memory and least > capacity:
            return f"no; proved: at least {format_size(least - capacity)} are missing in any order"
        return (
            f"no; proved: at least {format_size(memory.lower_bound - capacity)} are missing for this order and sharing"
        )
    return (
        f"not found: the search ended {format_size(memory.peak - capacity)} above the capacity; more --nodes may help"
    )


def _order(plan: Plan) -> str:
    """Where the order comes from, and what another one could save at most."""
    method = {
        "given": "the file's order",
        "topological": "the file sorted",
        "least-peak": "another order than the file's",
    }
    more = plan.memories[0].live_bytes - plan.order.lower_bound
    found = f"others may need up to {more} B less" if more else "no other keeps less alive"
    return f"{method[plan.order.method]}, {found}"


def _capacity(memory: MemoryUse) -> str:
    if memory.capacity is None:
        return "unlimited"
    word = "used" if memory.peak <= memory.capacity else "needed"
    share = f", {100 * memory.peak / memory.capacity:.1f} % {word}" if memory.capacity else ""
    return format_size(memory.capacity) + share + assumed(memory)


def _fullest(plan: Plan, full: PeakStep, room: int) -> Iterator[str]:
    """The fullest step, and the largest of what is alive there, in `room` lines."""
    count = len(full.buffers)
    if not count:
        return
    step = full.step
    where = "outside of all steps"
    if step is not None:
        where = f"step {step.step} of {len(plan.schedule)}, {step.kind}{f' {step.name!r}' if step.name else ''}"
    yield f"fullest      {where}: {format_size(full.live_bytes)} in {count} buffer{'s' if count > 1 else ''}"
    room = min(room, _LISTED)
    shown = full.buffers[: room if count <= room else room - 1]
    wide = max(len(str(b.size)) for b, _ in shown)
    far = max(len(str(b.offset)) for b, _ in shown)
    for b, tensor in shown:
        name = f"{tensor.role} {tensor.name!r}" if tensor else "scratch" if b.step is not None else "no tensor"
        yield f"             {b.size:>{wide}} B at {b.offset:>{far}}  {name}"
    if rest := full.buffers[len(shown) :]:
        yield f"             {sum(b.size for b, _ in rest)} B in {len(rest)} more"


def _cut(line: str) -> str:
    return line if len(line) <= WIDTH else line[: WIDTH - 3] + "..."
