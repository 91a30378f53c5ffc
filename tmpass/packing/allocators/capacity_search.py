"""Capacity search: the least peak, from a kernel that decides whether a packing within a capacity exists.

    peak of first fit  ----------  known
                         ?   ?     asked: the bound first, then the capacity, then the middle of what is undecided
    lower bound        ----------  proved

Where a question ends its nodes, the next one is above it. When no question is left, a new sweep from the bound begins
with four times the nodes per question and another seed, until the budget ends. Where only the capacity matters, the
same question is asked with one seed after the other.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from math import gcd

import tmpass._core as _core
from tmpass.base.record import record
from tmpass.base.sizes import MAX_BYTES
from tmpass.packing.allocators import Found, Goal, satisfied
from tmpass.packing.allocators.arrays import Arrays, peak_of, to_arrays
from tmpass.packing.allocators.speculation import Answer, Question, Speculation, Verdict
from tmpass.packing.problem import Problem

Kernel = Callable[[_core.Problem, Question, _core.Cancel | None], tuple[int, list[int], int]]
"""Works out the three parts of the Answer to a question about a problem."""

MAX_BUFFERS = 20_000
"""Above this number of buffers there is no search: its tables of overlaps would be too large."""

SEED = 1
"""The first seed of a kernel's choices. The same seed gives the same packing."""

_FIRST_NODES = 16
"""Nodes per buffer for a question of the first sweep."""

_FIRST_SLICE = 250_000
"""Nodes for the first seed, where only the capacity matters. Every other seed has as many as all before it."""


@record
class _State:
    """What is known, and how far a sweep has come. All capacities are bytes.

    Fields:
        best: the best packing so far.
        impossible: no packing has a peak at or below it.
        refused: the highest capacity that was proved impossible, or ended its nodes in this sweep.
        limit: nodes for a question of this sweep.
        bound_limit: nodes for the question about the bound, which would end the search.
        seed: of this sweep, or of the next question where only the capacity matters. What one seed does not find,
            others often do.
    """

    best: Found
    impossible: int
    refused: int
    limit: int
    bound_limit: int
    seed: int = SEED


def search(problem: Problem, goal: Goal, best: Found, name: str, kernel: Kernel, *, seeded: bool = True) -> Found:
    """`best`, or a lower packing that the kernel found, with the best lower bound that it proved.

    Ctrl-C ends the search, and the best packing so far is the answer.

    Args:
        problem: what is to be packed.
        goal: the bound, the budget, and whether only the capacity matters.
        best: the packing to start from.
        name: of the allocator, for the answer.
        kernel: decides one capacity.
        seeded: whether the kernel's choices depend on the seed.
    """
    if len(problem.buffers) > MAX_BUFFERS:
        return best
    arrays = to_arrays(problem)
    questions = _Questions(problem, goal, name, _grid(arrays), seeded)
    first = _FIRST_NODES * len(problem.buffers)
    # Many problems have a packing at the bound, so that question gets more nodes.
    state = _State(best, best.bound - 1, best.bound - 1, first, 8 * first)
    try:
        with Speculation(
            lambda question, cancel: kernel(problem.native, question, cancel), goal.threads
        ) as speculation:
            while (step := questions.next_question(state)) is not None:
                state, question = step
                upcoming = [ahead for _, ahead in islice(questions.if_undecided(state, question), goal.threads - 1)]
                answer = speculation.ask(question, upcoming)
                if answer.verdict == Verdict.ENDED and 2 * answer.nodes <= question.limit:
                    break  # a part is too large for the search
                state = questions.after(state, question, answer)
    except (ValueError, MemoryError):  # too many overlaps to hold in memory
        pass
    except KeyboardInterrupt:
        return replace(state.best, stopped=True)
    return state.best


@record
class _Questions:
    """The order of questions. `grid` divides all peaks; `seeded` says whether the kernel depends on the seed."""

    problem: Problem
    goal: Goal
    name: str
    grid: int
    seeded: bool

    def next_question(self, state: _State) -> tuple[_State, Question] | None:
        """The next question, with the state in which it is asked; None where all is decided or the budget spent."""
        best, goal = state.best, self.goal
        if best.nodes >= goal.nodes or satisfied(self.problem, goal, best):
            return None
        left = goal.nodes - best.nodes
        capacity = self._capacity(state)
        if not goal.minimize:
            if capacity is None:
                return None
            limit = min(left, max(_FIRST_SLICE, best.nodes)) if self.seeded else left
            return replace(state, seed=state.seed + 1), Question(capacity, limit, state.seed)
        if capacity is None:
            if state.refused <= state.impossible:
                return None
            limit, seed = 4 * state.limit, state.seed + 1
            state = replace(state, refused=state.impossible, limit=limit, bound_limit=4 * limit, seed=seed)
            capacity = self._capacity(state)
            if capacity is None:
                return None
        limit = state.bound_limit if capacity == best.bound else state.limit
        return state, Question(capacity, min(left, limit), state.seed)

    def after(self, state: _State, question: Question, answer: Answer) -> _State:
        """The state with what the answer adds."""
        best = replace(state.best, nodes=state.best.nodes + answer.nodes)
        if answer.verdict == Verdict.FOUND:
            offsets = tuple(answer.offsets)
            best = replace(best, offsets=offsets, peak=peak_of(self.problem, answer.offsets), method=self.name)
            return replace(state, best=best)
        if answer.verdict == Verdict.IMPOSSIBLE:
            # In a packing in which no buffer can move down, all tops are on the grid.
            impossible = (question.capacity // self.grid + 1) * self.grid - 1
            best = replace(best, bound=max(best.bound, impossible + 1))
            return replace(state, best=best, impossible=impossible, refused=max(state.refused, impossible))
        return replace(state, best=best, refused=question.capacity if self.goal.minimize else state.refused)

    def if_undecided(self, state: _State, question: Question) -> Iterator[tuple[_State, Question]]:
        """The questions that follow this one while each of them ends its nodes without an answer."""
        while True:
            step = self.next_question(self.after(state, question, Answer(Verdict.ENDED, [], question.limit)))
            if step is None:
                return
            state, question = step
            yield step

    def _capacity(self, state: _State) -> int | None:
        """The capacity to ask about next, or None: the bound, the problem's capacity, the middle between both.

        Peaks are multiples of the grid. A bound that a refutation raised is not asked about before the middle: steps of
        one grid unit could take forever.
        """
        best, goal, grid, refused = state.best, self.goal, self.grid, state.refused
        middle = (refused // grid + 1 + (best.peak - 1) // grid) // 2 * grid
        capacity = best.peak if self.problem.capacity is None else self.problem.capacity
        # What is impossible within the problem's reach is impossible within any larger capacity.
        candidates = (goal.bound, capacity, middle) if goal.minimize else (min(capacity, best.peak - 1),)
        return next((bytes_ for bytes_ in candidates if refused < bytes_ < best.peak), None)


def _grid(arrays: Arrays) -> int:
    """A divisor of all tops, in bytes, in a packing in which no buffer can move down.

    Each top is a sum of sizes and of distances between edges of windows, above 0, a fixed buffer or the start of a
    memory, rounded up where that is not aligned already. Between two buffers that must be apart there is a byte.
    """
    starts = (offset for offset in (*arrays.fixed, *arrays.forbidden[2::3]) if 0 < offset <= MAX_BYTES)
    grid = gcd(*arrays.size, *arrays.gaps[3::5], *arrays.gaps[4::5], *starts, *arrays.apart and (1,)) or 1
    alignments = set(arrays.alignment)
    while odd := [a for a in alignments if grid % a and a % grid]:
        grid = gcd(grid, *odd)
    return grid
