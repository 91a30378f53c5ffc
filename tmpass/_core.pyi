"""Native kernels of tmpass.

Sizes, offsets and capacities are in bytes, steps are indices into a schedule, live ranges are half-open.
Every kernel raises ValueError for an argument out of range and stops on Ctrl-C. The same arguments give the
same answer on every machine; budgets count work, in nodes, and not time.
"""

import enum
import struct
from collections.abc import Iterator, Sequence
from typing import overload

class Cancel:
    """Ends a kernel that runs in another thread; the kernel then raises RuntimeError."""

    def __init__(self) -> None: ...
    def cancel(self) -> None:
        """Ask the kernel to end."""

    @property
    def said(self) -> bool:
        """Whether cancel() was called."""

class Watchdog:
    """Ends the process with exit code 130 where a SIGINT is not handled in time."""

    def __init__(self, readable: int, patience: int) -> None:
        """Start the thread that watches.

        Args:
            readable: File descriptor of the pipe that signal.set_wakeup_fd() writes to; it does not block.
            patience: Milliseconds that a SIGINT may stay in the pipe.
        """

    def drain(self) -> None:
        """Empty the pipe: its signals were handled."""

    def hold(self, on: bool) -> None:
        """Suspend the watchdog while `on` is true."""

class Problem:
    """Buffers to place, as the kernels read them: flat arrays, checked once."""

    def __init__(
        self,
        lower: Sequence[int],
        upper: Sequence[int],
        size: Sequence[int],
        alignment: Sequence[int],
        fixed: Sequence[int],
        gaps: Sequence[int] = ...,
        forbidden: Sequence[int] = ...,
        apart: Sequence[int] = ...,
    ) -> None:
        """Check and keep a problem.

        The first five arrays have one number per buffer; the tables have their rows one after the other.

        Args:
            lower: First step alive, 0 .. 2^31 - 2.
            upper: First step no longer alive.
            size: Bytes. All sizes, alignments and fixed offsets together are at most 2^62.
            alignment: What the offset is a multiple of, at least 1.
            fixed: The offset, or -1 where the kernel chooses it.
            gaps: Rows of buffer, lower, upper, window_lower, window_upper: in steps [lower, upper) the buffer
                needs only the bytes [window_lower, window_upper) from its offset on. By time for each buffer.
            forbidden: Rows of buffer, from, to: the offset is not in [from, to). Rising and disjoint for each
                buffer.
            apart: Rows of two buffers that must not touch each other.

        Raises:
            ValueError: A number is out of range, the arrays differ in length, or a row is incomplete.
        """

    @staticmethod
    def read(
        buffers: tuple[object, ...], alignment: int, forbidden: Sequence[int] = ..., apart: Sequence[int] = ...
    ) -> Problem:
        """Return the problem of Python objects.

        Args:
            buffers: Objects with the attributes lower, upper, size, alignment, offset, hint and gaps of a
                tmpass Buffer; the gaps have lower, upper, window_lower and window_upper.
            alignment: What each offset is a multiple of, besides the buffer's own alignment.
            forbidden: As for the constructor.
            apart: As for the constructor.

        Raises:
            ValueError: A buffer is out of range.
            AttributeError, TypeError, OverflowError: An attribute is missing or not a number of 64 bits.
        """

    @property
    def has_fixed(self) -> bool:
        """Whether some offset is fixed."""

def contention(problem: Problem) -> list[int]:
    """Return for each buffer the most live bytes at one step of its live range; gaps count as solid."""

def first_fit(
    problem: Problem, order: Sequence[int], tightest: bool = False, ceiling: int = 9223372036854775807
) -> list[int]:
    """Return the offsets of first fit, or of best fit, in a given order.

    Args:
        problem: The buffers.
        order: A permutation of the buffers.
        tightest: Best fit: the smallest free stretch that is large enough, not the lowest.
        ceiling: Bytes. As soon as the top of a movable buffer is above, the answer is empty.

    Returns:
        One offset per buffer; -2 where the forbidden offsets leave no place.
    """

def pack(problem: Problem, stop: int, tightest: bool = False) -> tuple[list[int], int, int]:
    """Return the lowest packing of first or best fit in several orders.

    Args:
        problem: The buffers.
        stop: A peak in bytes at which no further order is tried.
        tightest: Best fit, as for first_fit.

    Returns:
        The offsets, the peak, and the order: 0 size, 1 area, 2 lifetime, 3 contention, 4 start, 5 as given,
        6 overlaps. The peak is above 2^62 where no packing was found.
    """

def pack_further(
    problem: Problem, stop: int, below: int, begin: int = 0, end: int = 4294967295
) -> tuple[list[int], int]:
    """Return the lowest packing of first fit in the orders that pack leaves out where buffers are many.

    Args:
        problem: The buffers.
        stop: A peak in bytes at which no further order is tried.
        below: A peak in bytes. An order ends as soon as it is not below.
        begin: How many of these orders are left out.
        end: The number of orders up to which they are tried.

    Returns:
        The offsets, nothing where no order is below, and the order as for pack.
    """

def repair(problem: Problem, offsets: Sequence[int], target: int, node_limit: int) -> tuple[list[int], int, int]:
    """Return a packing made lower where it is above a target.

    Gaps count as solid among the buffers that are moved together.

    Args:
        problem: The buffers.
        offsets: A packing of them.
        target: The peak in bytes to reach.
        node_limit: About how many nodes to spend.

    Returns:
        The offsets, the peak in bytes, and the nodes spent.

    Raises:
        ValueError: Also where the problem has pairs that must be apart.
    """

def hill_climb(
    problem: Problem, order: Sequence[int], target: int, node_limit: int, seed: int = 1
) -> tuple[list[int], int]:
    """Return the lowest packing of first fit in orders near a given one.

    Args:
        problem: The buffers.
        order: A permutation of the buffers to begin with.
        target: A peak in bytes at which the search ends.
        node_limit: Moves that may be tried; a move that places many buffers anew costs more than one.
        seed: Of the random choices.

    Returns:
        The offsets, -2 as for first_fit, and the nodes spent.

    Raises:
        ValueError: Also where the overlapping pairs are too many to hold in memory.
    """

def local_search(
    problem: Problem, offsets: Sequence[int], target: int, node_limit: int, seed: int = 1
) -> tuple[list[int], int]:
    """Return the lowest packing found by large neighbourhood search from a given one on.

    Args:
        problem: The buffers.
        offsets: A packing of them.
        target: A peak in bytes at which the search ends.
        node_limit: About how many nodes to spend.
        seed: Of the random choices.

    Returns:
        The offsets and the nodes spent.
    """

def aligned_stack(problem: Problem) -> list[int]:
    """Return all buffers one above another, in an order that wastes few bytes on alignment.

    Args:
        problem: The buffers.

    Returns:
        The offsets; none where two buffers with bytes share no step, where the alignments have a common multiple
        of more than 4096 bytes only, or where the problem has other constraints.
    """

def join_rectangles(problem: Problem, stop: int) -> list[int]:
    """Return a packing of rectangles, into which the buffers are joined where they fit without a hole.

    Args:
        problem: The buffers.
        stop: A peak in bytes at which no further order of the rectangles is tried.

    Returns:
        The offsets; none where more than a quarter as many rectangles as buffers is left, or where the problem
        has constraints beside alignments that divide all sizes.
    """

def narrowest_first(
    problem: Problem, offsets: Sequence[int], target: int, node_limit: int, seed: int = 1
) -> tuple[list[int], int]:
    """Return the lowest packing of several greedy ones that grow where there is least choice, or a given one.

    Args:
        problem: The buffers.
        offsets: A packing of them.
        target: A peak in bytes at which the search ends.
        node_limit: About how many nodes to spend.
        seed: Of the random choices.

    Returns:
        The offsets and the nodes spent.
    """

class MinimallocRules:
    """Rules of minimalloc; all are on unless switched off."""

    def __init__(self, **switches: bool) -> None: ...
    @property
    def canonical(self) -> bool:
        """Of two buffers at one offset, the lower rank comes first."""

    @canonical.setter
    def canonical(self, arg: bool, /) -> None: ...
    @property
    def monotonic(self) -> bool:
        """Nothing is placed below what was placed before."""

    @monotonic.setter
    def monotonic(self, arg: bool, /) -> None: ...
    @property
    def ordering(self) -> bool:
        """Candidates are tried by lowest offset, then by rank; else by rank alone."""

    @ordering.setter
    def ordering(self, arg: bool, /) -> None: ...
    @property
    def dominance(self) -> bool:
        """Nothing starts at or above the lowest top of the unplaced buffers."""

    @dominance.setter
    def dominance(self, arg: bool, /) -> None: ...
    @property
    def section(self) -> bool:
        """The unplaced buffers of a section fit above its floor and the cursor."""

    @section.setter
    def section(self, arg: bool, /) -> None: ...
    @property
    def floor(self) -> bool:
        """Floors rise to the lowest offsets of unplaced buffers; else to the tops of placed ones."""

    @floor.setter
    def floor(self, arg: bool, /) -> None: ...
    @property
    def hatless(self) -> bool:
        """A buffer that raises no other where it is put has no alternatives."""

    @hatless.setter
    def hatless(self, arg: bool, /) -> None: ...
    @property
    def decomposition(self) -> bool:
        """Both sides of a boundary that no unplaced buffer crosses are searched separately."""

    @decomposition.setter
    def decomposition(self, arg: bool, /) -> None: ...
    @property
    def rerank(self) -> bool:
        """Each side is then ranked anew."""

    @rerank.setter
    def rerank(self, arg: bool, /) -> None: ...
    @property
    def always_fit(self) -> bool:
        """Buffers that fit wherever the others are placed are left out of a first, short search."""

    @always_fit.setter
    def always_fit(self, arg: bool, /) -> None: ...

def minimalloc(
    problem: Problem, capacity: int, node_limit: int, rules: MinimallocRules = ..., cancel: Cancel | None = None
) -> tuple[int, list[int], int]:
    """Search for a packing within a capacity as MiniMalloc does.

    Args:
        problem: The buffers; no gap has a window, and no pair must be apart.
        capacity: The highest top in bytes, 0 .. 2^62.
        node_limit: Placements that may be tried; one in a large part costs more than one.
        rules: Switches of the rules, for tests and benchmarks. No rule changes a proof.
        cancel: Ends the search from another thread.

    Returns:
        The answer (0 a packing was found, 1 proved impossible, 2 budget ended), the offsets, and the nodes
        spent. Offsets have a meaning only where a packing was found.

    Raises:
        ValueError: Also on windows and pairs that must be apart, and where the overlapping pairs are too many to
            hold in memory.
    """

class PostponeRules:
    """Rules of postpone; all are on unless switched off."""

    def __init__(self, **switches: bool) -> None: ...
    @property
    def window(self) -> bool:
        """Another buffer must take bytes of the place that a postponed buffer is refused."""

    @window.setter
    def window(self, arg: bool, /) -> None: ...
    @property
    def exchange(self) -> bool:
        """Of two buffers that touch and live equally long, the larger is below."""

    @exchange.setter
    def exchange(self, arg: bool, /) -> None: ...
    @property
    def first(self) -> bool:
        """The buffers that can be lowest in a section raise all others."""

    @first.setter
    def first(self, arg: bool, /) -> None: ...
    @property
    def sums(self) -> bool:
        """What crosses a boundary of two sections is at a sum of sizes on both of its sides."""

    @sums.setter
    def sums(self, arg: bool, /) -> None: ...
    @property
    def nogoods(self) -> bool:
        """A dead end goes back to the last placement that it follows from, and is remembered."""

    @nogoods.setter
    def nogoods(self, arg: bool, /) -> None: ...
    @property
    def blocks(self) -> bool:
        """Blocks of buffers that seem to belong together are tried too."""

    @blocks.setter
    def blocks(self, arg: bool, /) -> None: ...
    @property
    def pinwheels(self) -> bool:
        """Five blocks may form a pinwheel."""

    @pinwheels.setter
    def pinwheels(self, arg: bool, /) -> None: ...

def postpone(
    problem: Problem,
    capacity: int,
    node_limit: int,
    seed: int = 1,
    rules: PostponeRules = ...,
    cancel: Cancel | None = None,
) -> tuple[int, list[int], int]:
    """Search for a packing within a capacity by place-or-postpone.

    Args:
        problem: The buffers; gaps may have windows, and pairs may have to be apart.
        capacity: The highest top in bytes, 0 .. 2^62.
        node_limit: Decisions that may be taken; one in a large part costs more than one.
        seed: Of the random choices.
        rules: Switches of the rules, for tests and benchmarks. No rule changes a proof.
        cancel: Ends the search from another thread.

    Returns:
        The answer, the offsets and the nodes spent, as for minimalloc.

    Raises:
        ValueError: The overlapping pairs are too many to hold in memory.
    """

def dead_end_features() -> list[str]:
    """Return the names of the features of a choice at a dead end, in their order."""

class LearnedBacktracking:
    """Trees by which telamalloc goes back from a dead end."""

    def __init__(self, nodes: Sequence[tuple[int, int, float]], base: float, threshold: float) -> None:
        """Take trees.

        Args:
            nodes: Of all trees in pre-order: the feature, the place of the child at or above the threshold, and
                the threshold; in a leaf -1, any number, and the score.
            base: The score without trees.
            threshold: The score from which on the search goes back.

        Raises:
            ValueError: The nodes are not trees.
        """

    def score(self, row: Sequence[float]) -> float:
        """Return the score of a row of features."""

def dead_ends(
    problem: Problem,
    capacity: int,
    node_limit: int,
    seed: int,
    every: int,
    most: int,
    learned: LearnedBacktracking | None = None,
) -> list[tuple[list[int], list[int], int, list[int], list[float]]]:
    """Return dead ends of telamalloc, to learn from.

    Args:
        problem: The buffers.
        capacity: The highest top in bytes, 0 .. 2^62.
        node_limit: Of the search.
        seed: Of the random choices.
        every: One in this many dead ends is recorded.
        most: How many are recorded at most.
        learned: Where the search goes back to; by default to the last placement that took part.

    Returns:
        For each dead end the buffers in the order of their placements, their offsets in bytes, the depth of the
        last one of the conflict, the depths that are worth a look, and a row of features for each.

    Raises:
        ValueError: As for telamalloc.
    """

class Backtracking(enum.Enum):
    """Where telamalloc goes back to from a dead end."""

    CONFLICT = 0
    """To the last placement that took part; further when stuck."""

    CHRONOLOGICAL = 1
    """To the last placement."""

def telamalloc(
    problem: Problem,
    capacity: int,
    node_limit: int,
    seed: int = 1,
    policy: Backtracking = Backtracking.CONFLICT,
    climb: int = 64,
    cancel: Cancel | None = None,
    learned: LearnedBacktracking | None = None,
) -> tuple[int, list[int], int]:
    """Search for a packing within a capacity as TelaMalloc does, with every constraint.

    Args:
        problem: The buffers; gaps may have windows, and pairs may have to be apart.
        capacity: The highest top in bytes, 0 .. 2^62.
        node_limit: Placements and refutations that may be tried; one with many consequences costs more.
        seed: Of the random choices.
        policy: Where to go back to from a dead end.
        climb: Changes of bounds per buffer before whole chains are looked at; for tests. No answer depends on it.
        cancel: Ends the search from another thread.
        learned: Where to go back to, in place of `policy`.

    Returns:
        The answer, the offsets and the nodes spent, as for minimalloc.

    Raises:
        ValueError: Also where the overlapping pairs are too many to hold in memory.
    """

def first_dead_end(problem: Problem, capacity: int, order: Sequence[int]) -> tuple[int, list[int], int]:
    """Place the first independent part in a given order until placements contradict each other; for tests.

    Args:
        problem: The buffers.
        capacity: The highest top in bytes, 0 .. 2^62.
        order: A permutation of the buffers.

    Returns:
        1 where they do and 0 where they do not; the offsets of the placements that cannot be together, -1 for all
        other buffers; and how many were placed.
    """

def always_fit(problem: Problem, capacity: int) -> list[tuple[int, list[int]]]:
    """Return the buffers that the exact searches set aside, for tests.

    Args:
        problem: The buffers.
        capacity: The highest top in bytes, 0 .. 2^62.

    Returns:
        For each independent part its unit in bytes, and its buffers in the order in which they are set aside.
    """

class OrderProblem:
    """Operators to order, and the bytes that an order keeps alive."""

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
    ) -> None:
        """Check and keep a problem. An item is an amount of bytes, alive from its first to its last user.

        Args:
            edges: Rows of two operators: the second runs after the first.
            size: Bytes of each item. All bytes of a problem together are below 2^62.
            first: For each item, 1 where it is alive before the first operator.
            last: For each item, 1 where it is alive after the last operator.
            starts: The users of item i are users[starts[i] .. starts[i + 1]).
            users: Operators.
            scratch: Bytes that each operator needs in its own step.
            in_place: Rows of operator, bytes, how many items, those items: where all of them end with the
                operator, that many bytes fewer are alive in its step.
            beginning: Bytes more in the first step, whichever operator it is.
            partial: Of in-place items, those that end count although others do not.

        Raises:
            ValueError: A number is out of range, an item has no user, or operators wait for each other in a cycle.
        """

    def __len__(self) -> int:
        """Return the number of operators."""

def find_cuts(problem: OrderProblem) -> tuple[list[int], list[int]]:
    """Return a topological order, and the positions in it at which every order has run the same operators.

    The operators between two such positions can be ordered on their own.
    """

class OrderParts:
    """One order of all operators, and ranges of it as problems of their own."""

    def __init__(self, problem: OrderProblem, order: Sequence[int]) -> None:
        """Keep a topological order of all operators of `problem`."""

    @property
    def order(self) -> list[int]:
        """The operators in the present order."""

    @property
    def profile(self) -> list[int]:
        """Bytes alive while each operator runs, in the present order."""

    def part(self, begin: int, end: int) -> OrderProblem:
        """Return the operators at positions [begin, end) as a problem, numbered from 0 in the present order."""

    def reorder(self, begin: int, local: Sequence[int]) -> None:
        """Put the operators from position `begin` on into the order `local`, which has their numbers in the part."""

def bound_orders(problem: OrderProblem, during: Sequence[int], limit: int) -> tuple[int, int, int]:
    """Return a lower bound on the peak of every order, by minimum cuts.

    Args:
        problem: The operators.
        during: Bytes alive while each operator runs, by its number, in some order.
        limit: Minimum cuts that may be computed.

    Returns:
        The bound in bytes, the operator whose step needs it in every order, and the cuts computed.
    """

def beam_order(problem: OrderProblem, width: int, enough: int) -> list[int]:
    """Return an order found by beam search.

    Args:
        problem: The operators.
        width: Sets of each size that are followed, 1 .. 2^20.
        enough: Peaks up to this many bytes are equally good.
    """

class OrderRules:
    """Rules of search_orders; all are on unless switched off."""

    def __init__(self, **switches: bool) -> None: ...
    @property
    def descend(self) -> bool:
        """A step that leaves no more bytes alive is taken at once."""

    @descend.setter
    def descend(self, arg: bool, /) -> None: ...
    @property
    def chains(self) -> bool:
        """So is a chain of steps that leaves no more bytes alive."""

    @chains.setter
    def chains(self, arg: bool, /) -> None: ...
    @property
    def hills(self) -> bool:
        """Of parallel chains, only the one with the best hill and valley goes on."""

    @hills.setter
    def hills(self, arg: bool, /) -> None: ...
    @property
    def twins(self) -> bool:
        """Sets that differ only in which of equal components ran are the same."""

    @twins.setter
    def twins(self, arg: bool, /) -> None: ...

def search_orders(
    problem: OrderProblem, lower: int, upper: int, limit: int, rules: OrderRules = ...
) -> tuple[list[int], int, int]:
    """Search for an order with the least peak.

    Args:
        problem: The operators.
        lower: A proved lower bound on the peak, in bytes.
        upper: The peak in bytes that the order must be below.
        limit: Sets of operators that may be entered.
        rules: Switches of the rules, for tests. No rule changes a proof.

    Returns:
        The order, empty where none was found; a lower bound on every peak, in bytes; and the sets entered. An
        order that was found has the least peak.
    """

class SubsetSums:
    """The sums of bytes that one option from each group can make."""

    def __init__(self, starts: Sequence[int], options: Sequence[int], capacity: int) -> None:
        """Find all sums up to `capacity` bytes.

        Args:
            starts: The options of group g are options[starts[g] .. starts[g + 1]); no group is empty.
            options: In bytes.
            capacity: In bytes. Divided by the greatest common divisor of the options it is at most 2^33.
        """

    def largest(self, limit: int) -> int:
        """Return the largest sum that is at most `limit` bytes and the capacity, or -1 where there is none."""

    def choose(self, total: int) -> list[int]:
        """Return for each group the number of an option, so that together they make `total` bytes."""

def least_loss(
    groups: tuple[Sequence[int], Sequence[int], Sequence[int]], capacity: int, price: int, most: int
) -> tuple[int, list[int]]:
    """Choose one option of each group with the least regrets and the fewest unused bytes.

    Args:
        groups: Three arrays. Starts: the options of group g are starts[g] .. starts[g + 1]; the bytes of each
            option; and its regret, at least 0.
        capacity: In bytes.
        price: Of an unused byte.
        most: Choices with more regrets are left out.

    Returns:
        The sum of regrets and of the price of unused bytes, -1 where nothing fits; and for each group the
        number of an option.
    """

def search_absences(
    steps: tuple[Sequence[int], Sequence[int], Sequence[int]],
    forbidden: tuple[Sequence[int], Sequence[int]],
    limit: int,
) -> tuple[bool, list[int], int, int, int]:
    """Choose the steps that buffers spend off chip between two uses, so that copies cost the least.

    Args:
        steps: Three arrays. The bytes of each step beyond the capacity where no buffer is ever absent; five
            numbers for each absence, by rising first step: its steps [first, last), the bytes that it frees,
            the cost of the fetch, and its version, or -1 where it needs no spill; and the cost of the spill of
            each version. Costs together, and bytes times rows, are at most 2^58.
        forbidden: Starts and members of combinations: absences of which at least one has to be taken.
        limit: States that may be made; the first search, which proves little, is always finished.

    Returns:
        Whether there is a choice that leaves no step too full; the numbers of the absences that are taken;
        their cost; a lower bound on the cost; and the states made.
    """

def search_placements(
    rows: int,
    buffers: tuple[Sequence[int], Sequence[int], Sequence[int], Sequence[int], Sequence[int]],
    forbidden: tuple[Sequence[int], Sequence[int]],
    limit: int,
) -> tuple[bool, list[int], int, int, bool, int]:
    """Search for the cheapest division of buffers among memories.

    Args:
        rows: The number of steps at which some memory could be over-full.
        buffers: Five arrays. The capacity of each memory in bytes; starts: buffer i has the pieces
            starts[i] .. starts[i + 1]; pieces: two rows each, [first, last), in order; the bytes of each piece
            in each memory; the cost of each buffer in each memory, or -1 where it cannot be there. Buffers
            come by rising first row. Costs together, and bytes times rows, are at most 2^58.
        forbidden: Starts and rows of at most 64 combinations: a memory and buffers that are not all in it.
        limit: States that may be made; the first search, which proves little, is always finished.

    Returns:
        Whether there is a placement; the memory of each buffer; the cost; a lower bound on the cost; whether the
        search ended, so that this is the cheapest placement or there is none; and the states made.
    """

class FreeOrderProblem:
    """Operators to order under a scratchpad that may be too small."""

    def __init__(
        self,
        capacity: int,
        items: tuple[Sequence[int], Sequence[int], Sequence[int], Sequence[int]],
        starts: Sequence[int],
        readers: Sequence[int],
        own: Sequence[int],
        edges: Sequence[int] = ...,
        over: Sequence[int] = ...,
    ) -> None:
        """Check and keep a problem. An item is a tensor that is on chip in several steps, or may be.

        Args:
            capacity: Bytes of the scratchpad.
            items: Four arrays. The bytes that move where an item moves; the room that it takes; 1 where the run
                stores it behind in any case; the operator that makes it, or -1 where a copy lies behind before
                the run. Sizes times readers and two more, and all room, are at most 2^56.
            starts: The readers of item i are readers[starts[i] .. starts[i + 1]). A stored item has two at least.
            readers: Operators.
            own: Room that each operator needs in its step besides items.
            edges: Rows of two operators: the second runs after the first, for other reasons than items.
            over: Rows of an operator, an item that it may write over where no later one reads it, and the room
                that it saves then. Of several items, it writes over one at most.

        Raises:
            ValueError: A number is out of range, operators wait for each other in a cycle, or one of them needs
                more than the capacity.
        """

    def __len__(self) -> int:
        """Return the number of operators."""

def search_labels(
    problem: FreeOrderProblem, upper: int, limit: int, sets: int = 0, chains: int = 1
) -> tuple[list[int], int, int, int]:
    """Search for the order that moves the fewest bytes off chip and back, addresses left out.

    Args:
        problem: The operators.
        upper: Only orders that cost less count, in bytes.
        limit: Labels that may be made.
        sets: Sets of operators that may be entered to find the least peak that is still to come.
        chains: Which chains run at once: 0 none, 1 those that are proved to be lossless, 2 all that leave no more
            bytes on chip.

    Returns:
        The order, empty where none was found; its cost; a lower bound on the cost of every order, at most
        `upper`; and the labels made.
    """

def beam_labels(
    problem: FreeOrderProblem, upper: int, limit: int, score: tuple[int, int, bool]
) -> tuple[list[int], int, int]:
    """Look for an order that moves few bytes, by a beam, addresses left out.

    Args:
        problem: The operators.
        upper: Only orders that cost less count, in bytes.
        limit: Labels that may be made.
        score: How many labels of each number of operators go on; how much it counts, in sixteenths of the cost,
            what sending away all that is on chip would cost; and whether an operator that makes all that another
            one reads is followed by that one.

    Returns:
        The order, empty where none was found; its cost; and the labels made.
    """

def quick_check(buffers: tuple[object, ...], offsets: tuple[int, ...], alignment: int, capacity: int) -> bool:
    """Return True where the offsets are surely a packing, and False where a closer look is needed.

    Args:
        buffers: Objects with the attributes lower, upper, size, alignment, offset and gaps.
        offsets: One per buffer, in bytes.
        alignment: What each offset is a multiple of, besides the buffer's own alignment.
        capacity: The highest top in bytes.

    Returns:
        False where the offsets are wrong, and also where a buffer has gaps or very many pairs share a step.
        Memories and pairs that must be apart are not looked at.
    """

def rectangles_apart(rectangles: tuple[tuple[int, int, int, int, int], ...]) -> bool:
    """Return True where surely no two rectangles overlap, and False where a closer look is needed.

    Args:
        rectangles: Tuples that begin with lower, upper, low, high: bytes [low, high) during the steps
            [lower, upper). Empty ones overlap nothing.

    Complexity: O(n log n).
    """

def step_bound(
    buffers: tuple[object, ...],
    alignment: int,
    memories: Sequence[tuple[int, int]] = (),
    grounds: Sequence[int] = (),
    beyond: int = 0,
) -> tuple[int, int, int, int]:
    """Return a lower bound on the peak of all packings, from what single steps need.

    Args:
        buffers: Objects with the attributes lower, upper, size, alignment, offset and gaps.
        alignment: What each offset is a multiple of, besides the buffer's own alignment.
        memories: The offset and the end of each, in the order of their addresses.
        grounds: For each buffer the offset of the lowest memory that may hold it, and -1 where none may; empty
            without memories.
        beyond: The peak where the memories are too small.

    Returns:
        The bound in bytes, and the first step that forces it; the most live bytes at a step, and the first such
        step.

    Raises:
        ValueError: The numbers are not those of a problem.
    """

FLAT_FIELD_LIMIT: int = 14

class FlatField:
    """A field of a table that is an offset: to a string, a vector or a table."""

    def __init__(self, number: int, name: str) -> None: ...
    @property
    def number(self) -> int: ...
    @property
    def name(self) -> str: ...

class FlatScalar:
    """A field of a flatbuffer's table that is a number; 0 if it is absent."""

    def __init__(self, number: int, name: str, code: struct.Struct) -> None:
        """Keep a field.

        Args:
            number: Of the field in its table.
            name: In errors.
            code: The layout of one number, little-endian, as the module struct has it.

        Raises:
            ValueError: The layout is another one.
        """

    @property
    def number(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def code(self, /) -> struct.Struct: ...

class FlatTables:
    """An iterator over the tables of a vector."""

    def __iter__(self) -> Iterator[FlatTable]: ...
    def __next__(self) -> FlatTable: ...

class FlatTable:
    """A table of a flatbuffer that may be damaged or hostile: every offset is checked."""

    def __init__(self, data: bytes, position: int, kind: str) -> None:
        """Read the root table. All methods of it and of the tables in it raise ModelError for what is damaged.

        Args:
            data: The bytes of the file.
            position: Of the table in them.
            kind: Its name in errors.

        Raises:
            ModelError: Its vtable is outside the file.
            ValueError: The table itself is outside the file.
        """

    @property
    def where(self) -> str:
        """The name of the table in errors, such as 'tensor 5 of subgraph 0'."""

    @property
    def index(self, /) -> int | None:
        """Its place in a vector of tables."""

    @property
    def position(self) -> int:
        """The byte of the file at which it begins."""

    @overload
    def has(self, field: FlatField) -> bool: ...
    @overload
    def has(self, field: FlatScalar) -> bool:
        """Return whether a field is present."""

    def place(self, field: FlatScalar) -> int:
        """Return the byte of the file at which a field begins, which must be present."""

    def fields_above(self, count: int) -> bool:
        """Return whether the table has a field with number `count` or above."""

    def scalar(self, field: FlatScalar) -> int:
        """Return the number in a field, 0 if it is absent."""

    def integers(self, field: FlatField) -> tuple[int, ...] | None:
        """Return the entries of a vector of 32-bit integers, None if it is absent."""

    def vector(self, field: FlatField, width: int) -> bytes:
        """Return the bytes of a vector of entries of `width` bytes, none if it is absent."""

    def string(self, field: FlatField) -> str | None:
        """Return the text in a field, None if it is absent; bytes that are not UTF-8 become escapes."""

    def tables(self, field: FlatField, kind: str) -> Iterator[FlatTable]:
        """Return an iterator over the tables of a vector, none if it is absent; `kind` names them in errors."""

    def table(self, field: FlatField, kind: str) -> FlatTable | None:
        """Return the table in a field, None if it is absent."""

    def span(self, field: FlatField, width: int = 1) -> tuple[int, int]:
        """Return the first byte and the number of entries of a vector; (0, 0) if it is absent."""

    def target(self, field: FlatField) -> int:
        """Return the first byte of the object in a field, 0 if it is absent; its first 4 bytes are in the file."""

    def raw_fields(self) -> list[tuple[int, bytes]]:
        """Return the number and the bytes of each field that is present.

        A field ends where the next one begins, and is padded there: the bytes are at least its own. Their
        number is 1, 2, 4 or 8.
        """
