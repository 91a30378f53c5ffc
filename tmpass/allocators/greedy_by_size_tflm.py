"""Greedy by size as TensorFlow Lite Micro does it: what a model's arena is today on a microcontroller.

Its GreedyMemoryPlanner places what has an offset already, then the others by falling size, each in the lowest gap that
is large enough. Sizes are rounded up to the alignment before they are compared, and the last of equals comes first.
"""

from tmpass import _core
from tmpass.allocators import CONSTRAINTS, Found, Goal
from tmpass.allocators.arrays import Arrays, to_arrays
from tmpass.allocators.in_order import place
from tmpass.problem import Problem

HONOURS = frozenset(CONSTRAINTS)

NAME = "greedy-by-size-tflm"


def solve(problem: Problem, goal: Goal) -> Found:
    """The one packing that the rule makes, whatever the goal."""
    arrays = to_arrays(problem)
    return pack(problem, goal, arrays, _core.Problem(*arrays))


def pack(problem: Problem, goal: Goal, arrays: Arrays, native: _core.Problem) -> Found:
    """The same for a problem that the kernels have already."""
    return place(problem, goal, native, order(arrays), NAME)


def order(arrays: Arrays) -> list[int]:
    """The buffers in the order of TensorFlow Lite Micro."""
    rounded = [-(-size // alignment) * alignment for size, alignment in zip(arrays.size, arrays.alignment, strict=True)]
    return sorted(range(len(rounded)), key=lambda b: (-rounded[b], -b))
