"""Constants in the memory that operators compute on, where their home is not one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from tmpass.base.choices import ConstantUse
from tmpass.base.errors import TargetError
from tmpass.graph.model import Graph, TensorKey
from tmpass.planning.layout import Layout
from tmpass.planning.residency.constants import Constant, StoredConstants
from tmpass.planning.timeline.schedule import Schedule
from tmpass.plans.plan import PlannedConstant
from tmpass.targets import Memory, Target, Use


@dataclass(frozen=True, slots=True)
class OnChip:
    """What is free of a memory for copies of constants, and which steps need which, all in multiples of its alignment.

    Fields:
        memory: that operators compute on.
        tops: of each step, the end of the buffers alive then.
        uses: of each step, the numbers of the constants that its operator reads.
        bytes: of each constant.
        sizes: these, rounded up to the alignment.
        staging: of each constant, the bytes that it needs in its step where it is streamed.
        room: the bytes for buffers and copies; None where it is unlimited.
        chunk: the largest piece that is streamed at once, in bytes; None where only whole constants are.
    """

    memory: Memory
    tops: tuple[int, ...]
    uses: tuple[tuple[int, ...], ...]
    bytes: tuple[int, ...]
    sizes: tuple[int, ...]
    staging: tuple[int, ...]
    room: int | None
    chunk: int | None

    def height(self, resident: Sequence[bool]) -> int:
        """The first byte above all buffers and streamed constants, of any step."""
        return max(
            (
                top + sum(self.staging[c] for c in used if not resident[c])
                for top, used in zip(self.tops, self.uses, strict=True)
            ),
            default=0,
        )


def find_on_chip(
    stored: StoredConstants, graph: Graph, timeline: Schedule, layout: Layout, target: Target, horizon: int
) -> OnChip | None:
    """What is free for copies in each of `horizon` steps; None where operators use the home of the constants directly.

    Raises:
        TargetError: no memory of `target` that operators use holds weights.
    """
    if stored.home.compute or not stored.constants:
        return None
    memory = next((m for m in target.memories if m.compute and Use.WEIGHTS in m.holds), None)
    if memory is None:
        raise TargetError(
            f"operators do not use {stored.home.name} directly, and no other memory holds weights",
            where=f"target {target.name}",
            hint='add "weights" to the `holds` of a memory that operators use, or set `compute` to true',
        )
    numbers = {key: number for number, constant in enumerate(stored.constants) for key in constant.tensors}
    uses = [_read(graph, step.subgraph, step.op, numbers) for step in timeline.steps]
    uses += [()] * (horizon - len(uses))
    sizes = [_rounded(constant.size, memory) for constant in stored.constants]
    chunk = stored.home.chunk
    staging = [size if chunk is None else min(size, _rounded(chunk, memory)) for size in sizes]
    tops = _tops(layout, memory, horizon, target.runtime.round_up)
    own = tuple(constant.size for constant in stored.constants)
    return OnChip(memory, tuple(tops), tuple(uses), own, tuple(sizes), tuple(staging), memory.room, chunk)


def choose_resident(free: OnChip) -> list[bool]:
    """Of each constant, whether it stays in the memory for the whole run, so that each run loads the fewest bytes.

    Where a step has too little room though nothing stays, nothing does.
    """
    if free.room is None or free.height([True] * len(free.sizes)) + sum(free.sizes) <= free.room:
        return [True] * len(free.sizes)
    from tmpass.planning.residency.weights import Kept, Weight, keep_weights  # which few plans need

    steps: list[list[int]] = [[] for _ in free.sizes]
    for step, used in enumerate(free.uses):
        for c in used:
            steps[c].append(step)
    weights = [Weight(size, tuple(own)) for size, own in zip(free.bytes, steps, strict=True)]
    found = keep_weights(weights, free.tops, free.room, alignment=free.memory.alignment, chunk=free.chunk)
    return [kept is Kept.RESIDENT for kept in found.kept] or [False] * len(free.sizes)


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
    for c, constant in enumerate(constants):
        if resident[c]:
            yield PlannedConstant(
                number, name, offset, constant.size, 0, horizon, constant.tensors, ConstantUse.RESIDENT
            )
            number, offset = number + 1, offset + free.sizes[c]
    for step, (top, used) in enumerate(zip(free.tops, free.uses, strict=True)):
        offset = top
        for c in used:
            if not resident[c]:
                size, tensors = min(constants[c].size, free.chunk or constants[c].size), constants[c].tensors
                yield PlannedConstant(number, name, offset, size, step, step + 1, tensors, ConstantUse.STREAMED)
                number, offset = number + 1, offset + free.staging[c]


def loaded_bound(free: OnChip, live: Sequence[int], peak_bound: int) -> int:
    """The bytes above `peak_bound` that copies need at least, wherever buffers and copies are.

    Args:
        free: of the memory.
        live: the live bytes of its buffers in each step.
        peak_bound: a lower bound on their peak.
    """
    needed = (bytes_ + sum(free.staging[c] for c in used) for bytes_, used in zip(live, free.uses, strict=True) if used)
    return max(0, max(needed, default=0) - peak_bound)


def _read(graph: Graph, s: int, op: int, numbers: dict[TensorKey, int]) -> tuple[int, ...]:
    """The numbers of the constants that an operator reads, each once."""
    inputs = graph.subgraphs[s].ops[op].inputs
    return tuple(dict.fromkeys(numbers[s, t] for t in inputs if (s, t) in numbers))


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
