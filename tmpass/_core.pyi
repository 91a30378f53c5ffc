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

def postpone(
    lower: Sequence[int],
    upper: Sequence[int],
    size: Sequence[int],
    alignment: Sequence[int],
    fixed: Sequence[int],
    capacity: int,
    node_limit: int,
    seed: int = 1,
    window: bool = True,
    exchange: bool = True,
    first: bool = True,
) -> tuple[int, list[int], int]:
    """(answer, offsets, nodes) of place-or-postpone; answer is 0 found, 1 impossible, 2 budget ended.

    The last three switch inferences off, for tests. Raises ValueError as search does.
    """

def contention(lower: Sequence[int], upper: Sequence[int], size: Sequence[int]) -> list[int]:
    """Per buffer, the most bytes alive at one step of its live range."""
