"""Greedy by size as TensorFlow Lite does it: what a model's arena is today on a phone or a desktop.

Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020, as it stands in ArenaPlanner and
SimpleMemoryArena of TensorFlow Lite and LiteRT: buffers alive all the time first, then by falling size, ties by start;
each in the smallest gap that is large enough, the lowest of them, or above all that it overlaps.

What TensorFlow Lite leaves to its library's sort (equal size and start) is decided by index here.
"""

from tmpass import _core
from tmpass.allocators import CONSTRAINTS, Found, Goal
from tmpass.allocators.arrays import Arrays, to_arrays
from tmpass.allocators.in_order import place
from tmpass.problem import Problem

HONOURS = frozenset(CONSTRAINTS)

NAME = "greedy-by-size"


def solve(problem: Problem, goal: Goal) -> Found:
    """The one packing that the rule makes, whatever the goal."""
    arrays = to_arrays(problem)
    return pack(problem, goal, arrays, _core.Problem(*arrays))


def pack(problem: Problem, goal: Goal, arrays: Arrays, native: _core.Problem) -> Found:
    """The same for a problem that the kernels have already."""
    return place(problem, goal, native, order(arrays), NAME, tightest=True)


def order(arrays: Arrays) -> list[int]:
    """The buffers in the order of TensorFlow Lite."""
    begin, end = min(arrays.lower, default=0), max(arrays.upper, default=0)

    def key(b: int) -> tuple[int, ...]:
        if arrays.lower[b] == begin and arrays.upper[b] == end:
            return (0, b)
        return (1, -arrays.size[b], arrays.lower[b], b)

    return sorted(range(len(arrays.size)), key=key)
