"""The least peak from a kernel that knows whether a packing within a given capacity exists.

    peak of first fit  ----------  known
                         ?   ?     asked: the bound first, then the capacity, then the middle of what is open
    lower bound        ----------  proved

Where a question takes too long, the next one is above it. When nothing is left to ask, a new sweep from the bound
begins with four times the nodes for each question, until the budget has ended.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import gcd

from tmpass import _core
from tmpass.allocators import Found, Goal, satisfied
from tmpass.allocators.arrays import Arrays, peak_of, to_arrays
from tmpass.problem import Problem
from tmpass.sizes import MAX_BYTES

Kernel = Callable[[_core.Problem, int, int], tuple[int, list[int], int]]
"""(problem, capacity in bytes, limit in nodes) -> answer, offsets in bytes where found, nodes spent."""

FOUND, IMPOSSIBLE = 0, 1

MAX_BUFFERS = 20_000
"""Above this many buffers there is no search: its tables of overlaps would be too large."""

_FIRST_NODES = 16
"""Per buffer, for a question of the first sweep."""


@dataclass(frozen=True, slots=True)
class _Sweep:
    """What a question may cost in nodes, and the one for the bound, which would end the search.

    `refused` is the highest capacity that was proved impossible, or ended its nodes in this sweep.
    """

    limit: int
    bound_limit: int
    refused: int


def improve(problem: Problem, goal: Goal, best: Found, name: str, kernel: Kernel) -> Found:
    """`best`, or a lower packing by the method `name`, with what was proved on the way."""
    if len(problem.buffers) > MAX_BUFFERS:
        return best
    arrays = to_arrays(problem)
    native = _core.Problem(*arrays)
    grid = _grid(arrays)
    first = _FIRST_NODES * len(problem.buffers)
    floor = best.bound - 1  # no packing is at or below it
    sweep = _Sweep(first, 8 * first, floor)  # many a bound is met at once
    while best.nodes < goal.nodes and not satisfied(problem, goal, best):
        capacity = _next_capacity(problem, goal, sweep.refused, best, grid)
        if capacity is None:
            if sweep.refused <= floor:
                break
            sweep = _Sweep(4 * sweep.limit, 16 * sweep.limit, floor)
            continue
        left = goal.nodes - best.nodes
        limit = min(left, sweep.bound_limit if capacity == best.bound else sweep.limit) if goal.minimize else left
        try:
            answer, offsets, spent = kernel(native, capacity, limit)
        except ValueError:  # too many overlaps to hold in memory
            break
        best = replace(best, nodes=best.nodes + spent)
        if answer == FOUND:
            best = replace(best, offsets=tuple(offsets), peak=peak_of(problem, offsets), method=name)
        elif answer == IMPOSSIBLE:
            floor = (capacity // grid + 1) * grid - 1  # a packing pushed down has all its tops on the grid
            sweep = replace(sweep, refused=max(sweep.refused, floor))
            best = replace(best, bound=max(best.bound, floor + 1))
        elif spent == 0:  # too large to be searched
            break
        else:
            sweep = replace(sweep, refused=capacity)
    return best


def _grid(arrays: Arrays) -> int:
    """What the tops of every packing pushed down are multiples of: they are sums of sizes, and of what is between the
    edges of windows, above the ground, a fixed buffer or where a memory begins, and rounded up where that does not give
    an alignment already. Between two that are apart there is a byte.
    """
    starts = (offset for offset in (*arrays.fixed, *arrays.barred[2::3]) if 0 < offset <= MAX_BYTES)
    grid = gcd(*arrays.size, *arrays.gaps[3::5], *arrays.gaps[4::5], *starts, *arrays.apart and (1,)) or 1
    alignments = set(arrays.alignment)
    while odd := [a for a in alignments if grid % a and a % grid]:
        grid = gcd(grid, *odd)
    return grid


def _next_capacity(problem: Problem, goal: Goal, refused: int, best: Found, grid: int) -> int | None:
    """What to ask next: the first of these that is still open. Peaks are multiples of `grid`.

    A bound that a refutation raised is no better than other places; one step of the grid after the other could take
    forever.
    """
    middle = (refused // grid + 1 + (best.peak - 1) // grid) // 2 * grid
    capacity = best.peak if problem.capacity is None else problem.capacity
    # Without a packing, what is impossible within the problem's reach is so within a larger capacity.
    wishes = (goal.bound, capacity, middle) if goal.minimize else (min(capacity, best.peak - 1),)
    return next((wish for wish in wishes if refused < wish < best.peak), None)
