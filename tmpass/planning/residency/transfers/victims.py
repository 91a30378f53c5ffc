"""Which tensors leave where a step has too many bytes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """A tensor that may leave.

    Fields:
        size: the bytes that this frees.
        price: the bytes that its departure and its return move.
        next_use: the step at which it has to be back.
    """

    tensor: int
    size: int
    price: int
    next_use: int


Choose = Callable[[Sequence[Candidate], int], Sequence[Candidate]]
"""Those of the candidates that leave, to free a number of bytes; all where they do not suffice."""


def furthest(candidates: Sequence[Candidate], excess: int) -> Sequence[Candidate]:
    """The candidates with the latest next use, until `excess` bytes are free; of equals, the first.

    Source: Belady, "A study of replacement algorithms for a virtual-storage computer" (IBM Systems Journal, 1966).
    """
    chosen = []
    for one in sorted(candidates, key=lambda one: (-one.next_use, one.tensor)):
        if excess <= 0:
            break
        chosen.append(one)
        excess -= one.size
    return chosen


def cheapest(candidates: Sequence[Candidate], excess: int) -> Sequence[Candidate]:
    """The candidates of the least price together that free `excess` bytes.

    The exact answer to the integer program "minimise the price, free at least the excess", by lists of (bytes, price)
    that no other choice beats in both.

    Source: Li, Gupta, Malik (arXiv 2311.18246), the greedy replacement by an integer program at each step.
    """
    front: list[tuple[int, int, tuple[Candidate, ...]]] = [(0, 0, ())]
    for one in candidates:
        more = [(min(excess, freed + one.size), price + one.price, (*taken, one)) for freed, price, taken in front]
        rows, front = sorted([*front, *more], key=lambda row: (row[1], -row[0])), []
        for row in rows:
            if not front or row[0] > front[-1][0]:
                front.append(row)
    return front[-1][2] if front[-1][0] >= excess else candidates
