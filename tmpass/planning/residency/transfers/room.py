"""Less room at some steps, where episodes have no packing within the capacity, or none that is found."""

from collections.abc import Collection, Sequence
from itertools import accumulate

from tmpass.packing.allocation import Allocation
from tmpass.planning.residency.transfers.absences import Absences, Span, aligned, spans_with
from tmpass.planning.residency.transfers.fixed_problem import FixedOrderProblem


def lower_room(
    room: list[int],
    problem: FixedOrderProblem,
    absences: Absences,
    absent: Collection[int],
    answer: Allocation,
) -> bool:
    """Lower the room of a step of each episode that ends above the capacity, so that more absences are taken there.

    Of episodes at the same time, only the one that is the highest counts.

    Args:
        room: the bytes that each step may have; changed.
        problem: the buffers.
        absences: all absences of `problem`.
        absent: the numbers of those that are taken.
        answer: the lowest packing known of the episodes that they leave.

    Returns:
        Whether some step got less room.
    """
    spans, taken = spans_with(problem, absences, absent), set(absent)
    live = live_bytes(problem, spans)
    away: list[list[Span]] = [[] for _ in spans]
    for number, one in enumerate(absences.rows):
        if number not in taken:
            away[one.buffer].append((one.first, one.last - 1))
    can_leave = live_bytes(problem, away)
    pieces = [(problem.buffers[b].size, span) for b, own in enumerate(spans) for span in own]
    tops = [(offset + size, span) for (size, span), offset in zip(pieces, answer.offsets, strict=True)]
    done: list[Span] = []
    lowered = False
    for top, (first, last) in sorted(tops, reverse=True):
        if top <= problem.capacity:
            break
        if any(first <= other_last and other_first <= last for other_first, other_last in done):
            continue
        done.append((first, last))
        over = aligned(top - problem.capacity, problem.alignment)
        gain, _, negative = max((min(over, can_leave[step]), live[step], -step) for step in range(first, last + 1))
        if gain > 0:
            room[-negative] = min(room[-negative], live[-negative] - gain)
            lowered = True
    return lowered


def live_bytes(problem: FixedOrderProblem, spans: Sequence[Sequence[Span]]) -> list[int]:
    """The bytes of each step, in multiples of the alignment, where the buffers are there during their `spans`."""
    change = [0] * (problem.steps + 1)
    for buffer, own in zip(problem.buffers, spans, strict=True):
        size = aligned(buffer.size, problem.alignment)
        for first, last in own:
            change[first] += size
            change[last + 1] -= size
    return list(accumulate(change))[:-1]
