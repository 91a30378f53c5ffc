"""Greedy by size as TensorFlow Lite does it: what a model's arena is today on a phone or a desktop.

Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020, as it stands in ArenaPlanner and
SimpleMemoryArena of TensorFlow Lite and LiteRT: buffers alive all the time first, then by falling size, ties by start;
each in the smallest gap that is large enough, the lowest of them, or above all that it overlaps.

What TensorFlow Lite leaves to its library's sort (equal size and start) is decided by index here.
"""

from tmpass.packing.allocators import CONSTRAINTS, Found, Goal
from tmpass.packing.allocators.in_order import place
from tmpass.packing.problem import Problem

HONOURS = frozenset(CONSTRAINTS)


def solve(problem: Problem, goal: Goal) -> Found:
    """The one packing that the rule makes, whatever the goal."""
    return place(problem, goal, order(problem), "greedy-by-size", tightest=True)


def order(problem: Problem) -> list[int]:
    """The buffers in the order of TensorFlow Lite."""
    begin, end = min((b.lower for b in problem.buffers), default=0), problem.horizon

    def key(at: int) -> tuple[int, ...]:
        buffer = problem.buffers[at]
        if buffer.lower == begin and buffer.upper == end:
            return (0, at)
        return (1, -buffer.size, buffer.lower, at)

    return sorted(range(len(problem.buffers)), key=key)
