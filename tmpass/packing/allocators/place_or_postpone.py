"""Place or postpone: the project's own exact search.

A buffer sits at the lowest offset it can have, or it does not, and then something else must take bytes of the place
that it is denied. The search works where the fewest buffers can be the lowest, learns from attempts that failed where
that is, and begins anew under Luby's limits. `core/packing/postpone.hpp` has the drawing and the argument.
"""

import tmpass._core as _core
from tmpass.packing.allocators import Found, Goal, capacity_search, first_fit
from tmpass.packing.allocators.speculation import Question
from tmpass.packing.problem import Problem

HONOURS = frozenset({"gaps", "memories"})


def solve(problem: Problem, goal: Goal) -> Found:
    """The lowest packing that at most `goal.nodes` nodes find, starting from that of first fit."""
    return improve(problem, goal, first_fit.solve(problem, goal))


def improve(problem: Problem, goal: Goal, best: Found) -> Found:
    """`best`, or a lower packing, with what was proved on the way."""
    return capacity_search.improve(problem, goal, best, "place-or-postpone", _postpone)


def _postpone(problem: _core.Problem, question: Question, cancel: _core.Cancel | None) -> tuple[int, list[int], int]:
    return _core.postpone(problem, question.capacity, question.limit, question.seed, cancel=cancel)
