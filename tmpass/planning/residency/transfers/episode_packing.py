"""Addresses for episodes, and absences of which one has to be taken since there are none."""

from collections.abc import Sequence
from dataclasses import dataclass

import tmpass._core as _core
from tmpass.base.choices import Status
from tmpass.packing.allocate import allocate
from tmpass.packing.allocation import Allocation
from tmpass.packing.check import check_offsets
from tmpass.packing.conflict import find_conflict
from tmpass.packing.problem import Buffer, Problem
from tmpass.planning.residency.transfers.absences import Absence, Absences, Span
from tmpass.planning.residency.transfers.fixed_problem import FixedOrderProblem

_TRIM_NODES = 2000
"""The budget of each question whether a shorter episode still has no packing with the others."""

Addresses = list[list[int]]
"""An address for each episode of each buffer."""

Piece = tuple[int, int, int]
"""A buffer, and the first and the last of its steps that count."""


@dataclass(frozen=True, slots=True)
class Packing:
    """What became of an attempt to pack episodes.

    Fields:
        addresses: of each episode of each buffer, or None where none are found.
        answer: of the allocator.
    """

    addresses: Addresses | None
    answer: Allocation


def pack_episodes(problem: FixedOrderProblem, spans: Sequence[Sequence[Span]], *, nodes: int) -> Packing:
    """Addresses within the capacity for the episodes of all buffers."""
    answer = allocate(_packing_problem(problem, _pieces(spans)), minimize=False, nodes=nodes)
    if answer.status not in (Status.OPTIMAL, Status.FEASIBLE):
        return Packing(None, answer)
    offsets = iter(answer.offsets)
    return Packing([[next(offsets) for _ in own] for own in spans], answer)


def repack(
    problem: FixedOrderProblem, spans: Sequence[Sequence[Span]], addresses: Addresses, *, nodes: int
) -> tuple[Addresses | None, int]:
    """Addresses within the capacity, made from those of a packing that is above it in few places.

    Args:
        problem: the buffers.
        spans: the episodes of each buffer.
        addresses: of a packing of them.
        nodes: the budget.

    Returns:
        The addresses, or None where none are found near the present ones; and the nodes spent.
    """
    packing = _packing_problem(problem, _pieces(spans))
    offsets = [address for own in addresses for address in own]
    found, peak, spent = _core.repair(packing.native, offsets, problem.capacity, nodes)
    if peak > problem.capacity or check_offsets(packing, found):
        return None, spent
    rest = iter(found)
    return [[next(rest) for _ in own] for own in spans], spent


def unpackable(
    problem: FixedOrderProblem,
    absences: Absences,
    spans: Sequence[Sequence[Span]],
    answer: Allocation,
    *,
    nodes: int,
) -> tuple[list[int] | None, int]:
    """Absences that are not taken, at least one of which every plan takes; None where none are proved.

    Args:
        problem: the buffers.
        absences: all absences of `problem`.
        spans: the episodes of each buffer.
        answer: that the allocator gave for them.
        nodes: the budget.

    Returns:
        Numbers of absences, rising, none where no plan exists at all; and the nodes spent.
    """
    pieces = _pieces(spans)
    conflict = find_conflict(_packing_problem(problem, pieces), answer, nodes=nodes)
    if conflict is None:
        return None, nodes
    spent = conflict.nodes
    inside = _Inside(absences)
    few = [pieces[at] for at in conflict.buffers]
    for at in range(len(few)):
        spent += _trim(problem, few, at, inside)
    return sorted({number for piece in few for number in inside.of(piece)}), spent


class _Inside:
    """The absences of each buffer, and which of them would break up a piece of it."""

    def __init__(self, absences: Absences) -> None:
        self._rows = absences.rows
        self._own: dict[int, list[int]] = {}
        for number, one in enumerate(absences.rows):
            self._own.setdefault(one.buffer, []).append(number)

    def of(self, piece: Piece) -> list[int]:
        """The numbers of absences after which the buffer would not be at one address in all steps of the piece."""
        buffer, first, last = piece
        return [number for number in self._own.get(buffer, ()) if _breaks(self._rows[number], first, last)]

    def tails(self, piece: Piece) -> list[Piece]:
        """The piece, and what is left of it without its last absence, without its last two, and so on."""
        return [piece, *((piece[0], piece[1], self._rows[n].first - 1) for n in reversed(self.of(piece)))]

    def heads(self, piece: Piece) -> list[Piece]:
        """The piece, and what is left of it without its first absence, without its first two, and so on."""
        return [piece, *((piece[0], self._rows[n].last, piece[2]) for n in self.of(piece))]


def _breaks(absence: Absence, first: int, last: int) -> bool:
    """Whether a buffer that takes the absence is away, or may change its address, within the steps first to last."""
    return max(first, absence.first) < min(last + 1, absence.last) or first < absence.first <= absence.last <= last


def _trim(problem: FixedOrderProblem, few: list[Piece], at: int, inside: _Inside) -> int:
    """Leave out of piece `at` the absences that are not needed for the proof; return the nodes spent."""
    spent = 0
    for shorter in (inside.tails, inside.heads):
        options = shorter(few[at])
        low, high = 0, len(options)
        while high - low > 1:  # options[low] has no packing with the others; shorter ones are packed more easily
            middle = (low + high) // 2
            trial = [*few[:at], options[middle], *few[at + 1 :]]
            answer = allocate(_packing_problem(problem, trial), minimize=False, nodes=_TRIM_NODES)
            spent += answer.nodes + len(trial)
            if answer.status is Status.INFEASIBLE:
                low = middle
            else:
                high = middle
        few[at] = options[low]
    return spent


def _pieces(spans: Sequence[Sequence[Span]]) -> list[Piece]:
    return [(number, first, last) for number, own in enumerate(spans) for first, last in own]


def _packing_problem(problem: FixedOrderProblem, pieces: Sequence[Piece]) -> Problem:
    buffers = [Buffer(str(at), first, last + 1, problem.buffers[b].size) for at, (b, first, last) in enumerate(pieces)]
    return Problem(tuple(buffers), problem.capacity, problem.alignment)
