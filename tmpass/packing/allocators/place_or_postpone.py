"""Place or postpone: an exact search of this project.

A buffer has the lowest offset that is possible, or it has not. In the second case another buffer must take bytes of the
place that it does not get. The search branches where the fewest buffers can be the lowest, learns from failed branches
where that is, and restarts under Luby's limits.
`core/packing/postpone.hpp` has the drawing and the argument.
"""

import tmpass._core as _core
from tmpass.packing.allocators import CONSTRAINTS, Found, Goal, capacity_search, first_fit
from tmpass.packing.allocators.speculation import Question
from tmpass.packing.problem import Problem

HONOURS = frozenset(CONSTRAINTS)


def solve(problem: Problem, goal: Goal) -> Found:
    """The lowest packing that the search finds within `goal.nodes` nodes. It starts from the packing of first fit."""
    return solve_from(problem, goal, first_fit.solve(problem, goal))


def solve_from(problem: Problem, goal: Goal, best: Found) -> Found:
    """`best`, or a lower packing that the search finds, with the lower bound that it proves."""
    return capacity_search.search(problem, goal, best, "place-or-postpone", _postpone)


def _postpone(problem: _core.Problem, question: Question, cancel: _core.Cancel | None) -> tuple[int, list[int], int]:
    return _core.postpone(problem, question.capacity, question.limit, question.seed, cancel=cancel)
