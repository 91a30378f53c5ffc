"""What the first memory holds at least since others may not, or have no room: computed again from graph and target."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from tmpass.base.choices import ConstantUse, Transfers
from tmpass.graph.model import Graph, TensorKey
from tmpass.plans.plan import Plan
from tmpass.targets import WRITTEN, Memory, Target, Use
from tmpass.verification.operator_need import find_operator_need, sizes_beside, with_padding
from tmpass.verification.orders import MOST, search_of

_USES = {
    "input": Use.INPUTS_OUTPUTS,
    "output": Use.INPUTS_OUTPUTS,
    "activation": Use.ACTIVATIONS,
    "variable": Use.VARIABLES,
}


def held_bound_is_proved(plan: Plan, graph: Graph, profile: Target) -> bool:
    """Whether the first memory of `plan`, without violations, needs what the plan claims that no other may hold.

    Args:
        plan: for `profile`.
        graph: of the model.
        profile: the target, with the overrides of the plan's options.
    """
    claim = plan.order.held_bound
    if claim is None:
        return False
    others = _others(plan, profile)
    above: dict[str, int] = {use: 0 for use in WRITTEN if not any(use in memory.holds for memory in others)}
    return _needed(plan, graph, profile, above, claim) >= claim


def room_bound_is_proved(plan: Plan, graph: Graph, profile: Target) -> bool:
    """Whether the first memory of `plan`, without violations, needs what others have no room for, by its claim.

    Args:
        plan: for `profile`.
        graph: of the model.
        profile: the target, with the overrides of the plan's options.
    """
    claim = plan.order.room_bound
    if claim is None:
        return False
    above = dict[str, int]()
    for use in WRITTEN:
        rooms = [_room(memory, plan) for memory in _others(plan, profile) if use in memory.holds]
        if None not in rooms:
            above[use] = max((room for room in rooms if room is not None), default=0)
    if _needed(plan, graph, profile, above, claim) >= claim:
        return True
    if any(memory.alignment % plan.memories[0].alignment for memory in _others(plan, profile)):
        return False  # tensors may share more in a memory where they may begin at more bytes
    holders = [memory for memory in _others(plan, profile) if any(use in memory.holds for use in above)]
    elsewhere = sum(_room(memory, plan) or 0 for memory in holders)
    if any(_room(memory, plan) is None for memory in holders):
        return False
    every = dict.fromkeys(above, 0)
    return _needed(plan, graph, profile, every, claim + elsewhere, alive=True) - elsewhere >= claim


def _others(plan: Plan, profile: Target) -> list[Memory]:
    return [memory for memory in profile.memories if memory.name != plan.memories[0].name]


def _room(memory: Memory, plan: Plan) -> int | None:
    """The bytes of a memory that buffers may have at most, beside the constants that are stored there."""
    if memory.capacity is None:
        return None
    stored = sum(row.size for row in plan.constants if row.memory == memory.name and row.use == ConstantUse.STORED)
    rest = next((use.overhead for use in plan.memories if use.name == memory.name), 0)
    return max(0, memory.capacity - memory.reserve - stored - rest)


def _needed(
    plan: Plan, graph: Graph, profile: Target, above: Mapping[str, int], enough: int, *, alive: bool = False
) -> int:
    """The bytes that the tensors of `above` need at one step of any order, with pieces of constants and scratch.

    Args:
        plan: without violations.
        graph: of the model.
        profile: the target.
        above: use -> a number of bytes; larger tensors of this use count.
        enough: bytes, from which on the search may end.
        alive: whether tensors count while they may be away in another memory.
    """
    inside = frozenset(_inside(plan, graph, above))
    least = above.get(Use.ACTIVATIONS)
    beside = [
        [size for size, scratch in sizes if not scratch or (least is not None and size > least)]
        for sizes in sizes_beside(plan, graph)
    ]
    alignment = 1 if alive else plan.memories[0].alignment
    need = find_operator_need(plan, graph, profile.sharing, inside, beside, alignment).least
    if need >= enough or (not alive and _may_travel(plan, profile)):
        return need
    more: dict[int, int] = defaultdict(int)
    for row, sizes in zip(plan.schedule, beside, strict=True):
        more[row.op] = max(more[row.op], with_padding(sizes, alignment, sizes))
    tensors = frozenset(t for _, t in inside)
    orders = search_of(plan, graph, profile.sharing, inside=tensors, scratch=more)
    return need if orders is None else max(need, orders.search(MOST, enough=enough).bytes)


def _inside(plan: Plan, graph: Graph, above: Mapping[str, int]) -> Iterator[TensorKey]:
    """The tensors with bytes of their own that count."""
    for row in plan.tensors:
        least = above.get(_USES.get(row.role, ""))
        if row.buffer is not None and least is not None and (row.bytes or 0) > least and row.key not in graph.held_in:
            yield row.key


def _may_travel(plan: Plan, profile: Target) -> bool:
    """Whether buffers may leave the first memory and come back."""
    return plan.options.transfers != Transfers.NEVER and profile.runtime.copies_buffers
