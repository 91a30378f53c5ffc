"""Greedy by size as in TensorFlow Lite: the arena of a model today on a phone or a desktop.

Buffers that are alive all the time come first, then by falling size, ties by start. Each takes the smallest gap that is
large enough, the lowest of equals, or the place above all that it overlaps in time. TensorFlow Lite leaves buffers of
equal size and start to its library's sort; here the index decides.

Source: Pisarchyk and Lee, "Efficient Memory Management for Deep Neural Net Inference", 2020, as implemented by
ArenaPlanner and SimpleMemoryArena of TensorFlow Lite and LiteRT.
"""

from tmpass.packing.allocators import CONSTRAINTS, Found, Goal
from tmpass.packing.allocators.in_order import place
from tmpass.packing.problem import Problem

HONOURS = frozenset(CONSTRAINTS)


def solve(problem: Problem, goal: Goal, *, below: int | None = None) -> Found:
    """The packing that the rule gives, whatever the goal; none where `below` is given and a top would not be below."""
    return place(problem, goal, order(problem), "greedy-by-size", tightest=True, below=below)


def order(problem: Problem) -> list[int]:
    """The buffers in the order of TensorFlow Lite."""
    begin, end = min((b.lower for b in problem.buffers), default=0), problem.horizon

    def key(at: int) -> tuple[int, ...]:
        buffer = problem.buffers[at]
        if buffer.lower == begin and buffer.upper == end:
            return (0, at)
        return (1, -buffer.size, buffer.lower, at)

    return sorted(range(len(problem.buffers)), key=key)
