"""First fit over several orders: the cheap method that is usually enough.

By size, it is the greedy-by-size planner of TFLite (Pisarchyk and Lee, "Efficient Memory Management for Deep
Neural Net Inference", 2020) with the lowest gap in place of the smallest one.
"""

from collections.abc import Callable, Iterator

from tmpass import _core
from tmpass.allocators import CONSTRAINTS, Found, Goal, nothing, satisfied
from tmpass.allocators.arrays import Arrays, peak_of, to_arrays
from tmpass.problem import Problem

HONOURS = frozenset(CONSTRAINTS)

NOWHERE = -2
"""The kernel's answer for a buffer that no memory has room for."""

Key = Callable[[int], tuple[int, ...]]


def solve(problem: Problem, goal: Goal) -> Found:
    """The lowest packing of first fit over ORDERS, the first of them where several are equal."""
    arrays = to_arrays(problem)
    native = _core.Problem(*arrays)
    best = nothing(problem, goal, "first-fit")
    for name, order in _orders(arrays, native):
        offsets = _core.first_fit(native, order)
        if NOWHERE in offsets:
            continue
        found = Found(tuple(offsets), peak_of(problem, offsets), goal.bound, f"first-fit by {name}")
        if found.peak < best.peak:
            best = found
        if satisfied(problem, goal, best):
            break
    return best


def _orders(arrays: Arrays, native: _core.Problem) -> Iterator[tuple[str, list[int]]]:
    """Permutations by falling key, the most promising first, ties by lifetime or size and then by index."""
    lower, upper, size, *_ = arrays
    buffers = range(len(size))
    keys: dict[str, Key] = {
        "size": lambda b: (-size[b], lower[b] - upper[b], lower[b]),
        "area": lambda b: (-size[b] * (upper[b] - lower[b]), -size[b]),
        "lifetime": lambda b: (lower[b] - upper[b], -size[b]),
        "start": lambda b: (lower[b], lower[b] - upper[b], -size[b]),
    }
    for name in ("size", "area", "lifetime"):
        yield name, sorted(buffers, key=keys[name])
    load = _core.contention(native)
    yield "contention", sorted(buffers, key=lambda b: (-load[b], -size[b], lower[b] - upper[b]))
    yield "start", sorted(buffers, key=keys["start"])
