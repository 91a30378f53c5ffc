"""Addresses for divided candidates, and which of them have no packing together."""

from collections.abc import Sequence
from dataclasses import replace

from tmpass.base.choices import Status
from tmpass.packing.allocate import allocate
from tmpass.packing.allocation import Allocation
from tmpass.packing.bounds import lower_bound
from tmpass.packing.conflict import find_conflict
from tmpass.packing.problem import Problem
from tmpass.planning.residency.candidates import Candidate, Needs
from tmpass.planning.residency.division import Combination
from tmpass.targets.memory import Memory


def problem_of(candidates: Sequence[Candidate], memory: Memory, numbers: Sequence[int]) -> Problem:
    """The packing problem of the candidates `numbers` in one memory."""
    return Problem(tuple(candidates[c].buffer for c in numbers), memory.capacity, memory.alignment)


def numbers_in(placed: Sequence[int], memory: int) -> tuple[int, ...]:
    """The candidates that are in a memory, where `placed` has the memory of each."""
    return tuple(c for c, m in enumerate(placed) if m == memory)


def pack(
    candidates: Sequence[Candidate], memories: Sequence[Memory], placed: Sequence[int], *, nodes: int, threads: int
) -> tuple[Allocation, ...]:
    """A low packing of each memory."""
    problems = [problem_of(candidates, memory, numbers_in(placed, m)) for m, memory in enumerate(memories)]
    return tuple(allocate(problem, nodes=nodes, threads=threads) for problem in problems)


def packed_within(allocations: Sequence[Allocation]) -> list[bool]:
    """For each memory whether its packing is within the capacity."""
    return [packed.status in (Status.OPTIMAL, Status.FEASIBLE) for packed in allocations]


def pack_as_given(
    candidates: Sequence[Candidate], memories: Sequence[Memory], rows: Sequence[tuple[int, int]], method: str
) -> tuple[Allocation, ...]:
    """The packing of each memory whose offsets are known: `rows` has a memory and an offset for each candidate."""
    found = []
    for m, memory in enumerate(memories):
        numbers = [c for c, (where, _) in enumerate(rows) if where == m]
        bound = lower_bound(problem_of(candidates, memory, numbers))
        peak = max((rows[c][1] + candidates[c].buffer.size for c in numbers), default=0)
        status = Status.OPTIMAL if peak <= bound.peak else Status.FEASIBLE
        offsets = tuple(rows[c][1] for c in numbers)
        found.append(Allocation(offsets, peak, bound.peak, bound.live_bytes, status, method))
    return tuple(found)


def unpackable(
    candidates: Sequence[Candidate], memory: Memory, placed: Sequence[int], m: int, packed: Allocation, nodes: int
) -> Combination | None:
    """A few candidates of memory `m` that are proved to have no packing in it, or None where none are found."""
    numbers = numbers_in(placed, m)
    conflict = find_conflict(problem_of(candidates, memory, numbers), packed, nodes=nodes)
    if conflict is None:
        return None
    members = [numbers[at] for at in conflict.buffers if candidates[numbers[at]].buffer.size]
    lower = min(candidates[c].buffer.lower for c in members)
    upper = max(candidates[c].buffer.upper for c in members)
    return Combination(m, tuple(members), (lower, upper))


def with_less_room(needs: Needs, m: int, packed: Allocation) -> Needs:
    """`needs` with the capacity of memory `m` lower by what the best packing known is above it, and at least by 1."""
    old = needs.capacity[m]
    assert old is not None  # whatever has no capacity has a packing
    over = max(1, (packed.peak or 0) - old)
    return replace(needs, capacity=(*needs.capacity[:m], max(0, old - over), *needs.capacity[m + 1 :]))
