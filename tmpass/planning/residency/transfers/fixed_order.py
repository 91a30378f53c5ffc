"""The cheapest transfers for operators in a given order, with addresses, and a bound on all of them.

1. The cheapest absences that leave no step with too many bytes: a covering problem (`absences.py`).
2. Addresses for the episodes that this leaves (`episode_packing.py`). Where they have no packing, a few of them that
   have none say that at least one absence within them has to be taken (a logic-based Benders cut), and 1 is done again.
3. Where the budget does not decide whether they have a packing, 1 is done with less room around the buffers that are
   above the capacity in the lowest packing known; the bound stays.

No absence is needed where all buffers fit, so then the first round ends with cost 0.

    >>> big = FixedBuffer(60, (Use(0, True), Use(3, False)))
    >>> small = FixedBuffer(50, (Use(1, True), Use(2, False)))
    >>> answer = solve_fixed_order(FixedOrderProblem((big, small), steps=4, capacity=100))
    >>> answer.cost, answer.status.value, answer.episodes
    (120, 'optimal', (((0, 0, 0), (3, 3, 0)), ((1, 2, 0),)))
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from tmpass.base.choices import Status
from tmpass.planning.residency.transfers.absences import (
    Absences,
    Choice,
    aligned,
    choose_absences,
    cost_of,
    find_absences,
    spans_with,
)
from tmpass.planning.residency.transfers.episode_packing import (
    Addresses,
    Packing,
    pack_episodes,
    repack,
    unpackable,
)
from tmpass.planning.residency.transfers.fixed_problem import (
    FixedBuffer,
    FixedOrderAnswer,
    FixedOrderProblem,
    Use,
    from_transfer_problem,
)
from tmpass.planning.residency.transfers.room import live_bytes, lower_room

__all__ = ["FixedBuffer", "FixedOrderAnswer", "FixedOrderProblem", "Use", "from_transfer_problem", "solve_fixed_order"]

DEFAULT_NODES = 2_000_000
"""The budget of nodes: a few seconds. The networks of tests/bench/transfers_fixed.py take at most 5,000."""

_ROUNDS = 100
"""How many choices of absences are tried whose episodes have no packing, and how many whose packing is not found."""

_LEAST_NODES = 1000
"""The nodes of a packing in any case."""

_LOOKS = 1_000_000
"""How many absences a packing may be freed of, times the buffers: each takes milliseconds for thousands of them."""

_SHARE = 8
"""One part in _SHARE of the nodes may be spent on one packing, or on one proof that there is none."""


def solve_fixed_order(
    problem: FixedOrderProblem, *, nodes: int = DEFAULT_NODES, keep: bool = False
) -> FixedOrderAnswer:
    """The episodes whose fetches and spills cost the least, with addresses within the capacity.

    Args:
        problem: buffers, uses and the scratchpad.
        nodes: the budget for all searches together; the first choice of absences is made in any case.
        keep: after Ctrl-C, return the best plan so far, marked as `stopped`; UNKNOWN before there is any.

    Returns:
        The cheapest plan found and a bound on all plans in this order. Status UNKNOWN: no packing was found, not even
        where all absences are taken.

    Raises:
        KeyboardInterrupt: after Ctrl-C without `keep`.
    """
    search = _Search(problem, find_absences(problem), nodes)
    try:
        return search.run()
    except KeyboardInterrupt:
        if not keep:
            raise
        return search.stop()


@dataclass
class _Search:
    """The state between rounds.

    Fields:
        budget: in nodes.
        room: the bytes of each step that choices of absences get.
        forbidden: absences of which every plan takes at least one.
        bound: no plan costs less.
        spent: nodes so far.
        packed: absences and addresses of the best plan so far.
    """

    problem: FixedOrderProblem
    absences: Absences
    budget: int
    room: list[int] = field(default_factory=list)
    forbidden: list[list[int]] = field(default_factory=list)
    bound: int = 0
    spent: int = 0
    packed: tuple[Collection[int], Addresses] | None = None

    def stop(self) -> FixedOrderAnswer:
        """The best plan so far, without a further search."""
        if self.packed is None:
            return FixedOrderAnswer((), 0, self.bound, Status.UNKNOWN, self.spent, stopped=True)
        return replace(self._plan(*self.packed), stopped=True)

    def run(self) -> FixedOrderAnswer:
        self.room = [aligned(self.problem.capacity, self.problem.alignment)] * self.problem.steps
        for _ in range(_ROUNDS):
            choice = self._choose()
            if choice.absent is None:
                return self._infeasible()
            self.bound = max(self.bound, choice.lower_bound)
            packing = self._pack(choice.absent)
            if packing.addresses is not None:
                return self._plan(choice.absent, packing.addresses)
            if 2 * self.spent >= self.budget:
                break
            spans = spans_with(self.problem, self.absences, choice.absent)
            more, nodes = unpackable(self.problem, self.absences, spans, packing.answer, nodes=self.budget // _SHARE)
            self.spent += nodes
            if more is None:
                break
            if not more:
                return self._infeasible()
            self.forbidden.append(more)
        return self._pack_loosely(choice)

    def _choose(self) -> Choice:
        left = max(self.budget - self.spent, self.budget // _ROUNDS)
        choice = choose_absences(self.problem, self.absences, self.forbidden, room=self.room, states=left)
        self.spent += choice.states
        return choice

    def _pack(self, absent: Collection[int], share: int = _SHARE) -> Packing:
        spans = spans_with(self.problem, self.absences, absent)
        packing = pack_episodes(self.problem, spans, nodes=max(self.budget // share, _LEAST_NODES))
        self.spent += packing.answer.nodes
        return packing

    def _pack_loosely(self, choice: Choice) -> FixedOrderAnswer:
        """A plan in which some steps get less room than there is, so that a packing is found; the bound stays."""
        for _ in range(_ROUNDS):
            assert choice.absent is not None  # no step has less room than what all absences leave
            packing = self._pack(choice.absent, _ROUNDS)
            if packing.addresses is not None:
                return self._plan_with_fewer(choice.absent, packing.addresses)
            if not lower_room(self.room, self.problem, self.absences, choice.absent, packing.answer):
                break
            choice = self._choose()
        every = range(len(self.absences.rows))
        packing = self._pack(every)
        if packing.addresses is None:
            return FixedOrderAnswer((), 0, self.bound, packing.answer.status, self.spent)
        return self._plan_with_fewer(every, packing.addresses)

    def _plan_with_fewer(self, absent: Collection[int], addresses: Addresses) -> FixedOrderAnswer:
        """A plan with fewer absences, from absences that have a packing; those that save the most are tried first."""
        self.packed = absent, addresses
        kept, room = set(absent), aligned(self.problem.capacity, self.problem.alignment)
        spans, tries = spans_with(self.problem, self.absences, kept), _ROUNDS
        for number in sorted(absent, key=lambda n: (-self.absences.rows[n].size, n))[: _LOOKS // len(spans)]:
            one = self.absences.rows[number]
            fewer = kept - {number}
            longer = spans_with(self.problem, self.absences, fewer)
            if max(live_bytes(self.problem, longer)) > room or cost_of(self.absences, fewer) is None:
                continue
            at = next(at for at, (_, last) in enumerate(spans[one.buffer]) if last == one.first - 1)
            own = addresses[one.buffer]
            above = [*own[:at], room, *own[at + 2 :]]  # the longer episode, above all others
            trial = [*addresses[: one.buffer], above, *addresses[one.buffer + 1 :]]
            found, nodes = repack(self.problem, longer, trial, nodes=_LEAST_NODES)
            self.spent += nodes
            if found is None and tries > 0:
                tries -= 1
                found = self._pack(fewer, _ROUNDS).addresses
            if found is not None:
                kept, spans, addresses = fewer, longer, found
                self.packed = kept, addresses
        return self._plan(kept, addresses)

    def _infeasible(self) -> FixedOrderAnswer:
        return FixedOrderAnswer((), 0, self.bound, Status.INFEASIBLE, self.spent)

    def _plan(self, absent: Collection[int], addresses: Addresses) -> FixedOrderAnswer:
        """The plan with these absences and addresses, but for absences without steps that change no address."""
        starts, ends = {}, {}
        for b, own in enumerate(spans_with(self.problem, self.absences, absent)):
            for (first, last), address in zip(own, addresses[b], strict=True):
                starts[b, first] = ends[b, last] = address
        kept = []
        for number in absent:
            one = self.absences.rows[number]
            if one.first < one.last or ends[one.buffer, one.first - 1] != starts[one.buffer, one.last]:
                kept.append(number)
        cost = cost_of(self.absences, kept)
        assert cost is not None  # what was taken away enables nothing
        episodes = tuple(
            tuple((first, last, starts[b, first]) for first, last in own)
            for b, own in enumerate(spans_with(self.problem, self.absences, kept))
        )
        status = Status.OPTIMAL if cost <= self.bound else Status.FEASIBLE
        return FixedOrderAnswer(episodes, cost, self.bound, status, self.spent)
