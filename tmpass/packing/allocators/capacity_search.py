"""The least peak from a kernel that knows whether a packing within a given capacity exists.

    peak of first fit  ----------  known
                         ?   ?     asked: the bound first, then the capacity, then the middle of what is open
    lower bound        ----------  proved

Where a question takes too long, the next one is above it. When nothing is left to ask, a new sweep from the bound
begins with four times the nodes for each question and another seed, until the budget has ended. Where only the
capacity matters, it is asked about with one seed after the other.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from math import gcd

import tmpass._core as _core
from tmpass.base.sizes import MAX_BYTES
from tmpass.packing.allocators import Found, Goal, satisfied
from tmpass.packing.allocators.arrays import Arrays, peak_of, to_arrays
from tmpass.packing.allocators.speculation import ENDED, FOUND, IMPOSSIBLE, Answer, Foresight, Question
from tmpass.packing.problem import Problem

Kernel = Callable[[_core.Problem, Question, _core.Cancel | None], tuple[int, list[int], int]]
"""Works out the answer to a question about a problem: its three parts."""

MAX_BUFFERS = 20_000
"""Above this many buffers there is no search: its tables of overlaps would be too large."""

SEED = 1
"""Where the shaking of choices begins; the same seed gives the same packing."""

_FIRST_NODES = 16
"""Per buffer, for a question of the first sweep."""

_FIRST_SLICE = 250_000
"""Nodes for the first seed, where only the capacity matters; every other seed has as many as all before it."""


@dataclass(frozen=True, slots=True)
class _State:
    """What is known, and how far a sweep has come.

    Fields: `best` so far; `floor`: no packing is at or below it; `refused`: the highest capacity that was proved
    impossible, or ended its nodes in this sweep; `limit`: what a question of this sweep may cost, and `bound_limit` the
    one for the bound, which would end the search; `seed` of this sweep, or of the next question where only the capacity
    matters: what one seed did not find, others often do.
    """

    best: Found
    floor: int
    refused: int
    limit: int
    bound_limit: int
    seed: int = SEED


def improve(problem: Problem, goal: Goal, best: Found, name: str, kernel: Kernel, *, seeded: bool = True) -> Found:
    """`best`, or a lower packing by the method `name`, with what was proved on the way.

    Ctrl-C ends the search, and the best so far is the answer.
    """
    if len(problem.buffers) > MAX_BUFFERS:
        return best
    arrays = to_arrays(problem)
    ladder = _Ladder(problem, goal, name, _grid(arrays), seeded)
    first = _FIRST_NODES * len(problem.buffers)
    state = _State(best, best.bound - 1, best.bound - 1, first, 8 * first)  # many a bound is met at once
    try:
        with Foresight(lambda question, cancel: kernel(problem.native, question, cancel), goal.threads) as foresight:
            while (step := ladder.next_question(state)) is not None:
                state, question = step
                coming = [ahead for _, ahead in islice(ladder.if_open(state, question), goal.threads - 1)]
                answer = foresight.ask(question, coming)
                if answer.verdict == ENDED and 2 * answer.nodes <= question.limit:  # a part is too large to be searched
                    break
                state = ladder.after(state, question, answer)
    except (ValueError, MemoryError):  # too many overlaps to hold in memory
        pass
    except KeyboardInterrupt:
        return replace(state.best, stopped=True)
    return state.best


@dataclass(frozen=True, slots=True)
class _Ladder:
    """Which question comes next; `grid` divides all peaks; other seeds give a `seeded` kernel other luck."""

    problem: Problem
    goal: Goal
    name: str
    grid: int
    seeded: bool

    def next_question(self, state: _State) -> tuple[_State, Question] | None:
        """The next question, and the state that it is asked in; None where all is said or spent."""
        best, goal = state.best, self.goal
        if best.nodes >= goal.nodes or satisfied(self.problem, goal, best):
            return None
        left = goal.nodes - best.nodes
        capacity = self._capacity(state)
        if not goal.minimize:
            if capacity is None:
                return None
            limit = min(left, max(_FIRST_SLICE, best.nodes)) if self.seeded else left  # bad luck is not all there is
            return replace(state, seed=state.seed + 1), Question(capacity, limit, state.seed)
        if capacity is None:
            if state.refused <= state.floor:
                return None
            limit, seed = 4 * state.limit, state.seed + 1
            state = replace(state, refused=state.floor, limit=limit, bound_limit=4 * limit, seed=seed)
            capacity = self._capacity(state)
            if capacity is None:
                return None
        limit = state.bound_limit if capacity == best.bound else state.limit
        return state, Question(capacity, min(left, limit), state.seed)

    def after(self, state: _State, question: Question, answer: Answer) -> _State:
        """What is known with the answer."""
        best = replace(state.best, nodes=state.best.nodes + answer.nodes)
        if answer.verdict == FOUND:
            offsets = tuple(answer.offsets)
            best = replace(best, offsets=offsets, peak=peak_of(self.problem, answer.offsets), method=self.name)
            return replace(state, best=best)
        if answer.verdict == IMPOSSIBLE:
            # A packing pushed down has all its tops on the grid.
            floor = (question.capacity // self.grid + 1) * self.grid - 1
            best = replace(best, bound=max(best.bound, floor + 1))
            return replace(state, best=best, floor=floor, refused=max(state.refused, floor))
        return replace(state, best=best, refused=question.capacity if self.goal.minimize else state.refused)

    def if_open(self, state: _State, question: Question) -> Iterator[tuple[_State, Question]]:
        """The questions that come after this one as long as every one of them remains open."""
        while True:
            step = self.next_question(self.after(state, question, Answer(ENDED, [], question.limit)))
            if step is None:
                return
            state, question = step
            yield step

    def _capacity(self, state: _State) -> int | None:
        """What to ask next: the first of these that is still open. Peaks are multiples of the grid.

        A bound that a refutation raised is no better than other places; one step of the grid after the other could
        take forever.
        """
        best, goal, grid, refused = state.best, self.goal, self.grid, state.refused
        middle = (refused // grid + 1 + (best.peak - 1) // grid) // 2 * grid
        capacity = best.peak if self.problem.capacity is None else self.problem.capacity
        # Without a packing, what is impossible within the problem's reach is so within a larger capacity.
        wishes = (goal.bound, capacity, middle) if goal.minimize else (min(capacity, best.peak - 1),)
        return next((wish for wish in wishes if refused < wish < best.peak), None)


def _grid(arrays: Arrays) -> int:
    """What the tops of every packing pushed down are multiples of: they are sums of sizes, and of what is between the
    edges of windows, above the ground, a fixed buffer or where a memory begins, and rounded up where that does not give
    an alignment already. Between two that are apart there is a byte.
    """
    starts = (offset for offset in (*arrays.fixed, *arrays.barred[2::3]) if 0 < offset <= MAX_BYTES)
    grid = gcd(*arrays.size, *arrays.gaps[3::5], *arrays.gaps[4::5], *starts, *arrays.apart and (1,)) or 1
    alignments = set(arrays.alignment)
    while odd := [a for a in alignments if grid % a and a % grid]:
        grid = gcd(grid, *odd)
    return grid
