"""Copies of constants where operators cannot use their home: which stay, which are streamed, and where each lies."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from heapq import heappop, heappush

from tmpass.base.choices import ConstantUse
from tmpass.base.errors import TargetError
from tmpass.base.record import maker, record
from tmpass.graph.model import Graph, Op
from tmpass.planning.layout import Layout
from tmpass.planning.memories import room_for_buffers
from tmpass.planning.residency.constants import Constant, StoredConstants
from tmpass.planning.timeline.schedule import Schedule
from tmpass.plans.plan import PlannedConstant
from tmpass.targets import Memory, Target, Use

_TOGETHER = 32
"""How many constants of one operator are candidates to stay, where not all constants fit. The choice among those of one
step takes 0.16 s for 40, and 3.7 s for 100.
"""


@record
class OnChip:
    """What is free of a memory for copies of constants, and which steps need which, all in multiples of its alignment.

    Fields:
        memory: that operators compute on.
        tops: of each step, the end of the buffers alive then; one for all steps of an operator that reads constants and
            runs bodies.
        uses: of each step, the numbers of the constants that its operator reads, behind those of the operators in whose
            bodies it runs: they read theirs as long as their bodies run.
        bytes: of each constant.
        sizes: these, rounded up to the alignment.
        staging: of each constant, the bytes that it needs in its step where it is streamed.
        room: the bytes for buffers and copies; None where it is unlimited.
        chunk: the largest piece that is streamed at once, in bytes; None where only whole constants are.
        ends: of each step, where its operator and the bodies that it runs end.
    """

    memory: Memory
    tops: tuple[int, ...]
    uses: tuple[tuple[int, ...], ...]
    bytes: tuple[int, ...]
    sizes: tuple[int, ...]
    staging: tuple[int, ...]
    room: int | None
    chunk: int | None
    ends: tuple[int, ...]

    def at_once(self, c: int) -> int:
        """The bytes of constant `c` that are there at once where it is streamed."""
        return self.bytes[c] if self.chunk is None else min(self.bytes[c], self.chunk)

    def height(self, resident: Sequence[bool]) -> int:
        """The first byte above all buffers and streamed constants, of any step."""
        staging, rows = self.staging, zip(self.tops, self.uses, strict=True)
        return max([top + sum([staging[c] for c in used if not resident[c]]) for top, used in rows], default=0)


def find_on_chip(
    stored: StoredConstants,
    graph: Graph,
    timeline: Schedule,
    layout: Layout,
    target: Target,
    horizon: int,
    taken: Mapping[str, int] | None = None,
) -> OnChip | None:
    """What is free for copies in each of `horizon` steps; None where no operator needs a copy.

    `taken` has the bytes of memories that are neither for buffers nor for copies, besides their reserves.

    Raises:
        TargetError: no memory of `target` that operators use holds weights.
    """
    if stored.home.compute:
        return None
    numbers, ops = numbers_in(graph, stored.constants), [subgraph.ops for subgraph in graph.subgraphs]
    uses = [read_by(ops[step.subgraph][step.op], numbers[step.subgraph]) for step in timeline.steps]
    uses += [()] * (horizon - len(uses))
    if not any(uses):
        return None
    memory = next((m for m in target.memories if m.compute and Use.WEIGHTS in m.holds), None)
    if memory is None:
        raise TargetError(
            f"operators do not use {stored.home.name} directly, and no other memory holds weights",
            where=f"target {target.name}",
            hint='add "weights" to the `holds` of a memory that operators use, or set `compute` to true',
        )
    sizes = [_rounded(constant.size, memory) for constant in stored.constants]
    chunk = stored.home.chunk
    staging = [size if chunk is None else min(size, _rounded(chunk, memory)) for size in sizes]
    tops = _tops(layout, memory, horizon, target.runtime.round_up)
    ends = [step.end for step in timeline.steps]
    ends += range(len(ends) + 1, horizon + 1)
    _hold(ends, uses, tops)
    own = tuple(constant.size for constant in stored.constants)
    rounded = tuple(sizes), tuple(staging)
    room = room_for_buffers(memory, (taken or {}).get(memory.name, 0))
    return OnChip(memory, tuple(tops), tuple(uses), own, *rounded, room, chunk, tuple(ends))


@lru_cache(maxsize=4)  # an order is judged by what it streams before it is taken
def choose_resident(free: OnChip) -> tuple[bool, ...]:
    """Of each constant, whether it stays in the memory for the whole run, so that each run loads the fewest bytes.

    Where a step has too little room though nothing stays, nothing does. What operators with bodies read stays only if
    everything does: it is there at all steps of the bodies, which would make one problem of the choices at these. So do
    all but the largest _TOGETHER constants of one operator. In a memory that does not keep its content from one run to
    the next nothing stays, since each run would load it. Each takes its size rounded up, the topmost one as well: where
    the room is not a multiple of the alignment, a choice that uses its last bytes may load fewer.
    """
    if not free.memory.survives:
        return (False,) * len(free.sizes)
    if free.room is None or free.height([True] * len(free.sizes)) + sum(free.sizes) <= free.room:
        return (True,) * len(free.sizes)
    from tmpass.planning.residency.weights import Weight, WeightUse, keep_weights  # which few plans need

    runs = zip(free.uses, free.ends, strict=True)
    held = {c for step, (used, end) in enumerate(runs) if end > step + 1 for c in used}
    for used in free.uses:
        if len(used) > _TOGETHER:
            held.update(sorted(used, key=lambda c: (-free.bytes[c], c))[_TOGETHER:])
    steps: list[list[int]] = [[] for _ in free.sizes]
    tops = list(free.tops)
    for step, used in enumerate(free.uses):
        for c in used:
            if c in held:
                tops[step] += free.staging[c]
            else:
                steps[c].append(step)
    weights = [Weight(size, tuple(own)) for size, own in zip(free.bytes, steps, strict=True)]
    found = keep_weights(weights, tops, free.room, alignment=free.memory.alignment, chunk=free.chunk)
    return tuple(kept is WeightUse.RESIDENT for kept in found.kept) or (False,) * len(free.sizes)


def loaded_rows(
    free: OnChip, constants: Sequence[Constant], resident: Sequence[bool], horizon: int
) -> Iterator[PlannedConstant]:
    """The rows of the copies, numbered behind those of the stored constants: residents first, above everything else.

    Args:
        free: of the memory.
        constants: in its order.
        resident: of each constant, whether it stays.
        horizon: how many steps the plan has.
    """
    number, offset, name = len(constants), free.height(resident), free.memory.name
    made, stays = maker(PlannedConstant), ConstantUse.RESIDENT
    for c, constant in enumerate(constants):
        if resident[c]:
            yield made(number, name, offset, constant.size, 0, horizon, constant.tensors, stays)
            number, offset = number + 1, offset + free.sizes[c]
    held: list[tuple[int, frozenset[int]]] = []  # of the operators whose bodies run: their ends and constants
    for step, (top, used) in enumerate(zip(free.tops, free.uses, strict=True)):
        while held and held[-1][0] <= step:
            held.pop()
        offset, end = top, free.ends[step]
        for c in used:
            if resident[c]:
                continue
            if not held or not any(c in constants_there for _, constants_there in held):
                size, tensors = free.at_once(c), constants[c].tensors
                yield made(number, name, offset, size, step, end, tensors, ConstantUse.STREAMED)
                number += 1
            offset += free.staging[c]
        if end > step + 1 and used:
            held.append((end, frozenset(used)))


def _hold(ends: Sequence[int], uses: list[tuple[int, ...]], tops: list[int]) -> None:
    """Give the steps of bodies the constants of the operators that run them, above the buffers of all these steps."""
    held: list[tuple[int, tuple[int, ...]]] = []
    for step, end in enumerate(ends):
        while held and held[-1][0] <= step:
            held.pop()
        if held:
            uses[step] = tuple(dict.fromkeys((*held[-1][1], *uses[step])))
        if end > step + 1 and uses[step]:
            if not held:
                tops[step:end] = [max(tops[step:end])] * (end - step)
            held.append((end, uses[step]))


def loaded_bound(free: OnChip, live: Sequence[int], peak_bound: int) -> int:
    """The bytes above `peak_bound` that copies need at least, wherever buffers and copies are.

    Args:
        free: of the memory.
        live: the live bytes of its buffers in each step.
        peak_bound: a lower bound on their peak.
    """
    most, staging = peak_bound, free.staging
    padding = [size - free.at_once(c) for c, size in enumerate(staging)]
    for bytes_, used in zip(live, free.uses, strict=True):
        if used:  # nothing needs to follow what is topmost, so that is not rounded up
            most = max(most, bytes_ + sum([staging[c] for c in used]) - max([padding[c] for c in used]))
    return most - peak_bound


def numbers_in(graph: Graph, constants: Sequence[Constant]) -> list[dict[int, int]]:
    """For each subgraph, its tensors that are among `constants` -> their numbers there."""
    numbers: list[dict[int, int]] = [{} for _ in graph.subgraphs]
    for number, constant in enumerate(constants):
        for s, t in constant.tensors:
            numbers[s][t] = number
    return numbers


def read_by(op: Op, numbers: Mapping[int, int]) -> tuple[int, ...]:
    """The numbers of the constants that an operator reads, each once. `numbers` are those of its subgraph."""
    return tuple(dict.fromkeys([numbers[t] for t in op.inputs if t in numbers]))


def _tops(layout: Layout, memory: Memory, steps: int, round_up: Callable[[int], int]) -> list[int]:
    """Of each step, the end of the buffers of `memory` that are alive, rounded up to its alignment."""
    placed = next((one for one in layout.allocations if one.memory.name == memory.name), None)
    if placed is None:
        return [0] * steps
    rows = []
    for index, offset in zip(placed.indices, placed.allocation.offsets, strict=True):
        buffer = layout.storage.buffers[index]
        if buffer.size:
            rows.append((buffer.lower, buffer.upper, _rounded(offset + round_up(buffer.size), memory)))
    rows.sort()
    tops, alive, at = [], list[tuple[int, int]](), 0  # alive: a heap of (-end, upper)
    for step in range(steps):
        while at < len(rows) and rows[at][0] <= step:
            heappush(alive, (-rows[at][2], rows[at][1]))
            at += 1
        while alive and alive[0][1] <= step:
            heappop(alive)
        tops.append(-alive[0][0] if alive else 0)
    return tops


def _rounded(size: int, memory: Memory) -> int:
    return -(-size // memory.alignment) * memory.alignment
