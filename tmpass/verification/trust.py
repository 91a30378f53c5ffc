"""The claims of a plan that the verifier cannot check: neither the model nor the profile of the target decides them."""

from collections.abc import Iterator

from tmpass.base.choices import Int8
from tmpass.base.errors import brief, brief_text
from tmpass.base.record import record
from tmpass.base.sizes import format_size
from tmpass.graph.model import Graph
from tmpass.plans.plan import MemoryUse, Plan
from tmpass.targets import RUNTIMES, Target
from tmpass.targets.tail.scratch import known_scratch
from tmpass.verification.held_need import held_bound_is_proved, room_bound_is_proved
from tmpass.verification.operator_need import operator_bound_is_proved
from tmpass.verification.orders import order_bound_is_proved

_LISTED = 3

_FIXED = "the file fixes its offset"
"""The `reason` of a tensor that is where the model's file has it."""

_AS_INTEGERS = "is kept as the integers"
"""Stands in the `reason` of a tensor of floats that a plan has as integers."""


@record
class Trusted:
    """One claim of a plan that is not checked.

    Fields:
        what: "memories", "capacity", "alignment", "runtime", "sharing", "scratch", "int8", "lower bound", "overhead",
            "source", "time", "not counted", "constants", "transfers", "order", "operator", "held" or "room".
        message: one line for a person.
    """

    what: str
    message: str


@record
class Proved:
    """One claim of a plan that the verifier proved with code of its own.

    Fields:
        what: "order", "operator", "held" or "room".
        message: one line for a person.
    """

    what: str
    message: str


def proved_again(plan: Plan, graph: Graph, profile: Target | None) -> tuple[Proved, ...]:
    """The claims of a plan that are proved from its graph.

    Args:
        plan: without violations.
        graph: of the model.
        profile: says which operators may share storage; None allows all.
    """
    sharing, found = None if profile is None else profile.sharing, list[Proved]()
    if plan.order.lower_bound and order_bound_is_proved(plan, graph, sharing):
        found.append(Proved("order", f"no order has less than {plan.order.lower_bound} B alive at once"))
    if operator_bound_is_proved(plan, graph, sharing):
        found.append(Proved("operator", _operator(plan)))
    if profile is not None and held_bound_is_proved(plan, graph, profile):
        found.append(Proved("held", _held(plan)))
    if profile is not None and room_bound_is_proved(plan, graph, profile):
        found.append(Proved("room", _room_elsewhere(plan)))
    return tuple(found)


def taken_on_trust(plan: Plan, profile: Target | None, held: int | None = None) -> tuple[Trusted, ...]:
    """The claims of a plan that were not checked.

    Args:
        plan: without violations.
        profile: the target, overridden as the plan's options say; None where the plan was only compared with its model.
        held: how many float tensors the plan has as integers; None counts those of which a `reason` says so.
    """
    found = _device(plan) if profile is None else _beyond(plan, profile)
    if held is None:
        held = sum(_AS_INTEGERS in row.reason for row in plan.tensors)
    return (*found, *_fixed(plan), *_integers(profile, held), *_bounds(plan))


def _device(plan: Plan) -> Iterator[Trusted]:
    """The claims that a comparison with the profile of the target would check."""
    if plan.time is not None:
        yield Trusted("time", f"one run takes {plan.time.total} ps by the speeds of the target")
    names = ", ".join(brief(memory.name) for memory in plan.memories[:_LISTED])
    more = f" and {len(plan.memories) - _LISTED} more" if len(plan.memories) > _LISTED else ""
    count, them = ("memory", "it") if len(plan.memories) == 1 else ("memories", "them")
    yield Trusted("memories", f"{brief(plan.target.name)} has the {count} {names}{more}, for what is in {them}")
    for memory in plan.memories:
        yield Trusted("capacity", f"{brief(memory.name)} has {_room(memory)}")
        yield Trusted("alignment", f"{brief(memory.name)} needs offsets that are multiples of {memory.alignment} B")
    runtime = plan.target.runtime
    told = f"it is {runtime}" if runtime else "none is named: sizes are not rounded, loops copy each value once"
    yield Trusted("runtime", told)
    # The reasons of a plan from elsewhere may be empty; its buffers are checked.
    sharing = sum(len(buffer.tensors) - 1 for buffer in plan.buffers if buffer.tensors and buffer.first is None)
    allowed = f"the runtime lets {sharing} tensor{'s' * (sharing != 1)} share storage as the plan has it"
    yield Trusted("sharing", allowed if sharing else "no tensor shares storage as a view, as a piece or in place")
    rules = len(plan.options.scratch)
    needs = f"kernels need what {rules} rule{'s' * (rules != 1)} of the plan's options say{'s' * (rules == 1)}"
    yield Trusted("scratch", needs if rules else "kernels need no memory of their own: the plan counts none")
    if RUNTIMES[plan.target.runtime].kernels is not None:
        more = "" if not plan.not_run else " but those that the plan lists"
        yield Trusted("kernels", f"the runtime has kernels for all operators{more}")
    arena = plan.memories[0]
    if RUNTIMES[plan.target.runtime].tail:
        more = f", and at least {arena.preparation} B with the buffers" if arena.preparation else ""
        yield Trusted("overhead", f"the runtime takes {arena.overhead} B of {brief(arena.name)}{more}")
    for memory in plan.memories:
        if memory.capacity_source:
            yield Trusted("source", f"the capacity of {brief(memory.name)} is from {brief(memory.capacity_source)}")
        if memory.reserve_source:
            yield Trusted("source", f"the reserve of {brief(memory.name)} is from {brief(memory.reserve_source)}")
    for row in plan.not_counted:
        if row.what in ("scratch", "runtime"):
            what = "need scratch" if row.what == "scratch" else "make the runtime keep more"
            operators = f"{row.count} operator{'s' * (row.count != 1)}"
            yield Trusted("not counted", f"{operators} may {what}: {brief_text(', '.join(row.names))}")


def _beyond(plan: Plan, profile: Target) -> Iterator[Trusted]:
    """The claims that the profile cannot check: the options of the plan, and figures that the profile assumes."""
    first = plan.memories[0]
    if plan.options.budget is not None:
        yield Trusted("capacity", f"{brief(first.name)} has {_room(first)}, by the plan's own budget")
    if plan.options.alignment is not None:
        yield Trusted(
            "alignment", f"{brief(first.name)} needs multiples of {first.alignment} B, by the plan's own options"
        )
    used = {memory.name for memory in plan.memories}
    for assumed in sorted(profile.assumed):
        memory, _, number = assumed.rpartition(".")
        if memory in used and number in ("capacity", "alignment"):
            yield Trusted(number, f"that of {brief(memory)} is an assumption of {profile.name}")
    if "word" in profile.assumed:
        yield Trusted("overhead", f"pointers of {profile.word} B are an assumption of {profile.name}")
    known = known_scratch(profile.runtime) if plan.options.scratch else frozenset()
    own = sum(rule not in profile.scratch and rule not in known for rule in plan.options.scratch)
    if own:
        needs = f"kernels need what {own} rule{'s' * (own != 1)} of the plan's options say{'s' * (own == 1)}"
        yield Trusted("scratch", f"{needs}, which {profile.name} does not have")
    elif not plan.options.scratch and profile.runtime.without_scratch and not _unknown_scratch(plan):
        yield Trusted("scratch", f"the kernels of this model need none, by {profile.runtime.name}")
    elif not plan.options.scratch:
        which = "the kernels of this model" if profile.runtime.tail else "kernels"
        yield Trusted("scratch", f"kernels need no memory of their own: {profile.name} has no rules for {which}")
    home = profile.constants_home
    if plan.model.bytes is None and not plan.constants and home is not None:
        file = ", and the rest of the model's file," if profile.runtime.keeps_file else ""
        yield Trusted("constants", f"they{file} have room in {brief(home.name)}: a plan of version 1 places none")


def _unknown_scratch(plan: Plan) -> bool:
    """Whether the plan lists operators whose scratch is not known, or is of version 1, which has no such list.

    The verifier checks the list.
    """
    return plan.model.bytes is None or any(row.what == "scratch" for row in plan.not_counted)


def _fixed(plan: Plan) -> Iterator[Trusted]:
    """The claim that tensors at overlapping offsets that the file fixes are never needed at the same time."""
    count = sum(row.reason == _FIXED for row in plan.tensors)
    if count > 1:
        yield Trusted(
            "sharing", f"commands in the file keep {count} tensors apart, which overlap where the file fixes them"
        )


def _integers(profile: Target | None, count: int) -> Iterator[Trusted]:
    """The claim that operators between Q/DQ pairs compute with integers, unless a source in the profile says so."""
    if profile is not None and profile.int8 == Int8.NATIVE and "int8" not in profile.assumed:
        return
    if count:
        says = (
            "" if profile is None else f", an assumption of {'the plan' if profile.int8 != 'native' else profile.name}"
        )
        floats = f"{count} float tensor{'s' * (count != 1)} between Q/DQ pairs {'are' if count != 1 else 'is'} integers"
        yield Trusted("int8", f"operators compute with integers where {floats}{says}")


def _bounds(plan: Plan) -> Iterator[Trusted]:
    """The bounds that come from a search."""
    for memory in plan.memories:
        if memory.lower_bound > memory.live_bytes:
            yield Trusted("lower bound", f"no addresses in {brief(memory.name)} take less than {memory.lower_bound} B")
    if plan.transfers is not None and plan.transfers.lower_bound:
        least = plan.transfers.lower_bound
        yield Trusted("transfers", f"with this order and sharing, no run moves less than {least} B")
    if plan.order.streamed_bound:
        yield Trusted(
            "constants", f"without transfers no order streams less than {plan.order.streamed_bound} B in a run"
        )
    if plan.order.operator_bound:
        yield Trusted("operator", _operator(plan))
    if plan.order.held_bound:
        yield Trusted("held", _held(plan))
    if plan.order.room_bound:
        yield Trusted("room", _room_elsewhere(plan))
    if plan.transfers is not None and plan.transfers.any_order:
        least = plan.transfers.any_order
        yield Trusted("transfers", f"with this sharing, no run moves less than {least} B, whatever the order")
    if plan.order.lower_bound:
        yield Trusted("order", f"no order has less than {plan.order.lower_bound} B alive at once")


def _operator(plan: Plan) -> str:
    return f"one operator needs {plan.order.operator_bound} B of {brief(plan.memories[0].name)} alone"


def _held(plan: Plan) -> str:
    return (
        f"in any order {plan.order.held_bound} B that are alive at once may be in {brief(plan.memories[0].name)} only"
    )


def _room_elsewhere(plan: Plan) -> str:
    first = brief(plan.memories[0].name)
    return f"in any order {plan.order.room_bound} B of {first} are taken by what other memories have no room for"


def _room(memory: MemoryUse) -> str:
    if memory.capacity is None:
        return "no limit"
    reserve = f", {format_size(memory.reserve)} of them reserved" if memory.reserve else ""
    return format_size(memory.capacity) + reserve
