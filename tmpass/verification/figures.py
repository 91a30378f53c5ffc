"""The figures that a plan states about itself, computed again."""

from tmpass.base.choices import FEWEST_STREAMED, FEWEST_TRANSFERS, OrderMethod
from tmpass.base.violation import Violation
from tmpass.graph.model import Graph
from tmpass.plans.plan import MemoryUse, Plan
from tmpass.targets import RUNTIMES
from tmpass.verification.bounds import forced_by
from tmpass.verification.hulls import Hull
from tmpass.verification.state import is_sorted, topological_orders

_ARENA = 16
"""An arena of TensorFlow Lite Micro is a multiple of it."""


def check_figures(plan: Plan, graph: Graph, hulls: list[Hull], unknown: int = 0) -> list[Violation]:
    """Violations by peaks, bounds, live bytes, `fits` or `status` that do not follow from the buffers.

    Args:
        plan: its references are right.
        graph: of the model.
        hulls: one per buffer of the plan.
        unknown: how many tensors of unknown size are left out. With any, the plan cannot be optimal.
    """
    found = []
    for memory in plan.memories:
        inside = [hull for hull in hulls if hull.buffer.memory == memory.name]
        found += _check_memory(memory, inside, RUNTIMES[plan.target.runtime].rounding)
    missing = [is_missing(m, m.peak, m.loaded) for m in plan.memories]
    fits = not any(missing)
    tight = all(m.peak == m.lower_bound for m in plan.memories)
    if plan.transfers is not None:
        tight = plan.transfers.moved == plan.transfers.lower_bound
    tight = tight and not unknown
    too_large = any(_always_missing(m, m.lower_bound, m.loaded_bound) for m in plan.memories)
    too_large = (too_large and not _another_order_may_fit(plan, graph)) or _claim_too_large(plan)
    status = ("optimal" if tight else "feasible") if fits else "infeasible" if too_large else "unknown"
    if plan.refused:  # whatever room there is
        fits, status = False, "infeasible"
    weaker = (status, plan.status) == ("infeasible", "unknown")  # as where the budget of a division ended
    if (plan.fits, plan.status) != (fits, status) and not (weaker and not plan.fits):
        message = f"the plan says {plan.status}, fits: {plan.fits}; its figures say {status}, fits: {fits}"
        found.append(Violation("status", message))
    return found + _check_order(plan, graph) + _check_held(plan)


def _claim_too_large(plan: Plan) -> bool:
    """Whether one operator, or what only the first memory may hold or has room for, needs more, as the plan claims."""
    claims = (plan.order.operator_bound, plan.order.held_bound, plan.order.room_bound)
    return any(claim is not None and _always_missing(plan.memories[0], claim, 0) for claim in claims)


def _check_held(plan: Plan) -> list[Violation]:
    """The violations by what no other memory may hold or has room for: no more than a plan takes that does not fit."""
    first, held, room, found = plan.memories[0], plan.order.held_bound, plan.order.room_bound, []
    takes = first.peak + first.loaded
    for claim, what in ((held, "may hold"), (room, "has room for")):
        if claim is not None and (claim > takes or plan.fits or plan.transfers is not None):
            message = f"the plan claims that no other memory {what} {claim} bytes, but it has {takes}"
            found.append(Violation("order", message))
    return found


def _another_order_may_fit(plan: Plan, graph: Graph) -> bool:
    """Whether the options allow another order, and the plan's bound on all orders leaves room for it in each memory."""
    first, bound = plan.memories[0], plan.order.lower_bound
    searched = bound >= first.live_bytes and _always_missing(first, first.lower_bound, 0)
    if plan.options.schedule not in ("auto", "least-peak") or graph.fixed or searched:
        return False
    return not _always_missing(first, bound, 0) and not any(
        _always_missing(m, m.lower_bound, m.loaded_bound) for m in plan.memories[1:]
    )


def is_missing(memory: MemoryUse, peak: int, loaded: int) -> bool:
    """Whether buffers up to `peak`, copies of constants and the rest that the plan counts exceed the capacity."""
    if memory.capacity is None:
        return False
    buffers = peak + (-peak % memory.alignment if memory.constants else 0)
    prepared = max(buffers + memory.overhead, memory.preparation)
    in_run = prepared + loaded
    if memory.tail is not None:  # what only preparation takes is free again where the copies are
        in_run = buffers + loaded + memory.tail
        in_run += -in_run % _ARENA
    arena = max(prepared, in_run) if loaded else prepared
    return arena + memory.constants + memory.reserve > memory.capacity


def _always_missing(memory: MemoryUse, bound: int, loaded: int) -> bool:
    """`is_missing` wherever buffers and constants are, and with the least that is known of the runtime.

    What is topmost needs no padding, which the figures count.
    """
    if memory.capacity is None:
        return False
    padding = memory.alignment - 1 if memory.constants else 0
    buffers = bound + (-bound % memory.alignment if memory.constants else 0)
    kept = memory.overhead if memory.tail is None else memory.tail
    arena = max(buffers + kept + loaded, memory.preparation)
    return arena + memory.constants + memory.reserve - padding > memory.capacity


def _check_order(plan: Plan, graph: Graph) -> list[Violation]:
    """Violations by a bound on all orders that this order is below, or by an order other than claimed."""
    found = []
    live, bound = plan.memories[0].live_bytes, plan.order.lower_bound
    if bound > live:
        message = f"the plan claims that in any order {bound} bytes are alive at once, but in its own {live} are"
        found.append(Violation("order", message))
    asked, method = plan.options.schedule, plan.order.method
    # A file that is not sorted cannot run as it is.
    sorted_ = all(subgraph.fact(is_sorted) for subgraph in graph.subgraphs)
    may_sort = asked == OrderMethod.TOPOLOGICAL or (asked != OrderMethod.GIVEN and not sorted_)
    other = asked in (OrderMethod.GIVEN, OrderMethod.TOPOLOGICAL) and method != asked
    alone = method in (FEWEST_TRANSFERS, FEWEST_STREAMED) and asked != OrderMethod.AUTO
    if other or alone or (method == OrderMethod.TOPOLOGICAL and not may_sort):
        found.append(Violation("order", f"the options ask for the order {asked!r}, but the plan has {method!r}"))
    if method == OrderMethod.GIVEN:
        found += _unlike([list(range(len(subgraph.ops))) for subgraph in graph.subgraphs], "the file", plan)
    elif method == OrderMethod.TOPOLOGICAL and not plan.options.tie:  # readers of an input may come before its tie
        found += _unlike(topological_orders(graph), "the topological order", plan)
    return found


def _unlike(orders: list[list[int]], name: str, plan: Plan) -> list[Violation]:
    """The violation by the first row whose operator is not the next one in `orders`, which has one per subgraph."""
    done = [0] * len(orders)  # operators that have run, over all runs of a subgraph
    for row in plan.schedule:
        order = orders[row.subgraph]
        if row.op != order[done[row.subgraph] % len(order)]:
            message = f"step {row.step}: operator {row.op} of subgraph {row.subgraph} is not where {name} has it"
            return [Violation("order", message, step=row.step)]
        done[row.subgraph] += 1
    return []


def _check_memory(memory: MemoryUse, inside: list[Hull], rounding: int) -> list[Violation]:
    buffers = [hull.buffer for hull in inside]
    peak = max((b.offset + -(-b.size // rounding) * rounding for b in buffers if b.size), default=0)
    bound = forced_by(inside, memory.alignment, rounding)
    found = []
    if memory.peak != peak:
        found.append(Violation("peak", f"{memory.name} claims a peak of {memory.peak}, but it is {peak}"))
    if memory.live_bytes != bound.live_bytes:
        message = f"{memory.name} claims {memory.live_bytes} live bytes, but there are {bound.live_bytes}"
        found.append(Violation("peak", message, step=bound.live_step))
    if memory.lower_bound < bound.peak:
        message = f"{memory.name} claims a lower bound of {memory.lower_bound}, but {bound.peak} is proved"
        found.append(Violation("peak", message, step=bound.peak_step))
    if memory.lower_bound > peak:
        message = f"{memory.name} claims that {memory.lower_bound} bytes are needed, but {peak} are enough"
        found.append(Violation("peak", message))
    return found
