"""What no order can go below, worked out again for small graphs: over all sets of operators that can have run.

    {} ── a ──> {a} ── b ──> {a, b} ...      each step needs the bytes that differ of all that is alive in it;
      └── b ──> {b} ── a ──┘                 the least over all ways of the most on a way is what every order needs

Of tensors that hold the same bytes, as far as the graph says, one is counted: no choice of what shares needs less.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from tmpass.graph import ABSENT, Graph, Op, TensorKind
from tmpass.plan import Plan
from tmpass.target import EVERY, RUNTIMES, Over, Sharing
from tmpass.verify.contents import Contents
from tmpass.verify.state import state_order
from tmpass.verify.violation import Violation

MOST_OPERATORS = 12
"""Operators of a graph whose orders are tried, and sets of them, and tensors: more would take longer than the plan."""

_MOST_SETS = 500
MOST_TENSORS = 500


def recomputed_order_bound(plan: Plan, graph: Graph, sharing: Sharing | None = None) -> int | None:
    """Bytes that are alive at once in the scratchpad in any order of `graph`, whatever shares; None where that was not
    worked out: where there are many operators or tensors, or bodies, or ties, or kernels that promise to work in
    place, or tensors may lie with those of the caller.

    `plan` says what counts: its options and where tensors are; it has been found right. `sharing` is what the target
    allows, where that is known.
    """
    orders = _orders(plan, graph, sharing or Sharing((EVERY,), (EVERY,), (EVERY,)))
    return None if orders is None else orders.least()


def check_order_bound(plan: Plan, graph: Graph) -> list[Violation]:
    """A bound on all orders above what one of them needs where nothing shares, for small graphs."""
    orders = _orders(plan, graph, Sharing(()))
    least = None if orders is None else orders.least(rounded=True)
    if least is None or not least < plan.order.lower_bound <= plan.memories[0].live_bytes:
        return []
    message = (
        f"the plan claims that in any order {plan.order.lower_bound} bytes are alive at once, but {least} are enough"
    )
    return [Violation("order", message)]


def _orders(plan: Plan, graph: Graph, sharing: Sharing) -> "_Orders | None":
    options, memory = plan.options, plan.memories[0]
    if len(graph.subgraphs) != 1 or len(graph.entries) != 1 or not 0 < len(graph.subgraphs[0].ops) <= MOST_OPERATORS:
        return None
    if any(op.calls or op.custom for op in graph.subgraphs[0].ops) or plan.order.method == "topological":
        return None
    if options.tie or any(isinstance(kind, Over) for kind in sharing.in_place):
        return None  # a tie leaves fewer orders, and what kernels promise is not looked at here
    if options.share_io and (options.io == "external" or len(plan.memories) > 1):
        return None
    homes = {buffer.id for buffer in plan.buffers if buffer.memory == memory.name}
    inside = frozenset(row.index for row in plan.tensors if row.buffer in homes)
    if len(inside) > MOST_TENSORS:
        return None
    scratch: dict[int, int] = defaultdict(int)
    round_up = RUNTIMES[plan.target.runtime].round_up
    for buffer in plan.buffers:
        if buffer.step is not None and buffer.memory == memory.name:
            scratch[plan.schedule[buffer.step].op] += round_up(buffer.size)
    return _Orders(plan, graph, inside, scratch, sharing)


@dataclass
class _Orders:
    """The sets of operators of a graph without bodies that can have run, and what is alive between and in steps."""

    plan: Plan
    graph: Graph
    inside: frozenset[int]
    scratch: dict[int, int]
    sharing: Sharing

    def __post_init__(self) -> None:
        subgraph = self.subgraph = self.graph.subgraphs[0]
        self.readers: dict[int, set[int]] = defaultdict(set)
        self.writer: dict[int, int] = {}
        self.before: list[set[int]] = [set() for _ in subgraph.ops]
        given = set(subgraph.inputs)
        for index, op in enumerate(subgraph.ops):
            self.writer.update((t, index) for t in op.outputs if t != ABSENT and t not in given)
        for index, op in enumerate(subgraph.ops):
            for t in op.inputs:
                if t != ABSENT and subgraph.tensors[t].kind is not TensorKind.VARIABLE:
                    self.readers[t].add(index)
                    if t in self.writer:
                        self.before[index].add(self.writer[t])
        for (_, index), others in state_order(self.graph).items():
            self.before[index].update(others)
        self.pieces, self.size = self._pieces()

    def _pieces(self) -> tuple[dict[int, frozenset[int]], list[int]]:
        """Tensor -> numbers of what it holds, equal where it is the same; and the bytes of each."""
        share = self.plan.options.share
        views = self.sharing.views if share != "none" else ()
        contents = Contents(self.graph, Sharing(views, (), self.sharing.parts if share == "auto" else ()))
        round_up = RUNTIMES[self.plan.target.runtime].round_up
        held = {t: contents.origins((0, t), self.subgraph.tensors[t].bytes or 0) for t in sorted(self.inside)}
        if not self.plan.options.share_io:  # what the caller knows shares with nothing
            for t in {*self.subgraph.inputs, *self.subgraph.outputs} & self.inside:
                held[t] = [((-1, t), 0, self.subgraph.tensors[t].bytes or 0)] if self.subgraph.tensors[t].bytes else []
        ends: dict[tuple[int, int], set[int]] = defaultdict(set)
        holders: dict[tuple[int, int], set[int]] = defaultdict(set)
        for t, spans in held.items():
            for source, start, count in spans:
                ends[source].update((start, start + count))
                holders[source].add(t)
        number: dict[tuple[tuple[int, int], int], int] = {}
        size: list[int] = []
        for source, edges in sorted(ends.items()):
            for low, high in pairwise(sorted(edges)):
                number[source, low] = len(size)
                size.append(high - low)
        pieces: dict[int, frozenset[int]] = {}
        for t, spans in held.items():
            found = [
                number[source, low]
                for source, start, count in spans
                for low in sorted(ends[source])
                if start <= low < start + count
            ]
            if len(spans) == 1 and holders[spans[0][0]] == {t}:  # nobody holds any of it: it is rounded for itself
                size[found[0]] += round_up(spans[0][2]) - spans[0][2]
            pieces[t] = frozenset(found)
        return pieces, size

    def least(self, *, rounded: bool = False) -> int | None:
        """The least peak of all orders, with `rounded` sizes; None where there are too many sets."""
        if rounded:
            self.size = [RUNTIMES[self.plan.target.runtime].round_up(size) for size in self.size]
        everything = frozenset(range(len(self.subgraph.ops)))
        sets = 0

        @cache
        def rest(ran: frozenset[int]) -> int:
            nonlocal sets
            sets += 1
            if sets > _MOST_SETS:
                raise _TooMany
            ready = [op for op in everything - ran if self.before[op] <= ran]
            return min((max(self._during(ran, op), rest(ran | {op})) for op in ready), default=0)

        try:
            return max(rest(frozenset()), 0)
        except _TooMany:
            return None

    def _during(self, ran: frozenset[int], index: int) -> int:
        op, after = self.subgraph.ops[index], ran | {index}
        alive = {t for t in self.inside if self._is_alive(t, ran, index)}
        most = self._bytes(alive)
        saved = 0
        options = self.plan.options
        in_place = op.elementwise and options.inplace and options.share == "auto"
        for t in op.inputs if in_place and self.sharing.allows(self.sharing.in_place, op.kind) else ():
            if t in alive and self.readers[t] <= after and t not in self.subgraph.outputs and self._may_end(t):
                saved = max(saved, most - self._bytes(alive - {t}))
        return most - saved + self.scratch[index]

    def _may_end(self, t: int) -> bool:
        return t not in self.subgraph.inputs or not self.plan.options.keep_inputs

    def _is_alive(self, t: int, ran: frozenset[int], index: int) -> bool:
        op: Op = self.subgraph.ops[index]
        if self.subgraph.tensors[t].kind is TensorKind.VARIABLE or t in (*op.inputs, *op.outputs, *op.temporaries):
            return True
        begun = t in self.subgraph.inputs or self.writer.get(t, -1) in ran
        wanted = not ran or not self.readers[t] <= ran or t in self.subgraph.outputs or not self._may_end(t)
        return begun and wanted

    def _bytes(self, alive: set[int]) -> int:
        distinct = sum(self.size[piece] for piece in frozenset[int]().union(*(self.pieces[t] for t in alive)))
        return max(distinct, max((self.subgraph.tensors[t].bytes or 0 for t in alive), default=0))


class _TooMany(Exception):
    """More sets than are looked at."""
