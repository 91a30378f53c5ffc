"""Greedy by size as in TensorFlow Lite Micro: the arena of a model today on a microcontroller.

Buffers with a fixed offset are placed first, then the others by falling size, each in the lowest gap that is large
enough. Sizes are rounded up to the alignment before they are compared, and the last of equals comes first.

Source: GreedyMemoryPlanner of TensorFlow Lite Micro.
"""

from tmpass.packing.allocators import CONSTRAINTS, Found, Goal
from tmpass.packing.allocators.in_order import place
from tmpass.packing.problem import Problem

HONOURS = frozenset(CONSTRAINTS)


def solve(problem: Problem, goal: Goal, *, below: int | None = None) -> Found:
    """The packing that the rule gives, whatever the goal; none where `below` is given and a top would not be below."""
    return place(problem, goal, order(problem), "greedy-by-size-tflm", below=below)


def order(problem: Problem) -> list[int]:
    """The buffers in the order of TensorFlow Lite Micro."""
    rounded = [-(-b.size // (grain := problem.alignment_of(b))) * grain for b in problem.buffers]
    return sorted(range(len(rounded)), key=lambda b: (-rounded[b], -b))
