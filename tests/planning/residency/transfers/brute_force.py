"""Transfers by trying everything: the least bytes over all episodes and addresses, in one order or in all orders.

A state is what is known after a step: the operators that ran, who is on chip at which address, who has a copy behind
the scratchpad. Dijkstra's algorithm walks through all states. The rules, step by step:

- At a step, all inputs and outputs of its operator are on chip, none overlapping another tensor there.
- Between two steps, tensors of the step before may leave; leaving later never costs less. One that is needed later and
  has no copy pays its size, once: the spill. An output of the graph pays nothing for its spill, since the run stores
  it in any case.
- An input or parameter comes in free of cost the first time, and for its size each later time.
- An activation that comes back pays its size each time. A tensor that leaves may come back at the next step, at
  another address, if it has a copy already. The first departure of an activation lasts one step at least: the step in
  which its spill takes place.
- A tensor comes in at a step that reads it; coming earlier never costs less.

The states grow fast: fixed orders up to about 14 operators, free ones up to about 8, sizes and capacities of few units.
"""

import heapq
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from tmpass.planning.residency.transfers.order_problems import Overwrite
from tmpass.planning.residency.transfers.problem import Episode, TensorKind, TransferProblem


class _State(NamedTuple):
    """After a step, of the tensors that are read later: those on chip with addresses, and those with a copy behind.

    Fields:
        ran: the operators up to this step.
        used: the tensors of the step itself.
        copies: has inputs and parameters after their first load.
    """

    ran: frozenset[int]
    on_chip: frozenset[tuple[int, int]]
    used: frozenset[int]
    copies: frozenset[int]


@dataclass(frozen=True)
class Best:
    """The least cost, an order that has it, and its episodes; cost None where no plan exists."""

    cost: int | None
    order: tuple[int, ...] = ()
    episodes: tuple[Episode, ...] = ()


class TooManyStates(Exception):
    """Brute force met more states than allowed."""


def brute_force(
    problem: TransferProblem,
    order: Sequence[int] | None = None,
    *,
    addresses: bool = True,
    overwrites: Sequence[Overwrite] = (),
    states: int | None = None,
) -> Best:
    """The least bytes beyond the compulsory ones.

    Args:
        problem: with few operators and a small capacity.
        order: of the operators; None for the best over all topological orders.
        addresses: place the tensors. Otherwise only the sum of sizes at a step has to be within the capacity, and the
            episodes have address 0.
        overwrites: only without addresses: an operator that reads a source for the last time needs no room for the
            bytes that its result has in common with that; of several sources, the best one counts.
        states: the most that may be met.

    Raises:
        TooManyStates: more were met.
    """
    start = _State(frozenset(), frozenset(), frozenset(), frozenset())
    best = {start: 0}
    parents: dict[_State, tuple[_State, int, dict[int, int]]] = {}
    queue = [(0, 0, 0, start)]  # of equal costs, the state after most operators first
    ties = itertools.count(1)
    everything = frozenset(range(len(problem.operators)))
    while queue:
        cost, _, _, state = heapq.heappop(queue)
        if cost > best[state]:
            continue
        if states is not None and len(best) > states:
            raise TooManyStates
        if state.ran == everything:
            return _rebuilt(cost, state, parents)
        for op in _next(problem, order, state.ran):
            for paid, after, during in _steps(problem, state, op, addresses, overwrites):
                if cost + paid < best.get(after, cost + paid + 1):
                    best[after] = cost + paid
                    parents[after] = state, op, during
                    heapq.heappush(queue, (cost + paid, -len(after.ran), next(ties), after))
    return Best(None)


def _next(problem: TransferProblem, order: Sequence[int] | None, ran: frozenset[int]) -> list[int]:
    if order is not None:
        return [order[len(ran)]]
    made = {at for op in ran for at in problem.operators[op].outputs}
    made |= {at for at, tensor in enumerate(problem.tensors) if tensor.kind is not TensorKind.ACTIVATION}
    return [op for op, row in enumerate(problem.operators) if op not in ran and all(at in made for at in row.inputs)]


def _steps(
    problem: TransferProblem, state: _State, op: int, addresses: bool, overwrites: Sequence[Overwrite]
) -> Iterator[tuple[int, _State, dict[int, int]]]:
    """All that can happen up to the end of the step of `op`: bytes paid, the state after it, addresses during it."""
    row, before = problem.operators[op], dict(state.on_chip)
    ran = state.ran | {op}
    later = {at for other, rest in enumerate(problem.operators) if other not in ran for at in rest.inputs}
    over = [(o.source, o.result) for o in overwrites if o.op == op and o.source not in later]
    saved = max((min(problem.tensors[at].size for at in pair) for pair in over), default=0)
    roomy = replace(problem, capacity=problem.capacity + saved)
    leavers = [at for at in state.used if at not in row.inputs or at in state.copies]
    for gone in _subsets(leavers):
        staying = {at: before[at] for at in before if at not in gone}
        spilled = [at for at in gone if at not in state.copies]
        paid = sum(problem.tensors[at].size for at in spilled if at not in problem.outputs)
        coming = [at for at in row.inputs if at not in staying]
        clean = {at for at in coming if problem.tensors[at].kind is not TensorKind.ACTIVATION}
        paid += sum(problem.tensors[at].size for at in coming if at in state.copies)
        copies = frozenset(at for at in {*state.copies, *spilled, *clean} if at in later)
        coming += row.outputs
        used = frozenset(at for at in (*row.inputs, *row.outputs) if at in later)
        for during in _placed(roomy, staying, [at for at in coming if at in later], addresses):
            # The addresses of tensors that nobody reads later matter at this step alone, so any will do.
            whole = next(_placed(roomy, during, [at for at in coming if at not in later], addresses), None)
            if whole is not None:
                kept = frozenset(one for one in whole.items() if one[0] in later)
                yield paid, _State(ran, kept, used, copies), whole


def _placed(
    problem: TransferProblem, fixed: dict[int, int], coming: list[int], addresses: bool
) -> Iterator[dict[int, int]]:
    """All ways to place the tensors `coming` beside those that are there."""
    if not addresses:
        if sum(problem.tensors[at].size for at in (*fixed, *coming)) <= problem.capacity:
            yield {**fixed, **dict.fromkeys(coming, 0)}
        return
    if not coming:
        yield fixed
        return
    size = problem.tensors[coming[0]].size
    for address in range(0, problem.capacity - size + 1, problem.alignment):
        if all(address + size <= low or low + problem.tensors[at].size <= address for at, low in fixed.items()):
            yield from _placed(problem, {**fixed, coming[0]: address}, coming[1:], addresses)


def _subsets(items: list[int]) -> Iterator[tuple[int, ...]]:
    return itertools.chain.from_iterable(itertools.combinations(items, many) for many in range(len(items) + 1))


def _rebuilt(cost: int, state: _State, parents: dict[_State, tuple[_State, int, dict[int, int]]]) -> Best:
    """The answer whose last state is `state`."""
    rows = []
    while state in parents:
        state, op, during = parents[state]
        rows.append((op, during))
    rows.reverse()
    episodes: list[Episode] = []
    current: dict[int, Episode] = {}
    for step, (_, during) in enumerate(rows):
        for at, address in during.items():
            last = current.get(at)
            if last is not None and last.last == step - 1 and last.address == address:
                current[at] = Episode(at, last.first, step, address)
            else:
                episodes += [last] if last is not None else []
                current[at] = Episode(at, step, step, address)
    episodes += current.values()
    return Best(cost, tuple(op for op, _ in rows), tuple(sorted(episodes, key=lambda e: (e.tensor, e.first))))
