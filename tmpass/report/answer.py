"""Whether a plan fits, and what is proved: the same words on the terminal and on the page."""

from tmpass.base.choices import Transfers
from tmpass.base.sizes import format_size
from tmpass.plans.peak_step import deciding_memory
from tmpass.plans.plan import MemoryUse, Plan
from tmpass.report.kernels import does_not_run
from tmpass.report.left_out import verdict
from tmpass.report.needs import also_missing
from tmpass.report.transfers import bound, no_help

_SENTENCES = {"yes": "fits", "no": "does not fit", "not found": "not found to fit"}
"""The first words of an answer -> what they are where no question stands before them."""


PREPARATION_RULES = "rules that may count 528 B and 3 % too much"
"""What is known of the bytes that preparing a model takes."""


def sentence(plan: Plan) -> str:
    """Whether `plan` fits, what is proved, and what other memories lack, without a question before it."""
    memory = deciding_memory(plan)
    said = answer(plan, memory)
    word = next(word for word in ("yes", "not found", "no") if said.startswith(word))
    more = also_missing(plan, memory)
    return _SENTENCES[word] + said.removeprefix(word) + (f"; also missing {more}" if more else "")


def answer(plan: Plan, memory: MemoryUse) -> str:
    """The answer to whether `plan` fits, in one line: yes, no or not found, and what is proved.

    Args:
        plan: any.
        memory: the one that decides it.
    """
    if plan.refused:
        short = f"; {format_size(memory.shortfall)} are missing as well" if memory.shortfall else ""
        return f"no; {does_not_run(plan)}{short}"
    if plan.fits and (part := verdict(plan)):
        return f"yes, {part}"
    if plan.fits and plan.transfers is not None:
        return f"yes, with transfers; {bound(plan)}"
    if plan.status == "optimal":
        return "yes; optimal for this order and sharing"
    if plan.status == "feasible":
        return "yes; a smaller plan is not ruled out"
    if plan.status == "infeasible":
        return f"no; {_proof(plan, memory)}"
    above = format_size(memory.shortfall)
    if memory.constants and memory.peak == memory.lower_bound and memory.shortfall < memory.alignment:
        return f"not found; {above} are missing in {memory.name}: its constants in another order may need less padding"
    if no_help(plan):
        return f"not found; {above} are missing in this order; {_open_beside_transfers(plan, memory)}"
    if plan.memories[0] is memory and memory.tail is not None and memory.preparation_shortfall:
        above = format_size(memory.preparation_shortfall)
        return f"not found; {above} are missing to prepare the model, by {PREPARATION_RULES}{_try_it(plan, memory)}"
    if plan.memories[0] is memory and (held := _held(plan, memory)):
        return f"not found; {held}; another order may need less padding"
    if len(plan.arenas) > 1 and not plan.order.lower_bound:  # a division, of which other orders have others
        return f"not found; {above} are missing in {memory.name} with this division of the buffers, another may fit"
    if plan.memories[0] is memory and memory.proved_shortfall:
        if memory.has_tail and plan.order.lower_bound >= memory.live_bytes:
            return f"not found; {above} are missing; no order has fewer bytes alive, but one may need less padding"
        if memory.has_tail:
            return f"not found; {above} are missing in this order, others may need less: more --states may help"
        if memory.needed_at_least(plan.order.lower_bound) > (memory.capacity or 0) and len(plan.arenas) == 1:
            # All orders are ruled out: what is open are the transfers, of which no budget decides all.
            return f"not found; no order fits without transfers, and none was found with them: {above} more are enough"
        return f"not found; {above} are missing in this order, others may fit: more --states may help"
    more = "more --nodes" if plan.options.allocator == "auto" else "--allocator auto"
    return f"not found; the search ended {above} above the capacity: {more} may help"


def _open_beside_transfers(plan: Plan, memory: MemoryUse) -> str:
    """What is proved where transfers do not help, and what is not."""
    proved = f"proved: no transfers help, since one operator alone needs more of {memory.name} than is left"
    if len(plan.arenas) < 2 and not any(m.compute for m in plan.memories[1:]):
        return f"{proved}; not proved: that nothing else does"
    if plan.options.transfers == Transfers.REQUIRED:
        return f"{proved}; without --transfers required, some of its tensors may be in another memory"
    return f"{proved}; not proved: that some of its tensors cannot be in another memory"


def _try_it(plan: Plan, memory: MemoryUse) -> str:
    """What to do where rules that may count too much say that the model cannot be prepared."""
    if memory.run_shortfall:
        more = "more --states or --nodes may find room for that"
        return f", and {format_size(memory.run_shortfall)} to run it: {more}"
    if also_missing(plan, memory):
        return ""
    besides = memory.constants + memory.reserve
    arena = format_size((memory.capacity or 0) - besides)
    least = format_size(memory.lowest_with(memory.peak, memory.loaded) - besides)
    return f": try an arena of {arena} on the device, it may do; below {least} none does for this plan"


def proof(plan: Plan, memory: MemoryUse) -> str:
    """What is proved to be missing, where these are not the bytes that `plan` itself lacks; empty elsewhere.

    A plan without enough room may need more than the least that is proved: all its buffers may be in one memory.
    """
    said = _proof(plan, memory) if plan.status == "infeasible" and not plan.refused else ""
    proved = said.startswith("proved") and f"{format_size(memory.shortfall)} " not in said
    return said.removeprefix("proved").removeprefix(": ").strip() if proved else ""


def claim_of(plan: Plan) -> str:
    """The claim by which `answer` says that a plan is proved not to fit, as in `Trusted.what`; empty without one."""
    memory = deciding_memory(plan)
    if plan.status != "infeasible" or plan.refused or _preparation_decides(plan, memory):
        return ""
    if plan.memories[0] is memory:
        order = plan.order
        for bound, what in ((order.operator_bound, "operator"), (order.room_bound, "room"), (order.held_bound, "held")):
            if bound is not None:
                return what
        if memory.needed_at_least(order.lower_bound) > (memory.capacity or 0):
            return "order"
    return "lower bound" if memory.lower_bound > memory.live_bytes else ""


def _proof(plan: Plan, memory: MemoryUse) -> str:
    """What is missing in `memory`, which is proved too small.

    A proof counts no padding of constants. Where that is all that it lacks, the bytes are those with which the plan
    fits, as everywhere else.
    """
    if _preparation_decides(plan, memory):
        return f"proved: at least {format_size(memory.fixed_shortfall)} are missing to prepare the model, in any order"
    if not memory.lower_bound:
        return f"{format_size(memory.shortfall)} are missing in {memory.name}"
    first, operator = plan.memories[0] is memory, plan.order.operator_bound
    if first and operator is not None and memory.capacity:
        missing = memory.needed_at_least(operator) - memory.capacity
        return f"proved: one operator alone needs {format_size(missing)} more than there is"
    if first and (held := _held(plan, memory)):
        orders = "in this order, no other fits" if memory.has_tail else "in any order"
        return f"proved: at least {held}, {orders}"
    over = memory.needed_at_least(plan.order.lower_bound) - (memory.capacity or 0)
    orders = "in any order"
    if plan.memories[0] is not memory or over <= 0:
        over, orders = memory.proved_shortfall, "for this order and sharing"
    elif memory.has_tail:  # of which another order may have less, but not enough
        orders = "in this order, and no other order fits"
    # Where constants alone are too large, the answer is proved though transfers may be open.
    may_leave = memory.fixed_shortfall and memory is plan.memories[0] and plan.options.transfers != Transfers.NEVER
    orders += ", without transfers" if no_help(plan) or may_leave else ""
    if memory.capacity == 0:  # whatever is missing, with transfers or without
        return f"proved: nothing fits into 0 B; at least {format_size(over)} are missing {orders}"
    if memory.constants and memory.shortfall - over < memory.alignment:
        return f"proved {orders}: {format_size(memory.shortfall)} are missing"
    return f"proved: at least {format_size(over)} are missing {orders}"


def _preparation_decides(plan: Plan, memory: MemoryUse) -> bool:
    """Whether more bytes are missing to prepare the model than are proved to be missing for its buffers."""
    held = _held_missing(plan, memory) if plan.memories[0] is memory else 0
    return bool(memory.preparation) and memory.fixed_shortfall > held


def _held_missing(plan: Plan, memory: MemoryUse) -> int:
    """The bytes that are missing in the first memory for what no other may hold, or has room for; 0 without."""
    bound = plan.order.not_elsewhere
    return max(0, memory.needed_at_least(bound) - (memory.capacity or 0)) if bound else 0


def _held(plan: Plan, memory: MemoryUse) -> str:
    """What is missing by `_held_missing`; empty without."""
    missing = _held_missing(plan, memory)
    if not missing:
        return ""
    above = format_size(missing)
    if plan.order.room_bound is None:
        return f"{above} are missing for what only {memory.name} may hold"
    return f"{above} are missing in {memory.name} for what other memories have no room for"
