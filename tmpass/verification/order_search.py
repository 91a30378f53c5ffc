"""A search over all orders of a graph without bodies, by the sets of operators that have run."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

from tmpass.graph.model import ABSENT, Graph, TensorKind
from tmpass.verification.state import state_order


class Least(NamedTuple):
    """A lower bound on the peak of all orders in bytes; with `exact`, one order reaches it."""

    bytes: int
    exact: bool


class OrderSearch:
    """The orders of a graph of one subgraph.

    Args:
        graph: of one subgraph, without bodies.
        pieces: each tensor that counts -> the numbers of the pieces that it holds.
        size: bytes of each piece.
        scratch: operator -> bytes that it needs besides tensors.
        saves: for each operator, how many of its inputs it may overwrite at most.
        alone: tensors that must not be overwritten.
        keep_inputs: whether inputs are alive to the end.
    """

    def __init__(
        self,
        graph: Graph,
        pieces: Mapping[int, frozenset[int]],
        size: Sequence[int],
        scratch: Mapping[int, int],
        saves: Sequence[int],
        alone: frozenset[int],
        *,
        keep_inputs: bool,
    ) -> None:
        subgraph, inside = graph.subgraphs[0], frozenset(pieces)
        self._ops, self._scratch, self._saves, self._alone = subgraph.ops, scratch, saves, alone
        self._before, self._after, self._readers, written = _dependencies(graph)
        variables = {t for t in inside if subgraph.tensors[t].kind is TensorKind.VARIABLE}
        given, taken = inside & frozenset(subgraph.inputs), frozenset(subgraph.outputs)
        self._begin = frozenset(given | variables)
        self._stays = variables | (inside & taken) | (given if keep_inputs else set())
        # A temporary of an operator is not alive after it.
        self._made = frozenset(written) | self._begin
        self._touched = [inside.intersection((*op.inputs, *op.outputs, *op.temporaries)) for op in subgraph.ops]
        holders: dict[int, int] = defaultdict(int)
        for held in pieces.values():
            for piece in held:
                holders[piece] += 1
        self._own = {t: sum(size[piece] for piece in held if holders[piece] == 1) for t, held in pieces.items()}
        self._shared = {t: many for t, held in pieces.items() if (many := [p for p in held if holders[p] > 1])}
        self._size = size
        whole = {t: subgraph.tensors[t].bytes or 0 for t in inside}
        self._repeating = {t: all_ for t, all_ in whole.items() if all_ > sum(size[piece] for piece in pieces[t])}

    def search(self, most: int, *, enough: int | None = None) -> Least:
        """A lower bound on the bytes that every order needs, by a best-first search over sets of operators.

        Each step of an order needs at least the tensors that its operator touches. So the search begins with the
        largest sum of these.

        Args:
            most: how many tensors may be looked at.
            enough: the search may end once every order is known to need as many bytes.
        """
        everything, looked = (1 << len(self._ops)) - 1, 0
        floor = max(self._during(touched, -1, at) for at, touched in enumerate(self._touched))
        ready = frozenset(at for at, before in enumerate(self._before) if not before)
        turn = count()  # of two sets that need the same bytes, the one where more operators have run comes first
        open_ = [(max(floor, 0), 0, next(turn), 0, self._begin, ready)]
        reached = {0: open_[0][0]}
        while open_:
            peak, _, _, ran, held, ready = heappop(open_)
            if ran == everything or (enough is not None and peak >= enough):
                return Least(peak, exact=ran == everything)
            if peak > reached[ran]:
                continue
            for at in ready:
                after = ran | 1 << at
                looked += len(held) + len(self._touched[at]) + len(ready)
                if looked > most:
                    return Least(peak, exact=False)  # every open set needs as many bytes
                alive = held | self._touched[at]
                needs = max(peak, self._during(alive, after, at))
                if needs >= reached.get(after, needs + 1):
                    continue
                reached[after] = needs
                kept = frozenset(t for t in (alive if not ran else self._touched[at]) if self._is_kept(t, after))
                next_ = ready.difference((at,)).union(x for x in self._after[at] if not self._before[x] & ~after)
                rest = kept if not ran else held.difference(self._touched[at]) | kept
                heappush(open_, (needs, -after.bit_count(), next(turn), after, rest, next_))
        raise AssertionError("a plan without violations has an order")

    def _is_kept(self, t: int, ran: int) -> bool:
        return t in self._made and (t in self._stays or bool(self._readers[t] & ~ran))

    def _during(self, alive: frozenset[int], ran: int, at: int) -> int:
        """The least bytes at operator `at` with the tensors `alive`, after `ran` have run, `at` included."""
        most, saved = self._bytes(alive), 0
        if self._saves[at]:
            inputs = (alive & frozenset(self._ops[at].inputs)) - self._stays - self._alone
            ending = [t for t in inputs if not self._readers[t] & ~ran]
            ways = [[t] for t in ending] if self._saves[at] == 1 else [ending]
            saved = max((most - self._bytes(alive.difference(way)) for way in ways), default=0)
        return most - saved + self._scratch.get(at, 0)

    def _bytes(self, alive: frozenset[int]) -> int:
        total = sum(map(self._own.__getitem__, alive))
        if self._shared:
            many = {piece for t in alive if t in self._shared for piece in self._shared[t]}
            total += sum(map(self._size.__getitem__, many))
        return max(total, max((self._repeating[t] for t in alive if t in self._repeating), default=0))


def _dependencies(graph: Graph) -> tuple[list[int], list[list[int]], dict[int, int], set[int]]:
    """The order of the operators: (before, after, readers, written).

    `before` has for each operator those that must run before it, as bits, and `after` those that wait for it;
    `readers` maps each tensor to its readers, as bits; `written` are the tensors that operators write.
    """
    subgraph = graph.subgraphs[0]
    given, writer, readers = set(subgraph.inputs), dict[int, int](), defaultdict[int, int](int)
    before = [0] * len(subgraph.ops)
    for at, op in enumerate(subgraph.ops):
        writer.update((t, at) for t in op.outputs if t != ABSENT and t not in given)
    for at, op in enumerate(subgraph.ops):
        for t in op.inputs:
            if t != ABSENT and subgraph.tensors[t].kind is not TensorKind.VARIABLE:
                readers[t] |= 1 << at
                if t in writer:
                    before[at] |= 1 << writer[t]
    for (_, at), others in state_order(graph).items():
        for other in others:
            before[at] |= 1 << other
    after: list[list[int]] = [[] for _ in subgraph.ops]
    for at, bits in enumerate(before):
        while bits:
            after[(bits & -bits).bit_length() - 1].append(at)
            bits &= bits - 1
    return before, after, readers, set(writer)
