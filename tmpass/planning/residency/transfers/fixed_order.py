"""Residences for one order of operators: which buffers leave, and where each lies (a stand-in)."""

from dataclasses import dataclass

from tmpass.base.choices import Status
from tmpass.packing.allocate import allocate
from tmpass.packing.problem import Buffer, Problem


@dataclass(frozen=True, slots=True)
class Use:
    """A step at which a buffer must be in the scratchpad, and whether its bytes change then."""

    step: int
    writes: bool


@dataclass(frozen=True, slots=True)
class FixedBuffer:
    """A buffer with its uses."""

    size: int
    uses: tuple[Use, ...]
    stored: bool = False
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class FixedOrderProblem:
    """Buffers, steps and the scratchpad."""

    buffers: tuple[FixedBuffer, ...]
    steps: int
    capacity: int
    alignment: int = 1


@dataclass(frozen=True, slots=True)
class FixedOrderAnswer:
    """Per buffer its residences (first, last, address)."""

    episodes: tuple[tuple[tuple[int, int, int], ...], ...]
    cost: int
    lower_bound: int
    status: Status
    nodes: int = 0


def solve_fixed_order(problem: FixedOrderProblem, *, nodes: int = 100_000) -> FixedOrderAnswer:
    """Residences by furthest next use, placed by the allocator."""
    for less in range(16):
        capacity = problem.capacity - problem.capacity * less // 20
        spans = _choose(problem, capacity)
        if spans is None:
            break
        flat = [(b, first, last) for b, own in enumerate(spans) for first, last in own]
        buffers = tuple(
            Buffer(str(i), first, last + 1, problem.buffers[b].size) for i, (b, first, last) in enumerate(flat)
        )
        found = allocate(Problem(buffers, problem.capacity, problem.alignment), nodes=nodes)
        if found.peak is not None and found.peak <= problem.capacity:
            episodes: list[list[tuple[int, int, int]]] = [[] for _ in problem.buffers]
            for (b, first, last), offset in zip(flat, found.offsets, strict=True):
                episodes[b].append((first, last, offset))
            done = tuple(map(tuple, episodes))
            return FixedOrderAnswer(done, _cost(problem, done), 0, Status.FEASIBLE)
    return FixedOrderAnswer((), 0, 0, Status.UNKNOWN)


def _choose(problem: FixedOrderProblem, capacity: int) -> list[list[tuple[int, int]]] | None:
    up = [-(-b.size // problem.alignment) * problem.alignment for b in problem.buffers]
    spans: list[list[tuple[int, int]]] = [[] for _ in problem.buffers]
    at = [0] * len(problem.buffers)
    there: dict[int, int] = {}  # buffer -> first step of its residence
    for step in range(problem.steps):
        now = {b for b, x in enumerate(problem.buffers) if at[b] < len(x.uses) and x.uses[at[b]].step == step}
        for b in now:
            there.setdefault(b, step)
        while sum(up[b] for b in there) > capacity:
            free = [b for b in there if b not in now and not problem.buffers[b].pinned]
            if not free:
                return None
            out = max(free, key=lambda b: (problem.buffers[b].uses[at[b]].step, up[b], b))
            spans[out].append((there.pop(out), problem.buffers[out].uses[at[out] - 1].step))
        for b in now:
            at[b] += 1
            if at[b] == len(problem.buffers[b].uses):
                spans[b].append((there.pop(b), step))
    return spans


def _cost(problem: FixedOrderProblem, episodes: tuple[tuple[tuple[int, int, int], ...], ...]) -> int:
    cost = 0
    for b, own in zip(problem.buffers, episodes, strict=True):
        copied = b.stored
        for number, (first, last, _) in enumerate(own):
            if number:
                cost += b.size if copied else 2 * b.size
                copied = True
            if any(use.writes for use in b.uses if first <= use.step <= last):
                copied = False
    return cost
