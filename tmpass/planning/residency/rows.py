"""Rows: the steps at which some memory could be over-full. At all others it does not matter what is where."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import pairwise

from tmpass.base.record import record
from tmpass.planning.residency.candidates import Needs

_Pieces = list[tuple[int, int, tuple[int, ...]]]
"""Rows `[first, last)`, and the bytes in each memory."""


@record
class Row:
    """Steps `[lower, upper)` at which the same candidates need the same bytes."""

    lower: int
    upper: int


def find_rows(needs: Needs, also: Iterable[tuple[int, int]] = ()) -> list[Row]:
    """The rows of `needs`, in the order of time.

    Args:
        needs: of all candidates.
        also: spans of steps `[lower, upper)` that are rows in any case.
    """
    changes: dict[int, list[int]] = {}
    count = len(needs.capacity)
    for pieces, allowed in zip(needs.pieces, needs.allowed, strict=True):
        for lower, upper, sizes in pieces:
            begin, end = changes.setdefault(lower, [0] * count), changes.setdefault(upper, [0] * count)
            for m in allowed:
                begin[m] += sizes[m]
                end[m] -= sizes[m]
    spans = sorted(also)
    for span in spans:
        for step in span:
            changes.setdefault(step, [0] * count)
    steps = sorted(changes)
    live, rows = [0] * count, []
    for step, following in pairwise(steps):
        live = [bytes_ + change for bytes_, change in zip(live, changes[step], strict=True)]
        over = any(c is not None and bytes_ > c for bytes_, c in zip(live, needs.capacity, strict=True))
        if over or any(lower <= step < upper for lower, upper in spans):
            rows.append(Row(step, following))
    return rows


@record
class Part:
    """Candidates that share no row with the others, even through others.

    Fields:
        candidates: their numbers, by rising first row.
        pieces: for each of them the rows `[first, last)` of the part, and the bytes in each memory.
        rows: how many.
    """

    candidates: tuple[int, ...]
    pieces: tuple[tuple[tuple[int, int, tuple[int, ...]], ...], ...]
    rows: int


def find_parts(needs: Needs, rows: Sequence[Row]) -> list[Part]:
    """The independent parts of the candidates that are in some row, in the order of time."""
    lowers = [row.lower for row in rows]
    inside = []
    for number, pieces in enumerate(needs.pieces):
        found = [(bisect_left(lowers, lower), bisect_left(lowers, upper), sizes) for lower, upper, sizes in pieces]
        found = [(first, last, sizes) for first, last, sizes in found if first < last]
        if found:
            inside.append((found[0][0], number, found))
    inside.sort(key=lambda one: one[:2])
    parts: list[Part] = []
    begin, end = 0, 0
    members: list[tuple[int, _Pieces]] = []
    for first, number, found in inside:
        if first >= end and members:
            parts.append(_part(members, begin, end))
            members = []
        begin = begin if members else first
        members.append((number, found))
        end = max(end, found[-1][1])
    return [*parts, _part(members, begin, end)] if members else parts


def _part(members: Sequence[tuple[int, _Pieces]], begin: int, end: int) -> Part:
    pieces = (tuple((first - begin, last - begin, sizes) for first, last, sizes in found) for _, found in members)
    return Part(tuple(number for number, _ in members), tuple(pieces), end - begin)
