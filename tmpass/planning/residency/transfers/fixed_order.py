"""The cheapest transfers for operators in a given order, with addresses, and a bound on all of them.

1. The cheapest absences that leave no step with too many bytes: a covering problem (`absences.py`).
2. Addresses for the episodes that this leaves (`episode_packing.py`). Where they have no packing, a few of them that
   have none say that at least one absence within them has to be taken (a logic-based Benders cut), and 1 is done again.
3. Where the budget does not decide whether they have a packing, 1 is done with less room; the bound stays.

No absence is needed where all buffers fit, so then the first round ends with cost 0.

    >>> big = FixedBuffer(60, (Use(0, True), Use(3, False)))
    >>> small = FixedBuffer(50, (Use(1, True), Use(2, False)))
    >>> answer = solve_fixed_order(FixedOrderProblem((big, small), steps=4, capacity=100))
    >>> answer.cost, answer.status.value, answer.episodes
    (120, 'optimal', (((0, 0, 0), (3, 3, 0)), ((1, 2, 0),)))
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tmpass.base.choices import Status
from tmpass.planning.residency.transfers.absences import (
    Absences,
    Choice,
    Span,
    aligned,
    choose_absences,
    find_absences,
    spans_with,
)
from tmpass.planning.residency.transfers.episode_packing import pack_episodes, unpackable
from tmpass.planning.residency.transfers.fixed_problem import (
    FixedBuffer,
    FixedOrderAnswer,
    FixedOrderProblem,
    Use,
    from_transfer_problem,
)

__all__ = ["FixedBuffer", "FixedOrderAnswer", "FixedOrderProblem", "Use", "from_transfer_problem", "solve_fixed_order"]

DEFAULT_NODES = 2_000_000
"""The budget of nodes: a few seconds. The networks of tests/bench/transfers_fixed.py take far fewer."""

_ROUNDS = 100
"""How many choices of absences are tried whose episodes have no packing, or none that is found."""


def solve_fixed_order(problem: FixedOrderProblem, *, nodes: int = DEFAULT_NODES) -> FixedOrderAnswer:
    """The episodes whose fetches and spills cost the least, with addresses within the capacity.

    Args:
        problem: buffers, uses and the scratchpad.
        nodes: the budget for all searches together; the first round is done in any case.

    Returns:
        The cheapest plan found and a bound on all plans in this order. Status UNKNOWN needs pinned buffers, or an
        alignment: without them, a plan that takes all absences exists or some step alone is too large.
    """
    return _Search(problem, find_absences(problem), nodes).run()


@dataclass
class _Search:
    """The state between rounds: what is forbidden, how much room is left, and what it took.

    Fields:
        room: the capacity that choices of absences get; below the real one once a packing was not decided.
        bound: no plan costs less.
    """

    problem: FixedOrderProblem
    absences: Absences
    budget: int
    forbidden: list[list[int]] = field(default_factory=list)
    less: int = 0
    bound: int = 0
    spent: int = 0

    def run(self) -> FixedOrderAnswer:
        for _ in range(_ROUNDS):
            choice = self._choose()
            if choice.absent is None:
                if not self.less:
                    return self._answer(None, 0, Status.INFEASIBLE)
                break
            answer = self._pack(choice)
            if answer is not None:
                return answer
            if [] in self.forbidden:
                return self._answer(None, 0, Status.INFEASIBLE)
        return self._take_all()

    def _left(self) -> int:
        return max(self.budget - self.spent, self.budget // _ROUNDS)

    def _choose(self) -> Choice:
        """The cheapest absences in the room that is left."""
        room = aligned(self.problem.capacity, self.problem.alignment) - self.less
        choice = choose_absences(self.problem, self.absences, self.forbidden, capacity=room, states=self._left())
        self.spent += choice.states
        if not self.less and choice.absent is not None:
            self.bound = max(self.bound, choice.lower_bound)
        return choice

    def _pack(self, choice: Choice) -> FixedOrderAnswer | None:
        """The plan of a choice; None where it has none, or none is found, and the next choice is another one."""
        assert choice.absent is not None
        spans = spans_with(self.problem, self.absences, choice.absent)
        packing = pack_episodes(self.problem, spans, nodes=self._left())
        self.spent += packing.answer.nodes
        if packing.addresses is not None:
            status = Status.OPTIMAL if choice.cost <= self.bound else Status.FEASIBLE
            return self._answer(_episodes(spans, packing.addresses), choice.cost, status)
        more, nodes = unpackable(self.problem, self.absences, spans, packing.answer, nodes=self._left())
        self.spent += nodes
        if more is None or self.spent > self.budget:
            self.less = aligned(max(2 * self.less, packing.over), self.problem.alignment)
        else:
            self.forbidden.append(more)
        return None

    def _take_all(self) -> FixedOrderAnswer:
        """The plan that takes all absences."""
        every = range(len(self.absences.rows))
        spans = spans_with(self.problem, self.absences, every)
        packing = pack_episodes(self.problem, spans, nodes=self._left())
        self.spent += packing.answer.nodes
        if packing.addresses is None:
            status = packing.answer.status
            return self._answer(None, 0, status)
        versions = {one.version for one in self.absences.rows if one.version >= 0}
        cost = sum(one.size for one in self.absences.rows) + sum(self.absences.spills[v] for v in versions)
        status = Status.OPTIMAL if cost <= self.bound else Status.FEASIBLE
        return self._answer(_episodes(spans, packing.addresses), cost, status)

    def _answer(
        self, episodes: tuple[tuple[tuple[int, int, int], ...], ...] | None, cost: int, status: Status
    ) -> FixedOrderAnswer:
        return FixedOrderAnswer(episodes or (), cost, self.bound, status, self.spent)


def _episodes(
    spans: Sequence[Sequence[Span]], addresses: Sequence[Sequence[int]]
) -> tuple[tuple[tuple[int, int, int], ...], ...]:
    return tuple(
        tuple((first, last, address) for (first, last), address in zip(own, places, strict=True))
        for own, places in zip(spans, addresses, strict=True)
    )
