"""Greedy by size as TensorFlow Lite Micro does it: what a model's arena is today on a microcontroller.

Its GreedyMemoryPlanner places what has an offset already, then the others by falling size, each in the lowest gap that
is large enough. Sizes are rounded up to the alignment before they are compared, and the last of equals comes first.
"""

from tmpass.packing.allocators import CONSTRAINTS, Found, Goal
from tmpass.packing.allocators.in_order import place
from tmpass.packing.problem import Problem

HONOURS = frozenset(CONSTRAINTS)


def solve(problem: Problem, goal: Goal) -> Found:
    """The one packing that the rule makes, whatever the goal."""
    return place(problem, goal, order(problem), "greedy-by-size-tflm")


def order(problem: Problem) -> list[int]:
    """The buffers in the order of TensorFlow Lite Micro."""
    rounded = [-(-b.size // (grain := problem.alignment_of(b))) * grain for b in problem.buffers]
    return sorted(range(len(rounded)), key=lambda b: (-rounded[b], -b))
