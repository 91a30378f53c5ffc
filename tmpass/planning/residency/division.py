"""The cheapest division of candidates among memories by the bytes of each step, without addresses."""

from collections.abc import Sequence

import tmpass._core as _core
from tmpass.base.record import record
from tmpass.planning.residency.candidates import MAX_COSTS, Needs
from tmpass.planning.residency.rows import Part, find_parts, find_rows

MAX_COMBINATIONS = 64
"""The number of forbidden combinations that the kernel takes."""


@record
class Combination:
    """Candidates that have no packing together in a memory. Some step is in the live ranges of each and its next."""

    memory: int
    candidates: tuple[int, ...]
    span: tuple[int, int]


@record
class Division:
    """A memory for each candidate, and what is proved about all divisions.

    Fields:
        memory: of each candidate; None where no division was found.
        cost: of all candidates.
        lower_bound: no division costs less.
        complete: the search ended: the division is the cheapest, or there is none.
        states: that the search made.
    """

    memory: tuple[int, ...] | None
    cost: int
    lower_bound: int
    complete: bool
    states: int


def divide(
    needs: Needs, costs: Sequence[Sequence[int]], forbidden: Sequence[Combination] = (), *, states: int
) -> Division:
    """The cheapest division in which no memory is over-full, and no forbidden combination is all in its memory.

    Args:
        needs: what the candidates need; each candidate is allowed in at least one memory.
        costs: of each candidate in each memory.
        forbidden: at most MAX_COMBINATIONS.
        states: the budget.
    """
    memory = [
        min(allowed, key=lambda m: (own[m], m)) if allowed else -1
        for own, allowed in zip(costs, needs.allowed, strict=True)
    ]
    if min(memory, default=0) < 0:
        return Division(None, 0, 0, True, 0)
    parts = find_parts(needs, find_rows(needs, [combination.span for combination in forbidden]))
    decided = {number for part in parts for number in part.candidates}
    bound = sum(costs[c][m] for c, m in enumerate(memory) if c not in decided)
    complete, found, spent = True, True, 0
    for part in parts:
        answer = _solve(part, needs, costs, forbidden, max(0, states - spent))
        spent += answer.states
        if answer.complete and answer.memory is None:
            return Division(None, 0, 0, True, spent)
        complete &= answer.complete
        found &= answer.memory is not None
        bound += answer.lower_bound
        for number, m in zip(part.candidates, answer.memory or (), strict=False):
            memory[number] = m
    if not found:
        return Division(None, 0, bound, False, spent)
    return Division(tuple(memory), sum(costs[c][m] for c, m in enumerate(memory)), bound, complete, spent)


def _solve(
    part: Part, needs: Needs, costs: Sequence[Sequence[int]], forbidden: Sequence[Combination], states: int
) -> Division:
    """The cheapest division of one part. Where its numbers could overflow, the answer is not complete."""
    memories = range(len(needs.capacity))
    limited = _limited(part, needs)
    starts, spans, sizes, cost = [0], [], [], []
    for number, pieces in zip(part.candidates, part.pieces, strict=True):
        for first, last, own in pieces:
            spans += [first, last]
            sizes += [own[m] if m in limited and m in needs.allowed[number] else 0 for m in memories]
        starts.append(len(spans) // 2)
        cost += [costs[number][m] if m in needs.allowed[number] else -1 for m in memories]
    capacity = [limited.get(m, 0) for m in memories]
    if part.rows * (sum(sizes) + sum(capacity)) > MAX_COSTS or sum(max(row) for row in costs) > MAX_COSTS:
        return Division(None, 0, 0, False, 0)
    local = {number: at for at, number in enumerate(part.candidates)}
    rows: list[int] = []
    ends = [0]
    for combination in forbidden:
        if combination.candidates[0] in local:
            rows += [combination.memory, *sorted(local[number] for number in combination.candidates)]
            ends.append(len(rows))
    found, memory, total, bound, complete, spent = _core.search_placements(
        part.rows, (capacity, starts, spans, sizes, cost), (ends, rows), states
    )
    return Division(tuple(memory) if found else None, total, bound, complete, spent)


def _limited(part: Part, needs: Needs) -> dict[int, int]:
    """Memory -> capacity, for those that could be over-full in some row of the part."""
    changes = [[0] * (part.rows + 1) for _ in needs.capacity]
    for number, pieces in zip(part.candidates, part.pieces, strict=True):
        for first, last, sizes in pieces:
            for m in needs.allowed[number]:
                changes[m][first] += sizes[m]
                changes[m][last] -= sizes[m]
    found = {}
    for m, capacity in enumerate(needs.capacity):
        live = 0
        for change in changes[m]:
            live += change
            if capacity is not None and live > capacity:
                found[m] = capacity
    return found
