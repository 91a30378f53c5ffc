"""Native kernels. What is out of range raises ValueError; Ctrl-C stops a kernel."""

from collections.abc import Sequence
from enum import Enum

class Problem:
    """Buffers as the kernels read them; tmpass/allocators/arrays.py says what goes in."""

    def __init__(
        self,
        lower: Sequence[int],
        upper: Sequence[int],
        size: Sequence[int],
        alignment: Sequence[int],
        fixed: Sequence[int],
        gaps: Sequence[int] = ...,
        barred: Sequence[int] = ...,
        apart: Sequence[int] = ...,
    ) -> None: ...

def first_fit(problem: Problem, order: Sequence[int], tightest: bool = False) -> list[int]:
    """Offsets of first fit in the given order, or of best fit; -2 where a memory leaves no place."""

def search(problem: Problem, capacity: int, node_limit: int) -> tuple[int, list[int], int]:
    """(answer, offsets, nodes) of the canonical search; answer is 0 found, 1 impossible, 2 budget ended.

    Raises ValueError also when the overlaps are too many to hold.
    """

def postpone(
    problem: Problem,
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

class Backtracking(Enum):
    """Where telamalloc goes back to from a dead end."""

    CONFLICT = 0
    CHRONOLOGICAL = 1

def telamalloc(
    problem: Problem,
    capacity: int,
    node_limit: int,
    seed: int = 1,
    policy: Backtracking = ...,
    climb: int = ...,
) -> tuple[int, list[int], int]:
    """(answer, offsets, nodes) of TelaMalloc's search; answer is 0 found, 1 impossible, 2 budget ended.

    It knows every constraint; climb, for tests, changes no answer. Raises ValueError as search does.
    """

def first_dead_end(problem: Problem, capacity: int, order: Sequence[int]) -> tuple[int, list[int], int]:
    """(1, offsets, nodes) where placing the first independent part in this order contradicts itself.

    The offsets are those of the placements that cannot be together, and -1 for all other buffers; (0, ...) where there
    is no contradiction. For tests.
    """

def contention(problem: Problem) -> list[int]:
    """Per buffer, the most bytes alive at one step of its live range; gaps count as solid."""
