"""A plan in ten lines."""

from tmpass.explain import fullest_step
from tmpass.plan import Plan
from tmpass.sizes import format_size

_TENSORS = 4


def summary(plan: Plan) -> str:
    """Whether `plan` fits, its figures, and what is alive where it is fullest: at most ten lines of text."""
    memory = plan.memories[0]
    full = fullest_step(plan)
    gap = memory.peak - memory.lower_bound
    percent = f", {100 * gap / memory.lower_bound:.2f} %" if gap and memory.lower_bound else ""
    lines = [
        f"model        {plan.model.file} on {plan.target.name}, memory {memory.name}",
        f"fits         {_verdict(plan)}",
        f"peak         {format_size(memory.peak)}",
        f"lower bound  {format_size(memory.lower_bound)}, gap {gap} B{percent}",
        f"capacity     {_capacity(memory.capacity, memory.peak)}",
    ]
    if full.step is not None:
        step, count = full.step, len(full.buffers)
        where = f"{step.step} of {len(plan.schedule)}, {step.kind}{f' {step.name!r}' if step.name else ''}"
        lines.append(f"fullest      step {where}: {format_size(full.live_bytes)} in {count} buffers")
    shown = full.buffers[: _TENSORS if len(full.buffers) <= _TENSORS else _TENSORS - 1]
    width = max((len(str(b.size)) for b, _ in shown), default=0)
    wide = max((len(str(b.offset)) for b, _ in shown), default=0)
    for b, tensor in shown:
        lines.append(f"             {b.size:>{width}} B at {b.offset:>{wide}}  {tensor.role} {tensor.name!r}")
    if len(full.buffers) > len(shown):
        rest = full.buffers[len(shown) :]
        lines.append(f"             {sum(b.size for b, _ in rest)} B in {len(rest)} more")
    return "\n".join(line if len(line) <= 120 else line[:117] + "..." for line in lines) + "\n"


def _verdict(plan: Plan) -> str:
    memory = plan.memories[0]
    over = memory.peak - (memory.capacity or 0)
    if plan.status == "optimal":
        return "yes; proved: no address plan for this order is smaller"
    if plan.status == "feasible":
        return "yes; a smaller plan is not ruled out"
    if plan.status == "infeasible":
        return f"no; proved: {memory.lower_bound - (memory.capacity or 0)} B are missing at the least"
    return f"not found: the search budget ended, {over} B above the capacity"


def _capacity(capacity: int | None, peak: int) -> str:
    if capacity is None:
        return "unlimited"
    used = f", {100 * peak / capacity:.1f} % used" if capacity else ""
    return format_size(capacity) + used
