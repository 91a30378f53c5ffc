"""An explanation as a page of text for a reader."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmpass.base.sizes import format_size
from tmpass.explanation.facts import Alive, Explanation
from tmpass.packing.conflict import Cause
from tmpass.plans.plan import PlannedStep, PlannedTensor
from tmpass.report.left_out import assumed, not_counted, unknown, verdict
from tmpass.report.terminal.tables import plain_table
from tmpass.report.text import clip, one_line, short_size

if TYPE_CHECKING:
    from rich.table import Table

_ROWS = 12
_SPANS = 6
_WIDE, _NARROW = 48, 24
"""Characters of a name: where it stands alone, and where several stand in a line."""

_NAMED = 4
"""Buffers of a conflict that are named."""


def head(known: Explanation) -> str:
    """Whether it fits, how much is missing, the least budget, and where the most is alive."""
    plan, memory = known.plan, known.full.memory
    lines = [
        f"model        {plan.model.file} on {plan.target.name}, memory {memory.name}",
        f"fits         {_verdict(known)}",
        f"least budget {_budget(known)}",
        f"fullest      {_where(known)}",
    ]
    if known.over:
        lines.append(f"too full     {_over(known)}")
    if left_out := not_counted(plan):
        lines.append(f"not counted  {left_out}")
    return "".join(f"{one_line(clip(line))}\n" for line in lines)


def _over(known: Explanation) -> str:
    """The steps at which the memory is too small for what is alive."""
    spans = [str(a) if a == b else f"{a}..{b}" for a, b in known.over]
    count = sum(b - a + 1 for a, b in known.over)
    more = len(spans) - _SPANS
    listed = ", ".join(spans[:_SPANS]) + (f" and {more} more span{'s' * (more > 1)}" if more > 0 else "")
    have = "steps have" if count > 1 else "steps has"
    return f"{count} of {len(known.plan.schedule)} {have} more alive than there is: {listed}"


def _verdict(known: Explanation) -> str:
    memory = known.full.memory
    part = f", {verdict(known.plan)}" if known.plan.fits and verdict(known.plan) else ""
    yes = f"yes{part}{';' if part else ':'}"
    if memory.capacity is None:
        return f"{yes} the memory has no limit, and {format_size(memory.peak)} are used"
    if not known.missing:
        free = f"{format_size(memory.capacity - memory.peak)} of {format_size(memory.capacity)} stay free"
        return f"{yes} {free}{assumed(memory)}"
    missing = f"{format_size(known.missing)} are missing, {format_size(memory.peak)} do not fit into "
    missing += format_size(memory.capacity) + assumed(memory)
    if known.plan.status == "unknown":
        return f"not known: {missing}; the search ended without a proof"
    return f"no: {missing}"


def _budget(known: Explanation) -> str:
    memory = known.full.memory
    if known.plan.unknown_tensors:
        return f"{format_size(memory.peak)} for what is planned; what is not counted is on top of it"
    if known.order_is_least:
        return f"{format_size(memory.peak)}; proved: with this sharing none is smaller, in any order"
    if known.proved:
        return f"{format_size(memory.peak)}; proved: for this order and sharing none is smaller"
    return f"{format_size(memory.peak)}, the best that was found; none below {format_size(memory.lower_bound)}"


def _where(known: Explanation) -> str:
    full, count = known.full, len(known.alive)
    if full.step is None:
        return f"outside of all steps: {format_size(full.live_bytes)}" if count else "nothing is stored"
    line = f"step {full.step.step} of {len(known.plan.schedule)}, {_op(full.step)}: {format_size(full.live_bytes)}"
    more = known.as_full - 1
    others = f"; {more} more step{'s are' if more > 1 else ' is'} as full" if more else ""
    return f"{line} in {count} buffer{'s' if count > 1 else ''}{others}"


def alive_table(known: Explanation) -> "Table":
    """A row for each buffer at the fullest step: its size, whose it is, and why it is there."""
    table = plain_table(">bytes", "alive there", "why")
    for one in known.alive[:_ROWS]:
        table.add_row(str(one.used), _whose(one.tensor, one.others), why(known, one))
    if rest := known.alive[_ROWS:]:
        table.add_row(str(sum(one.used for one in rest)), f"in {len(rest)} more", "")
    return table


def _whose(tensor: PlannedTensor | None, others: int = 0, wide: int = _WIDE) -> str:
    name = _short(tensor.name, wide) if tensor is not None else "scratch"
    return one_line(f"{name} and {others} more" if others else name)


def why(known: Explanation, one: Alive) -> str:
    """Who makes a buffer, and what it is kept for."""
    here, role = known.full.step, one.tensor.role if one.tensor is not None else ""
    if one.tensor is None:
        return "what the operator needs while it runs"
    if role == "variable":
        return "variable, kept through the whole run"
    now = known.full.at
    begin = "input" if role == "input" else "given by the caller"
    if one.made is not None:
        begin = "made here" if one.made == here else f"made by step {_op(one.made, number=True)}"
    if role == "output":
        return f"{begin}, an output: kept to the end"
    end = one.buffer.upper - 1
    if one.read is None or one.read.step < now or now < end > one.read.step:
        return f"{begin}, kept to step {end}"
    if one.read.step == now:
        return f"{begin}, read here"
    last = f"step {_op(one.read, number=True)}"
    until = (
        f"needed up to {last}" if one.made == here else f"read here and by {last}" if one.here else f"waits for {last}"
    )
    return f"{begin}, {until}"


def conflict_text(known: Explanation) -> str:
    """The minimal set of buffers that cannot fit together, in a few lines; empty where there is nothing to say."""
    conflict = known.conflict
    if conflict is None:
        return ""
    count = len(known.conflicting)
    room = format_size(conflict.capacity)
    if count == 1:
        ((buffer, tensor),) = known.conflicting
        larger = sum(b.size > conflict.capacity for b in known.plan.buffers if b.memory == known.full.memory.name)
        more = f"; nor do{'es' * (larger == 2)} {larger - 1} more" if larger > 1 else ""
        return f"{_whose(tensor)} alone has {format_size(buffer.size)}, and does not fit within {room}{more}\n"
    least = min((b.lower for b, _ in known.conflicting), default=0), max(b.upper for b, _ in known.conflicting) - 1
    steps = f"step {least[0]}" if least[0] == least[1] else f"steps {least[0]}..{least[1]}"
    proof = "without any one of them the others fit" if conflict.minimal else "perhaps fewer would do"
    names = [f"{_whose(tensor, wide=_NARROW)} ({short_size(b.size)})" for b, tensor in known.conflicting[:_NAMED]]
    more = f" and {count - _NAMED} more" if count > _NAMED else ""
    lines = [f"{count} buffers of {steps} cannot fit together within {room}; {proof}:", f"  {', '.join(names)}{more}"]
    if conflict.cause in (Cause.ALIGNMENT, Cause.ARRANGEMENT):
        why = "alignment leaves holes" if conflict.cause is Cause.ALIGNMENT else "no arrangement has room for them"
        lines.append(f"  never more than {format_size(conflict.live_bytes)} of them are alive at once, but {why}")
    return "".join(f"{line}\n" for line in lines)


def change_table(known: Explanation) -> "Table | None":
    """A row for each change that lowers the peak, best first, then for each hint; None where there are none."""
    memory = known.full.memory
    limited = known.missing > 0
    table = plain_table(">saves", ">peak", *["fits"] * limited, "how", "")
    for change in (*known.changes, *([known.together] if known.together is not None else [])):
        fits = ["yes" if change.fits else "no"] * limited
        how = change.option or "(no option)"
        table.add_row(str(change.saves), str(change.peak), *fits, how, one_line(change.what))
    for hint in known.splits:
        fits = ["maybe" if hint.least <= (memory.capacity or 0) else "no"] * limited
        whose = _short(hint.tensors[0].name) if len(hint.tensors) == 1 else "all that is read and made there"
        whose += f" and {hint.alike} like it" if hint.alike else ""
        what = one_line(f"at best: {whose} in {hint.pieces} pieces along axis {hint.axis}, never all at once")
        table.add_row(f"<={memory.peak - hint.least}", f">={hint.least}", *fits, "(hint)", what)
    return table if table.row_count else None


def notes(known: Explanation) -> str:
    """What does not help, and what is left to think of."""
    return "".join(f"{one_line(line)}\n" for line in _notes(known))


def _notes(known: Explanation) -> Iterator[str]:
    if known.stopped:
        yield "interrupted: not all changes were tried"
    if known.useless:
        yield f"alone without effect: {', '.join(known.useless)}"
    if known.plan.unknown_tensors:
        yield f"orders: not judged, since {unknown(known.plan)}"
        return
    scratchpad = known.full.memory == known.plan.memories[0]
    least = known.order_is_least or (not scratchpad and known.full.memory.peak == known.full.live_bytes)
    if known.alone and known.full.step is not None and least:
        yield f"no order helps: {known.full.step.kind} of step {known.full.step.step} needs all of this at once"
    elif known.order_is_least:
        yield "no order helps: proved, with this sharing"
    elif known.full.step is not None:
        yield _order(known)
    for again in known.again:
        made, read = _op(again.made, number=True), again.read.step
        yield f"hint: {_short(again.tensor.name)} only waits here; step {made} could make it again for step {read}"


def _order(known: Explanation) -> str:
    """What is known of other orders where none is ruled out."""
    memory, full, least = known.full.memory, known.full, known.plan.order.lower_bound
    if memory.name == known.plan.memories[0].name and least >= full.live_bytes:
        holes = format_size(memory.peak - full.live_bytes)
        return f"no order has fewer bytes alive; {holes} of the peak are holes, which another could leave out"
    known_of_it = f", but none has less than {format_size(least)} alive" if memory == known.plan.memories[0] else ""
    return f"order: {known.plan.order.method}; a better one is not ruled out{known_of_it}"


def _op(step: PlannedStep, *, number: bool = False) -> str:
    kind = _short(step.kind)
    if number:
        return f"{step.step} {kind}"
    return f"{kind} {_short(step.name)!r}" if step.name else kind


def _short(name: str, wide: int = _WIDE) -> str:
    """The end of a long name, which tells more than its beginning."""
    return name if len(name) <= wide else "..." + name[3 - wide :]
