"""What no order can go below, worked out again: over the sets of operators that can have run.

    {} ── a ──> {a} ── b ──> {a, b} ...      each step needs the bytes that differ of all that is alive in it;
      └── b ──> {b} ── a ──┘                 the least over all ways of the most on a way is what every order needs

Of tensors that hold the same bytes, as far as the graph says, one is counted: no choice of what shares needs less.
"""

from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise

from tmpass.base.violation import Violation
from tmpass.graph.model import Graph, Op
from tmpass.plans.plan import Plan
from tmpass.targets import CUSTOM, EVERY, RUNTIMES, Over, Sharing
from tmpass.verification.contents import Contents
from tmpass.verification.tied import CHANGES_A_COPY, tied_ends
from tmpass.verification.ways import Ways

_QUICK, _FEW = 1_000, 150
"""Tensors that are looked at, all steps together, while a plan is made, in 3 ms; of a graph of so few."""

_MOST, _MANY = 500_000, 10_000
"""The same, to say of a plan whether its bound is proved: about a second."""


def recomputed_order_bound(plan: Plan, graph: Graph, sharing: Sharing | None = None) -> int | None:
    """Bytes that are alive at once in the scratchpad in any order of `graph`, whatever shares; None where that was not
    worked out: where there are bodies or several entries, or tensors may lie with those of the caller.

    The least that any order needs, where the sets of operators that can have run below it are few; else less than that.

    `plan` says what counts: its options and where tensors are; it has been found right. `sharing` is what the target
    allows, where that is known; else any operator may share, and kernels work in place as the plan says.
    """
    ways = _ways(plan, graph, sharing or Sharing((EVERY,), (EVERY, *plan.target.in_place), (EVERY,)))
    return None if ways is None else ways.search(_MOST).bytes


def order_bound_is_proved(plan: Plan, graph: Graph, sharing: Sharing | None = None) -> bool:
    """Whether no order needs less than what `plan`, which breaks no law, claims that every order needs."""
    ways = _ways(plan, graph, sharing or Sharing((EVERY,), (EVERY, *plan.target.in_place), (EVERY,)))
    return ways is not None and ways.search(_MOST, enough=plan.order.lower_bound).bytes >= plan.order.lower_bound


def check_order_bound(plan: Plan, graph: Graph) -> list[Violation]:
    """A bound on all orders above what one of them needs where nothing shares, for small graphs."""
    claim = plan.order.lower_bound
    if not 0 < claim <= plan.memories[0].live_bytes or plan.options.tie or len(plan.tensors) > _FEW:
        return []  # a tie leaves fewer orders
    if _most_at_once(plan, graph) >= claim or (ways := _ways(plan, graph, Sharing(()), rounded=True)) is None:
        return []
    least = ways.search(_QUICK, enough=claim)
    if not least.exact or least.bytes >= claim:
        return []
    message = f"the plan claims that in any order {claim} bytes are alive at once, but {least.bytes} are enough"
    return [Violation("order", message)]


def _most_at_once(plan: Plan, graph: Graph) -> int:
    """The most that one operator touches, where nothing shares: every order needs that."""
    homes = {buffer.id for buffer in plan.buffers if buffer.memory == plan.memories[0].name}
    round_up = RUNTIMES[plan.target.runtime].round_up
    size = {(row.subgraph, row.index): round_up(row.bytes or 0) for row in plan.tensors if row.buffer in homes}
    touched = (
        {graph.held_in.get((s, t), (s, t)) for t in (*op.inputs, *op.outputs)}
        for s, subgraph in enumerate(graph.subgraphs)
        for op in subgraph.ops
    )
    return max((sum(size.get(key, 0) for key in keys) for keys in touched), default=0)


def _ways(plan: Plan, graph: Graph, sharing: Sharing, *, rounded: bool = False) -> Ways | None:
    """The orders of `graph`; None where they are not all there is. With `rounded`, each piece has a runtime's size."""
    options, memory = plan.options, plan.memories[0]
    ops = graph.subgraphs[0].ops
    if len(graph.subgraphs) != 1 or len(graph.entries) != 1 or not ops or any(op.calls for op in ops):
        return None
    if len(plan.tensors) > _MANY or plan.order.method == "topological":
        return None
    leaves = options.share_io or bool(options.tie)
    if leaves and (options.io == "external" or len(plan.memories) > 1):
        return None
    homes = {buffer.id for buffer in plan.buffers if buffer.memory == memory.name}
    inside = frozenset(row.index for row in plan.tensors if row.buffer in homes)
    round_up = RUNTIMES[plan.target.runtime].round_up
    scratch: dict[int, int] = defaultdict(int)
    for buffer in plan.buffers:
        if buffer.step is not None and buffer.memory == memory.name:
            scratch[plan.schedule[buffer.step].op] += round_up(buffer.size)
    contents = Contents(graph, _passing(options.share, sharing))
    alone = _alone(plan, graph, contents)
    # Where tensors begin at any byte, a buffer may need no more than the first bytes of a granule at a step.
    whole = memory.alignment % RUNTIMES[plan.target.runtime].rounding == 0
    pieces, size = _pieces(graph, contents, inside, alone, round_up if whole else int)
    if rounded:
        size = [round_up(bytes_) for bytes_ in size]
    # A tie asks kernels to work in place whatever else the options say.
    listed = sharing.in_place if options.tie or (options.share == "auto" and options.inplace) else ()
    saves = [_may_save(op, listed, alone, tied=bool(options.tie)) for op in ops]
    return Ways(graph, inside, pieces, size, scratch, saves, alone, keep_inputs=options.keep_inputs)


def _passing(share: str, sharing: Sharing) -> Sharing:
    return Sharing(sharing.views if share != "none" else (), (), sharing.parts if share == "auto" else ())


def _alone(plan: Plan, graph: Graph, contents: Contents) -> frozenset[int]:
    """The inputs and outputs that share with nothing, since the caller knows them, and other names for them."""
    if plan.options.share_io:
        return frozenset()
    rows, subgraph = {(row.subgraph, row.index): row for row in plan.tensors}, graph.subgraphs[0]
    tied = {key for tie in tied_ends(plan, graph, rows)[0] for key in tie}
    ends = {(0, t) for t in (*subgraph.inputs, *subgraph.outputs)} - tied
    return frozenset(t for t in range(len(subgraph.tensors)) if contents.owner((0, t)) in ends)


def _may_save(op: Op, listed: tuple[str | Over, ...], alone: frozenset[int], *, tied: bool) -> int:
    """How many of its inputs `op` may write over at most: none, one, or any number."""
    if all(t in alone for t in op.outputs):
        return 0
    name = {op.kind, f"{CUSTOM}{op.kind}"}
    promised = any((kind.op if isinstance(kind, Over) else kind) in name for kind in listed)
    if promised or (tied and (op.view or op.kind in CHANGES_A_COPY)):
        return len(op.inputs)
    return int(op.elementwise and (EVERY in listed or tied))


def _pieces(
    graph: Graph, contents: Contents, inside: frozenset[int], alone: frozenset[int], round_up: Callable[[int], int]
) -> tuple[dict[int, frozenset[int]], list[int]]:
    """Tensor -> numbers of what it holds, equal where it is the same; and the bytes of each."""
    tensors = graph.subgraphs[0].tensors
    held: dict[int, list[tuple[tuple[int, int], int, int]]] = {}
    for t in sorted(inside):
        all_ = tensors[t].bytes or 0
        own = [((-1, contents.owner((0, t))[1]), 0, all_)] if all_ else []
        held[t] = own if t in alone else contents.origins((0, t), all_)
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
