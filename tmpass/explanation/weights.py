"""Finds where the constants of a plan are while a run reads them, what that moves, and why each is there.

Every reason follows from the rows of the plan: a constant stays, or is larger than what is left beside the others.
"""

from collections.abc import Mapping, Sequence

from tmpass.base.choices import ConstantUse
from tmpass.explanation.weight_facts import Layer, Place, WeightRow, Weights
from tmpass.explanation.weight_room import Room, find_room, least_streamed, room_by_sizes
from tmpass.graph.model import Graph
from tmpass.plans.plan import MemoryUse, Plan, PlannedConstant

Copies = Mapping[tuple[tuple[int, int], ...], Sequence[PlannedConstant]]
Reads = Sequence[tuple[int, ...]]


def find_weights(plan: Plan, graph: Graph | None = None) -> Weights:
    """The constants of `plan`, where each is, and why.

    Args:
        plan: of any origin.
        graph: of its model; without it, layers and what residents save are not known.
    """
    stored = sorted((row for row in plan.constants if row.use == ConstantUse.STORED), key=lambda r: (-r.size, r.id))
    copies: dict[tuple[tuple[int, int], ...], list[PlannedConstant]] = {}
    for row in plan.constants:
        if row.use != ConstantUse.STORED:
            copies.setdefault(row.tensors, []).append(row)
    home = plan.memory(stored[0].memory) if stored else None
    memory = next((plan.memory(rows[0].memory) for rows in copies.values()), None)
    room = find_room(plan, memory) if memory is not None else None
    reads = None if graph is None else _reads(plan, graph, stored)
    steps = _steps(reads, len(stored))
    bodies = graph is not None and _runs_bodies(plan, graph)
    names = {row.key: row.name for row in plan.tensors}
    among = room is not None and (plan.transfers is not None or _among_buffers(plan, room))
    beside = room_by_sizes(plan, room) if room is not None and among else room
    rows = []
    for number, row in enumerate(stored):
        own = copies.get(row.tensors, [])
        place = _place(own, home)
        read = steps[number] if steps is not None else tuple(copy.lower for copy in own) if _streamed(own) else None
        saved = row.size * len(read) if place is Place.RESIDENT and steps is not None and read is not None else None
        saved = min(saved, row.size) if saved and bodies else saved
        moved = row.size * len(own) if place is Place.STREAMED else 0
        why = _why(row, own, place, home, beside, plan, among=among) + _saving(saved, bodies=bodies)
        name = next((names[key] for key in row.tensors if key in names), "")
        rows.append(WeightRow(row.id, row.tensors, name, row.size, place, read, moved, saved, why))
    layers = None if reads is None else tuple(_layers(plan, rows, reads))
    least = None
    if (
        room is not None
        and room.bytes is not None
        and steps is not None
        and not bodies
        and plan.fits
        and not among  # then copies do not lie above the buffers
    ):
        least = _least(room, rows, steps, home)
    return Weights(
        home.name if home is not None else "",
        sum(row.size for row in rows),
        memory.name if memory is not None else "",
        room.bytes if room is not None else None,
        sum(row.size for row in rows if row.place is Place.RESIDENT),
        _left(plan, memory, room),
        sum(row.streamed for row in rows),
        least,
        tuple(rows),
        layers,
        among,
        plan.order.streamed_bound,
    )


def _reads(plan: Plan, graph: Graph, stored: Sequence[PlannedConstant]) -> Reads:
    """Of each step, the positions of the stored constants that its operator reads, each once."""
    numbers = {key: number for number, row in enumerate(stored) for key in row.tensors}
    found = []
    for step in plan.schedule:
        ops = graph.subgraphs[step.subgraph].ops if 0 <= step.subgraph < len(graph.subgraphs) else ()
        inputs = ops[step.op].inputs if 0 <= step.op < len(ops) else ()
        found.append(tuple(sorted({numbers[step.subgraph, t] for t in inputs if (step.subgraph, t) in numbers})))
    return found


def _steps(reads: Reads | None, count: int) -> list[tuple[int, ...]] | None:
    """Of each constant, the steps that read it."""
    if reads is None:
        return None
    found: list[list[int]] = [[] for _ in range(count)]
    for step, numbers in enumerate(reads):
        for number in numbers:
            found[number].append(step)
    return [tuple(steps) for steps in found]


def _runs_bodies(plan: Plan, graph: Graph) -> bool:
    """Whether an operator of the plan runs bodies: they find what is loaded for it, so loads are fewer than reads."""
    subgraphs = {step.subgraph for step in plan.schedule if 0 <= step.subgraph < len(graph.subgraphs)}
    return any(op.calls for s in subgraphs for op in graph.subgraphs[s].ops)


def _streamed(copies: Sequence[PlannedConstant]) -> bool:
    return bool(copies) and copies[0].use == ConstantUse.STREAMED


def _place(copies: Sequence[PlannedConstant], home: MemoryUse | None) -> Place:
    if copies:
        return Place.STREAMED if _streamed(copies) else Place.RESIDENT
    return Place.IN_PLACE if home is not None and home.compute else Place.UNREAD


def _among_buffers(plan: Plan, room: Room) -> bool:
    """Whether a copy lies below the end of the buffers of its steps."""
    highest = max(room.tops, default=0)
    return any(
        row.offset < (highest if row.use == ConstantUse.RESIDENT else room.tops[row.lower])
        for row in plan.constants
        if row.use != ConstantUse.STORED and row.memory == room.memory.name and 0 <= row.lower < len(room.tops)
    )


def _why(
    row: PlannedConstant,
    copies: Sequence[PlannedConstant],
    place: Place,
    home: MemoryUse | None,
    room: Room | None,
    plan: Plan,
    *,
    among: bool,
) -> str:
    """Why a constant is where it is, as far as the plan shows it."""
    if place is Place.IN_PLACE and home is not None:
        return f"operators use {home.name} directly"
    if place is Place.UNREAD or home is None:
        return "no operator reads it"
    if place is Place.RESIDENT or room is None:
        return "loaded once, before the first run"
    left, step = room.left_without(copies)
    needed = room.rounded(row.size)
    if room.bytes is None:
        why = f"it could stay, since {room.memory.name} has no limit"
    elif not plan.fits and left < 0:
        why = f"nothing stays, since step {step} lacks {-left} B even without it"
    elif needed > left:
        why = f"to stay it needs {needed} B, and step {step} has {max(0, left)} B left"
    elif any(copy.upper > copy.lower + 1 for copy in copies):
        why = "an operator with bodies reads it, and not all constants can stay"
    else:
        why = f"not chosen, though each step has {left} B left or more" + ", in one piece or several" * among
    return (f"in pieces of {copies[0].size} B; " if copies[0].size < row.size else "") + why


def _saving(saved: int | None, *, bodies: bool) -> str:
    if saved is None:
        return ""
    return f"; saves {'at least ' * bodies}{saved} B a run" if saved else "; no operator reads it"


def _layers(plan: Plan, rows: Sequence[WeightRow], reads: Reads) -> list[Layer]:
    found = []
    for step, numbers in zip(plan.schedule, reads, strict=True):
        if numbers:
            shares = {place: sum(rows[n].size for n in numbers if rows[n].place is place) for place in Place}
            sizes = tuple((place, size) for place, size in shares.items() if size)
            found.append(Layer(step.step, step.kind, step.name, numbers, sum(rows[n].size for n in numbers), sizes))
    return found


def _least(room: Room, rows: Sequence[WeightRow], steps: Sequence[tuple[int, ...]], home: MemoryUse | None) -> int:
    chunk = home.chunk if home is not None else None
    at_once = [row.size if chunk is None else min(row.size, chunk) for row in rows]
    return least_streamed(room, [row.size for row in rows], at_once, [dict.fromkeys(own) for own in steps])


def _left(plan: Plan, memory: MemoryUse | None, room: Room | None) -> int | None:
    """The bytes of the room above everything that is in the memory; 0 where something is missing."""
    if memory is None or room is None or room.bytes is None:
        return None
    ends = [row.offset + row.size for row in plan.constants if row.memory == memory.name]
    return max(0, room.bytes - max([memory.peak, *ends]))
