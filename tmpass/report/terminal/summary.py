"""A plan in at most twelve lines: the answer first, one fact per line.

fits         yes; optimal for this order and sharing
model        branchy.tflite on tflm, memory arena
peak         36864 B (36 KiB)
lower bound  36864 B (reached)
order        reordered; optimal over all orders
capacity     40960 B (40 KiB), 90.0 % used
peak step    6 of 13, CONV_2D 'c': 36864 B (36 KiB) in 5 buffers, the largest:
             16384 B at 20480  activation 'b_wide'

Long lines are cut. The peak step and its largest buffers are listed as far as there are lines left.
"""

from collections.abc import Iterator

from tmpass.base.sizes import format_size
from tmpass.plans.peak_step import PeakStep, deciding_arena, deciding_memory, find_peak_step
from tmpass.plans.plan import MemoryUse, Plan
from tmpass.report.answer import answer, proof
from tmpass.report.kernels import kernel_lines
from tmpass.report.labels import shortened
from tmpass.report.left_out import assumed, not_counted, target_name
from tmpass.report.needs import also_missing, constants, needs, used
from tmpass.report.run_time import time_line
from tmpass.report.text import clip, counted, one_line
from tmpass.report.transfers import moved, no_help

WIDTH = 120
LINES = 12
_LISTED = 4
"""Buffers that are listed where there is room."""


def summary(plan: Plan, why: str = "") -> str:
    """The text that `tmpass plan` prints: at most LINES lines. Only the first, the answer, may exceed WIDTH characters.

    The figures are those of the memory that decides whether `plan` fits. Where it has no buffers, the peak is that of
    the first memory.

    Args:
        plan: any.
        why: a target that nobody named is assumed; empty where there is nothing to say.
    """
    memory, arena = deciding_memory(plan), deciding_arena(plan)
    others = [f"{other.name} {format_size(other.peak)}" for other in plan.arenas if other != arena]
    more = f"; also in {', '.join(others)}" if others and memory == arena else ""
    where = "" if memory == arena else f" in {arena.name}"
    lines = [
        f"fits         {answer(plan, memory)}",
        f"model        {plan.model.file} on {target_name(plan, why)}, memory {memory.name}{more}",
        f"peak         {format_size(arena.peak)}{where}",
        f"lower bound  {_bound(arena)}" if plan.transfers is None else f"transfers    {moved(plan)}",
        f"order        {_order(plan)}",
        f"capacity     {_capacity(memory)}{_lacking(plan, memory)}",
    ]
    if found := also_missing(plan, memory):
        lines.append(f"also missing {found}")
    if reason := no_help(plan):
        lines.append(f"transfers    do not help: {reason}")
    lines += [f"kernels      {text}" for text in kernel_lines(plan)]
    if found := needs(plan, memory):
        lines.append(f"needed       {found}")
    if found := constants(plan, memory):
        lines.append(f"constants    {found}")
    if found := time_line(plan):
        lines.append(f"time         {found}")
    if left_out := not_counted(plan):
        lines.append(f"not counted  {left_out}")
    lines += _peak_step(plan, find_peak_step(plan, arena), LINES - len(lines) - 1)
    first, *others = map(one_line, lines)
    return "".join(f"{line}\n" for line in (clip(first), *map(_cut, others)))


def _lacking(plan: Plan, memory: MemoryUse) -> str:
    """The bytes that the plan itself lacks, where fewer are proved to be missing in any plan."""
    return f"; {format_size(memory.shortfall)} missing in this plan" if proof(plan, memory) else ""


def _bound(memory: MemoryUse) -> str:
    """The lower bound, and the optimality gap: the bytes between it and the peak."""
    gap = memory.peak - memory.lower_bound
    if not gap:
        return f"{memory.lower_bound} B (reached)"
    percent = f" ({100 * gap / memory.lower_bound:.2f} %)" if memory.lower_bound else ""
    return f"{format_size(memory.lower_bound)}; gap {gap} B{percent}"


def _order(plan: Plan) -> str:
    """Where the order comes from, and how many live bytes another order could save at most."""
    method = {
        "given": "as in the file",
        "topological": "sorted topologically",
        "least-peak": "reordered",
        "fewest-transfers": "reordered for the fewest transfers",
        "fewest-streamed": "reordered to stream fewer bytes",
    }
    if plan.unknown_tensors or (not plan.order.lower_bound and plan.memories[0].live_bytes):
        found = "other orders are not judged"
        if plan.transfers is not None and plan.transfers.any_order:
            more = plan.transfers.moved - plan.transfers.any_order
            found = f"another may move up to {more} B less" if more else "no order moves fewer bytes with this sharing"
    else:
        more = plan.memories[0].live_bytes - plan.order.lower_bound
        found = f"another may need up to {more} B less" if more else "optimal over all orders"
    return f"{method[plan.order.method]}; {found}"


def _capacity(memory: MemoryUse) -> str:
    if memory.capacity is None:
        return "unlimited"
    share = used(memory)
    return format_size(memory.capacity) + (f", {share}" if share else "") + assumed(memory)


def _peak_step(plan: Plan, peak_step: PeakStep, room: int) -> Iterator[str]:
    """The peak step, and the largest live buffers there in up to `room` further lines; none if that is below 0."""
    count = len(peak_step.buffers)
    if not count or room < 0:
        return
    step = peak_step.step
    shown = peak_step.buffers[: min(room, _LISTED)]
    largest = ", the largest:" if count > len(shown) > 0 else ""
    figures = f": {format_size(peak_step.live_bytes)} in {counted(count, 'buffer')}{largest}"
    where = "outside of all steps"
    if step is not None:
        where = f"{step.step} of {len(plan.schedule)}, {step.kind}"
        where += f" {_named(step.name, 13 + len(where) + len(figures))}" if step.name else ""
    yield f"peak step    {where}{figures}"
    wide = max((len(str(b.size)) for b, _ in shown), default=0)
    far = max((len(str(b.offset)) for b, _ in shown), default=0)
    for b, tensor in shown:
        place = f"             {b.size:>{wide}} B at {b.offset:>{far}}  "
        name = "scratch" if b.step is not None else "no tensor"
        if tensor:
            name = f"{tensor.role} {_named(tensor.name, len(place) + len(tensor.role))}"
        yield place + name


def _named(name: str, taken: int) -> str:
    """A name in quotes, without its beginning where the line, of which `taken` characters are taken, has no room.

    The end is what tells names of exporters apart.
    """
    quoted = repr(name)
    room = max(WIDTH - taken - 3, 12)
    return quoted if len(quoted) <= room + 2 else repr(shortened(name, room))


def _cut(line: str) -> str:
    if len(line) <= WIDTH:
        return line
    whole = line[: WIDTH - 3].rpartition(" ")[0]  # a name longer than half a line is cut
    return (whole if len(whole) > WIDTH // 2 else line[: WIDTH - 3]) + "..."
