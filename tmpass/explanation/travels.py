"""The buffers that leave the scratchpad in a plan with transfers: why they do, and what would keep them there."""

from collections.abc import Iterator
from itertools import pairwise

from tmpass.base.choices import ConstantUse
from tmpass.base.record import record
from tmpass.explanation.constants import copies_in
from tmpass.graph.model import Graph
from tmpass.packing.problem import in_use
from tmpass.plans.plan import MemoryUse, Plan, PlannedBuffer, PlannedStep, PlannedTensor
from tmpass.plans.transfers import buffer_copies
from tmpass.verification.reads import operator_ends


@record
class Traveller:
    """A buffer that leaves the scratchpad and comes back.

    Fields:
        buffer: its first residence.
        tensor: the first of its tensors; None where the plan has no row for any.
        moved: the bytes of its spills and fetches in one run.
        away: the spans of steps, first and last included, in which it is not there.
        step: of these, the one at which most bytes would be needed if nothing were away; None outside of all steps.
        needed: how many bytes these are.
        missing: how many more bytes of scratchpad keep this buffer there, all others as planned and all constants
            streamed, as far as sizes tell.
    """

    buffer: PlannedBuffer
    tensor: PlannedTensor | None
    moved: int
    away: tuple[tuple[int, int], ...]
    step: PlannedStep | None
    needed: int
    missing: int


@record
class Travels:
    """A plan with transfers, and its travellers, those that move the most bytes first."""

    plan: Plan
    travellers: tuple[Traveller, ...]


def find_travels(plan: Plan, graph: Graph | None = None) -> Travels:
    """The travellers of a plan with transfers.

    Args:
        plan: of any model.
        graph: of the model. Without it, constants that stay do not count.
    """
    memory = plan.memories[0]
    rows: dict[int, list[PlannedBuffer]] = {}
    for b in plan.buffers_in(memory.name):
        rows.setdefault(b.id if b.first is None else b.first, []).append(b)
    moved: dict[int, int] = {}
    for copy in buffer_copies(plan):
        moved[copy.target.first or 0] = moved.get(copy.target.first or 0, 0) + copy.bytes
    away = {number: _away(own) for number, own in rows.items() if number in moved}
    steps = max(1, len(plan.schedule), *(b.upper for b in plan.buffers))
    there = [0] * steps
    for b in plan.buffers_in(memory.name):
        for lower, upper, low, high in in_use(b):
            for step in range(lower, upper):
                there[step] += high - low
    for lower, upper, size in _copies(plan, memory, graph):
        for step in range(lower, upper):
            there[step] += size
    whole = list(there)
    for number, spans in away.items():
        for first, last in spans:
            for step in range(first, last + 1):
                whole[step] += plan.buffers[number].size
    room = (memory.capacity or 0) - memory.overhead - memory.reserve
    tensors = plan.tensors_by_key()
    found = []
    for number, spans in away.items():
        b = plan.buffers[number]
        gone = [step for first, last in spans for step in range(first, last + 1)]
        at = max(gone, key=lambda step: (whole[step], -step), default=0)
        found.append(
            Traveller(
                b,
                next(map(tensors.get, b.tensors), None),
                moved[number],
                spans,
                plan.schedule[at] if gone and at < len(plan.schedule) else None,
                whole[at],
                max((there[step] + b.size - room for step in gone), default=0),
            )
        )
    return Travels(plan, tuple(sorted(found, key=lambda one: (-one.moved, one.buffer.id))))


def _copies(plan: Plan, memory: MemoryUse, graph: Graph | None) -> Iterator[tuple[int, int, int]]:
    """The steps `[lower, upper)` and bytes of each copy, where constants that fill what is free are streamed."""
    rows = copies_in(plan, memory)
    yield from ((row.lower, row.upper, row.size) for row in rows if row.use == ConstantUse.STREAMED)
    stay = {key: row for row in rows if row.use == ConstantUse.RESIDENT for key in row.tensors}
    if graph is None or not stay:
        return
    homes = {row.memory for row in plan.constants if row.use == ConstantUse.STORED}
    chunk = next((one.chunk for one in plan.memories if one.name in homes), None)
    for step, end in zip(plan.schedule, operator_ends(plan, graph), strict=True):
        inputs = graph.subgraphs[step.subgraph].ops[step.op].inputs
        for size in {row.id: row.size for t in inputs if (row := stay.get((step.subgraph, t)))}.values():
            yield step.step, end, size if chunk is None else min(size, chunk)


def _away(residences: list[PlannedBuffer]) -> tuple[tuple[int, int], ...]:
    """The spans of steps between residences, first and last included; none where they follow each other at once."""
    ordered = sorted(residences, key=lambda b: b.lower)
    return tuple((one.upper, two.lower - 1) for one, two in pairwise(ordered) if one.upper < two.lower)
