"""Native kernels. Arrays are per buffer; `fixed` is an address, or -1 where there is a choice."""

from collections.abc import Sequence

def first_fit(
    lower: Sequence[int],
    upper: Sequence[int],
    size: Sequence[int],
    alignment: Sequence[int],
    fixed: Sequence[int],
    order: Sequence[int],
) -> list[int]:
    """Offsets of first fit in the given order; raises ValueError on arrays out of range."""

def search(
    lower: Sequence[int],
    upper: Sequence[int],
    size: Sequence[int],
    alignment: Sequence[int],
    fixed: Sequence[int],
    capacity: int,
    node_limit: int,
) -> tuple[int, list[int], int]:
    """(answer, offsets, nodes) of the canonical search; answer is 0 found, 1 impossible, 2 budget ended.

    Raises ValueError on arrays out of range, or when the overlaps are too many to hold.
    """

def contention(lower: Sequence[int], upper: Sequence[int], size: Sequence[int]) -> list[int]:
    """Per buffer, the most bytes alive at one step of its live range."""
