"""Native kernels. What is out of range raises ValueError; Ctrl-C stops a kernel."""

from collections.abc import Sequence
from enum import Enum

from tmpass.problem import Buffer

class Problem:
    """Buffers as the kernels read them; tmpass/allocators/arrays.py has the columns."""

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
    @staticmethod
    def read(
        buffers: tuple[Buffer, ...], alignment: int, barred: Sequence[int] = ..., apart: Sequence[int] = ...
    ) -> Problem:
        """The same from buffers of tmpass.problem, each aligned for itself and to `alignment`."""

    @property
    def has_fixed(self) -> bool: ...

class Cancel:
    """Ends a kernel that runs in another thread, which then raises RuntimeError."""

    def __init__(self) -> None: ...
    def cancel(self) -> None: ...
    @property
    def said(self) -> bool: ...

class Watchdog:
    """Ends the process with 130 where a SIGINT stays in the pipe for too long."""

    def __init__(self, readable: int, patience: int) -> None:
        """`patience` is in milliseconds."""

    def drain(self) -> None:
        """Takes out what is in the pipe: it was seen."""

    def hold(self, on: bool) -> None:
        """While on, the process goes on."""

def fullest_step(buffers: tuple[Buffer, ...], alignment: int) -> tuple[int, int] | None:
    """The most bytes alive at one step, and the first such step; None where gaps or alignment may need more."""

def surely_right(buffers: tuple[Buffer, ...], offsets: tuple[int, ...], alignment: int, capacity: int) -> bool:
    """Whether the offsets break no law; False also where gaps or very many pairs need a closer look."""

def first_fit(problem: Problem, order: Sequence[int], tightest: bool = False) -> list[int]:
    """Offsets of first fit in the given order, or of best fit; -2 where a memory leaves no place."""

def pack(problem: Problem, stop: int, tightest: bool = False) -> tuple[list[int], int, int]:
    """(offsets, peak, order) of first or best fit in one order after the other, until the peak is at most `stop`.

    Orders: 0 size, 1 area, 2 lifetime, 3 contention, 4 start. The peak is above 2^62 if no packing is found.
    """

def repair(problem: Problem, offsets: Sequence[int], target: int, node_limit: int) -> tuple[list[int], int, int]:
    """(offsets, peak, nodes): a packing made lower where it is above `target`.

    Gaps are solid where it moves buffers. Raises ValueError on pairs that must be apart.
    """

def hill_climb(
    problem: Problem, order: Sequence[int], target: int, node_limit: int, seed: int = 1
) -> tuple[list[int], int]:
    """(offsets, nodes) of the lowest first fit near the order, or one not above the target; -2 as in first_fit.

    Raises ValueError also when the overlaps are too many to hold.
    """

def local_search(
    problem: Problem, offsets: Sequence[int], target: int, node_limit: int, seed: int = 1
) -> tuple[list[int], int]:
    """(offsets, nodes) of the lowest packing found from the given one on, or one not above the target."""

def minimalloc(
    problem: Problem,
    capacity: int,
    node_limit: int,
    *,
    canonical: bool = True,
    monotonic: bool = True,
    ordering: bool = True,
    dominance: bool = True,
    section: bool = True,
    floor: bool = True,
    hatless: bool = True,
    decomposition: bool = True,
    rerank: bool = True,
    always_fit: bool = True,
    cancel: Cancel | None = None,
) -> tuple[int, list[int], int]:
    """(answer, offsets, nodes) of MiniMalloc's search; answer is 0 found, 1 impossible, 2 budget ended.

    The switches turn its rules off, for tests; `cancel` ends it from another thread.
    Raises ValueError also when the overlaps are too many to hold, and on
    windows and pairs that must be apart.
    """

def always_fit(problem: Problem, capacity: int) -> list[tuple[int, list[int]]]:
    """What the exact searches set aside, for tests: per independent part its unit, and the buffers in turn."""

def postpone(
    problem: Problem,
    capacity: int,
    node_limit: int,
    seed: int = 1,
    window: bool = True,
    exchange: bool = True,
    first: bool = True,
    glue: bool = True,
    cancel: Cancel | None = None,
) -> tuple[int, list[int], int]:
    """(answer, offsets, nodes) of place-or-postpone; answer is 0 found, 1 impossible, 2 budget ended.

    The switches turn inferences and gluing off, for tests; `cancel` ends it from another thread.
    Raises ValueError as minimalloc does.
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
    cancel: Cancel | None = None,
) -> tuple[int, list[int], int]:
    """(answer, offsets, nodes) of TelaMalloc's search; answer is 0 found, 1 impossible, 2 budget ended.

    It knows every constraint; climb, for tests, changes no answer. Raises ValueError as minimalloc does.
    """

def first_dead_end(problem: Problem, capacity: int, order: Sequence[int]) -> tuple[int, list[int], int]:
    """(1, offsets, nodes) where placing the first independent part in this order contradicts itself.

    The offsets are those of the placements that cannot be together, and -1 for all other buffers; (0, ...) where there
    is no contradiction. For tests.
    """

def contention(problem: Problem) -> list[int]:
    """Per buffer, the most bytes alive at one step of its live range; gaps count as solid."""

class OrderProblem:
    """Operators to order, and what they keep alive; tmpass/schedule/items.py says what goes in."""

    def __init__(
        self,
        edges: Sequence[int],
        size: Sequence[int],
        first: Sequence[int],
        last: Sequence[int],
        starts: Sequence[int],
        users: Sequence[int],
        scratch: Sequence[int],
        in_place: Sequence[int] = ...,
        beginning: int = 0,
        partial: bool = False,
    ) -> None: ...
    def __len__(self) -> int: ...

class OrderParts:
    """One order of all operators, and stretches of it as problems of their own."""

    def __init__(self, problem: OrderProblem, order: Sequence[int]) -> None: ...
    @property
    def order(self) -> list[int]: ...
    @property
    def profile(self) -> list[int]:
        """Bytes alive while each operator runs, in the order."""

    def part(self, begin: int, end: int) -> OrderProblem:
        """The operators at these positions, numbered from 0 in the present order."""

    def reorder(self, begin: int, local: Sequence[int]) -> None:
        """Puts the operators from `begin` on into this order of their part."""

def find_cuts(problem: OrderProblem) -> tuple[list[int], list[int]]:
    """(order, positions): a topological order, and where in it every order has run the same operators."""

def bound_orders(problem: OrderProblem, during: Sequence[int], limit: int) -> tuple[int, int, int]:
    """(bytes, operator, cuts): no order has a peak below `bytes`, which the operator's step needs.

    `during` are the bytes of each operator in some order.
    """

def beam_order(problem: OrderProblem, width: int, enough: int) -> list[int]:
    """An order by beam search; peaks up to `enough` are equally good."""

def search_orders(
    problem: OrderProblem,
    lower: int,
    upper: int,
    limit: int,
    *,
    descend: bool = True,
    chains: bool = True,
    hills: bool = True,
    twins: bool = True,
) -> tuple[list[int], int, int]:
    """(order, bound, states) of the search for the least peak between `lower` and `upper`, exclusive.

    No order: there is none below `bound`. The switches turn its rules off, for tests.
    """
