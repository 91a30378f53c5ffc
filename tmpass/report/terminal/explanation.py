"""An explanation as text for a terminal: the answer first, then what is alive, what conflicts, and what helps."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tmpass.base.choices import TAIL_ASSUMED, ConstantUse
from tmpass.base.sizes import format_size
from tmpass.explanation.facts import Alive, Explanation
from tmpass.packing.conflict import Cause
from tmpass.plans.plan import PlannedStep, PlannedTensor
from tmpass.report.answer import PREPARATION_RULES, answer, proof
from tmpass.report.drawn import constant_name
from tmpass.report.kernels import does_not_run, kernel_lines
from tmpass.report.left_out import assumed, not_counted, target_name, unknown, verdict
from tmpass.report.needs import also_missing, constants, needs
from tmpass.report.run_time import time_line
from tmpass.report.terminal.tables import plain_table
from tmpass.report.text import clip, counted, one_line, short_size
from tmpass.report.transfers import moved, no_help

if TYPE_CHECKING:
    from rich.table import Table

    from tmpass.explanation.travels import Travels

_ROWS = 12
_SPANS = 6
_WIDE, _NARROW = 48, 24
"""Characters of a name: where it stands alone, and where several stand in a line."""

_WIDE_TYPES = {"float32": "a quarter", "float16": "half"}
"""Types of weights that are often quantised to 8 bits, and the part of their bytes that is left."""

_NAMED = 4
"""Buffers of a conflict that are named."""


def head(known: Explanation, why: str = "") -> str:
    """The first lines: whether the plan fits, the bytes missing, the least budget, and the peak step.

    `why` is as for `summary.summary`.
    """
    plan, memory = known.plan, known.peak_step.memory
    verdict_ = [f"fits         {_verdict(known)}"]
    if known.travels is not None:
        verdict_ = [f"fits         yes, with transfers: {moved(known.travels.plan)}", f"without      {_verdict(known)}"]
    if found := proof(plan, memory):
        verdict_.append(f"proved       {found}")
    if reason := no_help(plan):
        verdict_.append(f"transfers    do not help: {reason}")
    if found := also_missing(plan, memory):
        verdict_.append(f"also missing {found}")
    lines = [
        *verdict_,
        f"model        {plan.model.file} on {target_name(plan, why)}, memory {memory.name}",
        *(f"kernels      {text}" for text in kernel_lines(plan)),
    ]
    if memory.peak or not known.missing:
        scratchpad = memory.name == plan.memories[0].name
        lines.append(f"{'least budget' if scratchpad else 'least size  '} {_budget(known)}")
        lines.append(f"peak step    {_where(known)}")
    if known.over:
        lines.append(f"over         {_over(known)}")
    if found := needs(plan, memory):
        lines.append(f"needed       {found}")
    if found := constants(plan, memory):
        lines.append(f"constants    {found}")
    if found := time_line(plan if known.travels is None else known.travels.plan, names=True):
        lines.append(f"time         {found}")
    if left_out := not_counted(plan):
        lines.append(f"not counted  {left_out}")
    return "".join(f"{one_line(clip(line))}\n" for line in lines)


def summary(known: Explanation) -> str:
    """The first lines and the notes."""
    return head(known) + notes(known)


def _over(known: Explanation) -> str:
    """The steps with more live bytes than the capacity, as spans."""
    spans = [str(a) if a == b else f"{a}..{b}" for a, b in known.over]
    count = sum(b - a + 1 for a, b in known.over)
    more = len(spans) - _SPANS
    listed = ", ".join(spans[:_SPANS]) + (f" and {more} more span{'s' * (more > 1)}" if more > 0 else "")
    have = "steps need" if count > 1 else "steps needs"
    return f"{count} of {len(known.plan.schedule)} {have} more than the capacity: {listed}"


def _verdict(known: Explanation) -> str:
    memory = known.peak_step.memory
    if known.plan.refused:
        return f"no: {does_not_run(known.plan)}"
    part = f", {verdict(known.plan)}" if known.plan.fits and verdict(known.plan) else ""
    yes = f"yes{part}{';' if part else ':'}"
    if memory.capacity is None:
        return f"{yes} the memory has no limit, and {format_size(memory.needed)} are used"
    if not known.missing:
        free = f"{format_size(memory.capacity - memory.needed)} of {format_size(memory.capacity)} stay free"
        return f"{yes} {free}{assumed(memory)}"
    if known.plan.status == "unknown" and memory.tail is not None:
        return answer(known.plan, memory).replace("; ", ": ", 1) + assumed(memory)
    this = " in this plan" if proof(known.plan, memory) else ""
    missing = f"{format_size(known.missing)} are missing{this}, {format_size(memory.needed)} do not fit into "
    missing += format_size(memory.capacity) + assumed(memory)
    if known.plan.status == "unknown":
        return f"not found: {missing}; the search ended without a proof"
    return f"no: {missing}"


def _budget(known: Explanation) -> str:
    memory, least = known.peak_step.memory, format_size(known.least_budget)
    if known.may_travel and memory.name == known.plan.memories[0].name:
        least += " without transfers"
    if memory.reserve:  # which is in the line "needed"
        least += f", without the reserve of {memory.reserve} B"
    if known.plan.unknown_tensors:
        return f"{least} for what is planned; what is not counted is on top of it"
    if memory.preparation_decides and known.streamed_budget is None:
        below = f"; none below {format_size(known.lowest_budget)} for this order and sharing"
        if known.elsewhere:  # another division has other buffers in this memory
            prepared = format_size(memory.preparation + memory.constants)
            below = f"; none below {prepared}, wherever buffers are" if memory.preparation else ""
        return f"{least} to prepare the model, by {PREPARATION_RULES}{below}"
    if known.elsewhere:
        return f"{least} of {memory.name}; {_with_more_elsewhere(known)}"
    if known.streamed_budget is not None:
        proved = known.streamed_budget.proved
        if not proved:
            return f"at most {least}, with constants streamed; none below {format_size(known.lowest_budget)}"
        what = (
            "none is smaller, in any order" if proved == "in any order" else "for its order and sharing none is smaller"
        )
        return f"{least}, with constants streamed; proved: {what}"
    if memory.loaded:
        if known.least_budget == known.lowest_budget:
            return f"{least}; proved: for this order and sharing none is smaller"
        return f"at most {least}; none below {format_size(known.lowest_budget)} in this order"
    if known.order_is_least and memory.has_tail:
        return f"{least}; proved: with this sharing none is smaller, apart from padding in the tail"
    if known.order_is_least:
        return f"{least}; proved: with this sharing none is smaller, in any order"
    if known.proved:
        return f"{least}; proved: for this order and sharing none is smaller"
    return f"{least}, the best that was found; none below {format_size(known.lowest_budget)}"


def _with_more_elsewhere(known: Explanation) -> str:
    """What is known of budgets with which more buffers are in another memory."""
    lowest = known.lowest_elsewhere
    tail = known.plan.order.not_elsewhere and known.peak_step.memory.has_tail
    padding = ", apart from padding in the tail" if tail else ""
    if lowest >= known.least_budget:
        return f"proved: none is smaller, wherever buffers are{padding}"
    below = f"; none below {format_size(lowest)}{padding}" if lowest else ""
    smaller = next((one.size for one in known.curve or () if one.fits and one.size < known.least_budget), None)
    if smaller is not None:
        return f"{format_size(smaller)} are enough, with more buffers in {known.elsewhere}{below}"
    curve = "" if known.curve else " (--curve)"
    return f"less may be enough, with more buffers in {known.elsewhere}{below}{curve}"


def _where(known: Explanation) -> str:
    step, count = known.peak_step.step, len(known.alive)
    live = format_size(known.peak_step.live_bytes)
    if step is None:
        return f"outside of all steps: {live}" if count else "nothing is stored"
    line = f"{step.step} of {len(known.plan.schedule)}, {_op(step)}: {live}"
    more = known.peak_steps - 1
    others = f"; {more} more step{'s have' if more > 1 else ' has'} as many" if more else ""
    return f"{line} in {counted(count, 'buffer')}{others}"


def alive_table(known: Explanation) -> "Table":
    """A table of the buffers alive at the peak step: bytes, tensor, and why it is alive."""
    table = plain_table(">bytes", "alive at peak step", "why")
    for one in known.alive[:_ROWS]:
        table.add_row(str(one.used), _name(one.tensor, one.others), why(known, one))
    if rest := known.alive[_ROWS:]:
        table.add_row(str(sum(one.used for one in rest)), f"in {len(rest)} more", "")
    return table


def travel_table(travels: "Travels") -> "Table":
    """A table of the buffers that leave the scratchpad: bytes moved, when they are away, why, and what would help."""
    table = plain_table(">moved", "leaves the scratchpad", "away in steps", "there it would be too full", ">keeps it")
    for one in travels.travellers[:_ROWS]:
        spans = ", ".join(f"{first}..{last}" for first, last in one.away)
        where = "" if one.step is None else f"step {_op(one.step, number=True)}: {one.needed} B"
        keeps = f"{one.missing} B more" if one.missing > 0 else ""
        table.add_row(str(one.moved), _name(one.tensor, len(one.buffer.tensors) - 1), spans, where, keeps)
    if rest := travels.travellers[_ROWS:]:
        table.add_row(str(sum(one.moved for one in rest)), f"in {len(rest)} more", "", "", "")
    return table


def constant_table(known: Explanation) -> "Table":
    """A table of the constants that take the room of a memory that is too small, the largest first."""
    rows = known.plan.tensors_by_key()
    table = plain_table(">bytes", f"constants in {one_line(clip(known.peak_step.memory.name, _WIDE))}")
    for row in known.constants[:_ROWS]:
        use = f" (streamed for step {row.lower})" if row.use == ConstantUse.STREAMED else ""
        table.add_row(str(row.size), one_line(_short(constant_name(row, rows)) + use))
    if rest := known.constants[_ROWS:]:
        table.add_row(str(sum(row.size for row in rest)), f"in {len(rest)} more")
    return table


def runtime_table(known: Explanation) -> "Table":
    """A table of what the runtime takes of the memory that decides, the largest part first."""
    table = plain_table(">bytes", f"runtime in {one_line(clip(known.peak_step.memory.name, _WIDE))}", ">count", "")
    for part in known.runtime[:_ROWS]:
        table.add_row(str(part.bytes), one_line(clip(part.what, _WIDE)), str(part.count), part.keeps)
    if rest := known.runtime[_ROWS:]:
        table.add_row(str(sum(part.bytes for part in rest)), f"in {len(rest)} more", "", "")
    return table


def _name(tensor: PlannedTensor | None, others: int = 0, wide: int = _WIDE) -> str:
    name = _short(tensor.name, wide) if tensor is not None else "scratch"
    return one_line(f"{name} and {others} more" if others else name)


def why(known: Explanation, one: Alive) -> str:
    """The reason why buffer `one` is alive at the peak step: its writer and its last reader, in one line."""
    here, role = known.peak_step.step, one.tensor.role if one.tensor is not None else ""
    if one.tensor is None:
        return "scratch of the operator while it runs"
    if role == "variable":
        return "variable, alive for the whole run"
    now = known.peak_step.at
    begin = "input" if role == "input" else "given by the caller"
    if one.made is not None:
        begin = "written here" if one.made == here else f"written by step {_op(one.made, number=True)}"
    if role == "output":
        return f"{begin}, an output: alive to the end"
    end = one.buffer.upper - 1
    if one.read is None or one.read.step < now or now < end > one.read.step:
        return f"{begin}, alive to step {end}"
    if one.read.step == now:
        return f"{begin}, read here"
    last = f"step {_op(one.read, number=True)}"
    until = (
        f"needed up to {last}" if one.made == here else f"read here and by {last}" if one.here else f"waits for {last}"
    )
    return f"{begin}, {until}"


def conflict_text(known: Explanation) -> str:
    """Why the model cannot fit, in at most four lines; empty where it can, or where that is not known.

    The reason is what preparing the model needs, a minimal set of buffers, or that the memory is full without any.
    """
    memory = known.peak_step.memory
    besides = memory.constants + memory.reserve
    if memory.tail is None and not memory.preparation_shortfall:
        return _conflict(known)
    proved = known.missing > 0 and memory.preparation + besides > (memory.capacity or 0)
    if proved:
        needs = f"at least {format_size(memory.preparation + besides)}, in any order"
    else:
        needs = f"{format_size(memory.needed)}, by {PREPARATION_RULES}"
    remedy = "addresses, sharing and tiling of tensors do not change that, fewer or other operators may"
    line = f"preparing the model needs {needs}: {remedy}\n"
    return line + ("" if proved or known.only_preparation else _conflict(known))


def _conflict(known: Explanation) -> str:
    """Why the buffers cannot fit."""
    conflict, memory = known.conflict, known.peak_step.memory
    if known.missing and known.without_buffers >= (memory.capacity or 0):
        needed = f"{'without any buffer, ' * bool(memory.peak)}{memory.name} needs {format_size(known.without_buffers)}"
        return one_line(clip(f"{needed}: no order, sharing or packing helps")) + "\n"
    if conflict is None:
        return ""
    count = len(known.conflicting)
    room = format_size(conflict.capacity)
    if count == 1:
        ((buffer, tensor),) = known.conflicting
        larger = sum(b.size > conflict.capacity for b in known.plan.buffers if b.memory == known.peak_step.memory.name)
        more = f"; nor do{'es' * (larger == 2)} {larger - 1} more" if larger > 1 else ""
        return f"{_name(tensor)} alone has {format_size(buffer.size)}, and does not fit within {room}{more}\n"
    least = min((b.lower for b, _ in known.conflicting), default=0), max(b.upper for b, _ in known.conflicting) - 1
    steps = f"step {least[0]}" if least[0] == least[1] else f"steps {least[0]}..{least[1]}"
    proof = "without any one of them the others fit" if conflict.minimal else "the set may not be minimal"
    names = [f"{_name(tensor, wide=_NARROW)} ({short_size(b.size)})" for b, tensor in known.conflicting[:_NAMED]]
    more = f" and {count - _NAMED} more" if count > _NAMED else ""
    lines = [f"{count} buffers of {steps} cannot fit together within {room}; {proof}:", f"  {', '.join(names)}{more}"]
    if conflict.cause in (Cause.ALIGNMENT, Cause.ARRANGEMENT):
        why = "alignment causes fragmentation" if conflict.cause is Cause.ALIGNMENT else "no packing has room for them"
        lines.append(f"  never more than {format_size(conflict.live_bytes)} of them are alive at once, but {why}")
    return "".join(f"{line}\n" for line in lines)


def change_table(known: Explanation) -> "Table | None":
    """A table of the changes that lower the peak, best first, then of the hints; None where there are none."""
    memory = known.peak_step.memory
    limited = known.missing > 0
    other_short = any(m.fixed_shortfall for m in known.plan.memories if m.name != memory.name)
    short = other_short or memory.preparation_shortfall
    table = plain_table(">saves", ">peak", *["fits"] * limited, "how", "")
    for change in (*known.changes, *([known.together] if known.together is not None else [])):
        fits = ["yes" if change.fits else "no"] * limited
        how = change.option or "(no option)"
        table.add_row(str(change.saves), str(change.peak), *fits, how, one_line(change.what))
    if (small := known.quantized) is not None:
        fits = ["maybe" if small.fits else "no"] * limited
        table.add_row(f"~{small.saves}", f"~{small.peak}", *fits, "(int8)", small.what)
    for hint in known.tilings:
        fits = ["maybe" if hint.least <= (memory.room or 0) and not short else "no"] * limited
        tiled = _short(hint.tensors[0].name) if len(hint.tensors) == 1 else "all inputs and outputs of the peak step"
        tiled += f" and {hint.alike} like it" if hint.alike else ""
        axis = hint.letter or f"axis {hint.axis}"
        what = one_line(f"at best: {tiled} tiled along {axis} into {hint.pieces} pieces")
        table.add_row(f"<={memory.peak - hint.least}", f">={hint.least}", *fits, "(hint)", what)
    return table if table.row_count else None


def notes(known: Explanation) -> str:
    """The last lines: options without effect, what is known of other orders, and hints to rematerialise tensors."""
    return "".join(f"{one_line(line)}\n" for line in _notes(known))


def _notes(known: Explanation) -> Iterator[str]:
    if known.stopped:
        yield "interrupted: not all changes were tried"
    if known.split is not None:
        yield known.split.text
    if known.without_effect:
        yield f"alone without effect: {', '.join(known.without_effect)}"
    yield from _smaller_constants(known)
    if known.peak_step.memory.overhead_source == TAIL_ASSUMED:
        name = known.plan.target.name
        yield f"runtime: with a size of pointers that is assumed for {name}; `word` in a profile says it"
    short = known.missing and known.without_buffers >= (known.peak_step.memory.capacity or 0)
    if short or known.only_preparation:
        return
    if known.plan.unknown_tensors:
        yield f"order: others are not judged, since {unknown(known.plan)}"
        return
    scratchpad = known.peak_step.memory == known.plan.memories[0]
    least = known.order_is_least or (not scratchpad and known.peak_step.memory.peak == known.peak_step.live_bytes)
    step = known.peak_step.step
    if known.one_operator and step is not None and least:
        yield f"no order helps: {step.kind} of step {step.step} needs all of these bytes at once"
    elif known.order_is_least:
        yield "no order helps: proved, with this sharing"
    elif step is not None:
        yield _order(known)
    for again in known.rematerialisations:
        made, read = _op(again.made, number=True), again.read.step
        yield f"hint: rematerialise {_short(again.tensor.name)}: step {made} could compute it again before step {read}"


def _smaller_constants(known: Explanation) -> Iterator[str]:
    """How many constants have the missing bytes, and how many bytes have more than 8 bits for each element."""
    total = 0
    for count, row in enumerate(known.constants, 1):
        total += row.size
        if total >= known.missing:
            largest = f"the {count} largest constants have" if count > 1 else "the largest constant has"
            yield f"hint: {largest} {short_size(total)}; {short_size(known.missing)} are missing"
            break
    rows = known.plan.tensors_by_key()
    for dtype, part in _WIDE_TYPES.items():
        size = sum(row.size for row in known.constants if row.tensors and rows[row.tensors[0]].dtype == dtype)
        if size >= known.missing > 0:
            yield f"hint: {short_size(size)} of the constants are {dtype}; as int8 they have {part} of the bytes"


def _order(known: Explanation) -> str:
    """What is known of other orders where a better one is not ruled out."""
    memory, peak_step, least = known.peak_step.memory, known.peak_step, known.plan.order.lower_bound
    if memory.name == known.plan.memories[0].name and least >= peak_step.live_bytes:
        lost = format_size(memory.peak - peak_step.live_bytes)
        return f"no order has fewer live bytes; {lost} of the peak are fragmentation, which another order may avoid"
    bounded = least and memory == known.plan.memories[0]
    bound = f", but none has fewer than {format_size(least)} live" if bounded else ""
    return f"order: {known.plan.order.method}; a better one is not ruled out{bound}"


def _op(step: PlannedStep, *, number: bool = False) -> str:
    kind = _short(step.kind)
    if number:
        return f"{step.step} {kind}"
    return f"{kind} {_short(step.name)!r}" if step.name else kind


def _short(name: str, wide: int = _WIDE) -> str:
    """The end of a long name, which tells more than its beginning."""
    return name if len(name) <= wide else "..." + name[3 - wide :]
