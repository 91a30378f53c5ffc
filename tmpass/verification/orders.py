"""The lower bound on all orders, computed again: over the sets of operators that can have run.

    {} ── a ──> {a} ── b ──> {a, b} ...      Each step needs the distinct bytes of all tensors that are alive in it.
      └── b ──> {b} ── a ──┘                 A path needs the largest step on it; the bound is the least over all paths.

Of tensors that hold the same bytes, as far as the graph says, one is counted: no sharing needs less.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from itertools import pairwise

from tmpass.base.choices import Io, OrderMethod, Share
from tmpass.base.violation import Violation
from tmpass.graph.model import Graph, Op
from tmpass.plans.plan import Options, Plan
from tmpass.targets import CUSTOM, EVERY, RUNTIMES, Over, Sharing
from tmpass.verification.contents import Contents
from tmpass.verification.order_search import OrderSearch
from tmpass.verification.tied import CHANGES_A_COPY, tied_ends

_QUICK, _FEW = 1_000, 150
"""The check of a new plan: how many tensors are looked at in all steps together (3 ms), and of how large a graph."""

MOST, _MANY = 500_000, 10_000
"""The same limits for the question whether the bound of a plan is proved (about a second)."""


def recomputed_order_bound(plan: Plan, graph: Graph, sharing: Sharing | None = None) -> int | None:
    """A lower bound on the live bytes of the scratchpad in any order of `graph`, whichever tensors share.

    It is the least that an order needs, if few sets of operators can have run below it; else it may be lower. None
    where it is not computed: with bodies or several entries, or if tensors may be in memory of the caller.

    Args:
        plan: without violations; its options and the memories of its tensors count.
        graph: of the model.
        sharing: what the target allows. If None, any operator may share, and kernels work in place as the plan says.
    """
    orders = search_of(plan, graph, sharing or Sharing((EVERY,), (EVERY, *plan.target.in_place), (EVERY,)))
    return None if orders is None else orders.search(MOST).bytes


def order_bound_is_proved(plan: Plan, graph: Graph, sharing: Sharing | None = None) -> bool:
    """Whether a search of its own proves the bound on all orders that `plan`, which has no violations, states."""
    orders = search_of(plan, graph, sharing or Sharing((EVERY,), (EVERY, *plan.target.in_place), (EVERY,)))
    return orders is not None and orders.search(MOST, enough=plan.order.lower_bound).bytes >= plan.order.lower_bound


def check_order_bound(plan: Plan, graph: Graph) -> list[Violation]:
    """The violation of a bound on all orders that is above the need of one order without sharing, for small graphs."""
    claim = plan.order.lower_bound
    if not 0 < claim <= plan.memories[0].live_bytes or plan.options.tie or len(plan.tensors) > _FEW:
        return []  # a tie leaves fewer orders
    if _most_at_once(plan, graph) >= claim or (orders := search_of(plan, graph, Sharing(()), rounded=True)) is None:
        return []
    least = orders.search(_QUICK, enough=claim)
    if not least.exact or least.bytes >= claim:
        return []
    message = f"the plan claims that in any order {claim} bytes are alive at once, but {least.bytes} are enough"
    return [Violation("order", message)]


def _most_at_once(plan: Plan, graph: Graph) -> int:
    """The largest sum of tensors that one operator touches, without sharing: every order needs as many bytes."""
    homes = {buffer.id for buffer in plan.buffers_in(plan.memories[0].name)}
    round_up = RUNTIMES[plan.target.runtime].round_up
    size = {row.key: round_up(row.bytes or 0) for row in plan.tensors if row.buffer in homes}
    touched = (
        {graph.held_in.get((s, t), (s, t)) for t in (*op.inputs, *op.outputs)}
        for s, subgraph in enumerate(graph.subgraphs)
        for op in subgraph.ops
    )
    return max((sum(size.get(key, 0) for key in keys) for keys in touched), default=0)


def search_of(
    plan: Plan,
    graph: Graph,
    sharing: Sharing,
    *,
    rounded: bool = False,
    inside: frozenset[int] | None = None,
    scratch: Mapping[int, int] | None = None,
) -> OrderSearch | None:
    """The orders of `graph`; None where they do not bound all runs.

    Args:
        plan: without violations.
        graph: of the model.
        sharing: what may share.
        rounded: whether each piece is rounded up.
        inside: the tensors that count; None for those in the first memory of the plan.
        scratch: operator -> bytes that it needs besides tensors; None for its scratch in that memory.
    """
    options, memory = plan.options, plan.memories[0]
    ops = graph.subgraphs[0].ops
    if graph.fixed:
        return None  # they hold in one order only
    if len(graph.subgraphs) != 1 or len(graph.entries) != 1 or not ops or any(op.calls for op in ops):
        return None
    if len(plan.tensors) > _MANY or plan.order.method == OrderMethod.TOPOLOGICAL:
        return None
    leaves = options.share_io or bool(options.tie)
    if leaves and (options.io == Io.EXTERNAL or len(plan.memories) > 1):
        return None
    if inside is None:
        homes = {buffer.id for buffer in plan.buffers_in(memory.name)}
        inside = frozenset(row.index for row in plan.tensors if row.buffer in homes)
    round_up = RUNTIMES[plan.target.runtime].round_up
    if scratch is None:
        scratch = own = defaultdict[int, int](int)
        for buffer in plan.buffers:
            if buffer.step is not None and buffer.memory == memory.name:
                own[plan.schedule[buffer.step].op] += round_up(buffer.size)
    contents = Contents(graph, passing(options.share, sharing))
    alone = _alone(plan, graph, contents)
    # Where tensors begin at any byte, a buffer may need only the first bytes of a granule at a step.
    whole = memory.alignment % RUNTIMES[plan.target.runtime].rounding == 0
    pieces, size = _pieces(graph, contents, inside, alone, round_up if whole else int)
    if rounded:
        size = [round_up(bytes_) for bytes_ in size]
    listed = saving_operators(options, sharing)
    saves = [may_save(op, listed, alone, tied=bool(options.tie)) for op in ops]
    return OrderSearch(graph, pieces, size, scratch, saves, alone, keep_inputs=options.keep_inputs)


def passing(share: str, sharing: Sharing) -> Sharing:
    """The part of `sharing` by which operators pass bytes on, as far as the option `share` allows it."""
    return Sharing(sharing.views if share != "none" else (), (), sharing.parts if share == "auto" else ())


def _alone(plan: Plan, graph: Graph, contents: Contents) -> frozenset[int]:
    """The inputs and outputs that share with nothing, since the caller uses them, and other names for them."""
    if plan.options.share_io:
        return frozenset()
    rows, subgraph = plan.tensors_by_key(), graph.subgraphs[0]
    tied = {key for tie in tied_ends(plan, graph, rows)[0] for key in tie}
    ends = {(0, t) for t in (*subgraph.inputs, *subgraph.outputs)} - tied
    return frozenset(t for t in range(len(subgraph.tensors)) if contents.owner((0, t)) in ends)


def saving_operators(options: Options, sharing: Sharing) -> tuple[str | Over, ...]:
    """The operators that may write over an input, as far as the options allow it.

    A tie lets kernels work in place, whatever the other options say.
    """
    return sharing.in_place if options.tie or (options.share == Share.AUTO and options.inplace) else ()


def may_save(op: Op, listed: tuple[str | Over, ...], alone: frozenset[int], *, tied: bool) -> int:
    """How many of its inputs `op` may overwrite at most: none, one, or all."""
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
    """Tensor -> the numbers of the pieces that it holds, and the bytes of each piece. Equal bytes have one number."""
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
        if len(spans) == 1 and holders[spans[0][0]] == {t}:  # no other tensor holds any of it: it is rounded on its own
            size[found[0]] += round_up(spans[0][2]) - spans[0][2]
        pieces[t] = frozenset(found)
    return pieces, size
