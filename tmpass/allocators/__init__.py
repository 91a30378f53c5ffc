"""One file per method. Each offers `solve(problem, goal) -> Found`; they see buffers, never a graph."""

from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

from tmpass.errors import UsageError
from tmpass.problem import Problem

METHODS = {
    "auto": "auto",
    "first-fit": "first_fit",
    "canonical": "canonical",
    "place-or-postpone": "place_or_postpone",
}
"""Name on the command line -> module."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What a method is asked.

    Fields: `bound` is a proved lower bound on the peak in bytes, where the method may stop; `minimize` asks for the
    least peak, otherwise any peak within the problem's capacity will do; `nodes` is how many search steps it may take.
    """

    bound: int
    minimize: bool
    nodes: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a method answers: offsets of the best packing, its peak, the bound as far as it was proved, and the cost."""

    offsets: tuple[int, ...]
    peak: int
    bound: int
    method: str
    nodes: int = 0


class Method(Protocol):
    """The face of a module in METHODS."""

    def solve(self, problem: Problem, goal: Goal) -> Found:
        """A packing without overlap of `problem`, as low as the goal asks for and the method can."""


def method(name: str) -> Method:
    """The module of `name`.

    Raises:
        UsageError: there is no such method.
    """
    if name not in METHODS:
        raise UsageError(f"allocator {name!r} is unknown", hint="choose one of " + ", ".join(METHODS))
    return cast(Method, import_module(f"tmpass.allocators.{METHODS[name]}"))


def satisfied(problem: Problem, goal: Goal, found: Found) -> bool:
    """Whether nothing is left to do: the bound is met, or the capacity where only that was asked."""
    if found.peak <= found.bound:
        return True
    return not goal.minimize and problem.capacity is not None and found.peak <= problem.capacity
