"""The order of a whole model: each subgraph is ordered on its own, bodies before their callers.

WHILE  ── calls ──> cond, body        The step of WHILE needs the larger of what the two need, each with the inputs
                                      and outputs of the other.
"""

from collections.abc import Sequence
from dataclasses import replace

from tmpass.base import collector
from tmpass.base.record import record
from tmpass.graph.dependencies import read_pairs
from tmpass.graph.effects import effect_edges, innermost_first
from tmpass.graph.model import Graph, Op
from tmpass.planning.ordering.items import Items, MemoryContents, find_items
from tmpass.planning.ordering.least_peak import bound_order, least_peak, native
from tmpass.planning.ordering.ordered import Ordered

Orders = tuple[tuple[int, ...], ...]
"""For each subgraph, its operator indices in the order in which they run."""


@record
class ModelOrder:
    """An order for each subgraph, with the peak of live bytes in a run, and a bound on all orders."""

    orders: Orders
    peak: int
    bound: int
    states: int = 0
    stopped: bool = False


@record
class _Body:
    """The bytes that a subgraph needs while it runs.

    Fields:
        peak: in its order.
        bound: in any order.
        through: alive all the time where a loop runs it.
        runs: the subgraphs that run inside it, itself included.
    """

    peak: int
    bound: int
    through: int
    runs: frozenset[int]


@record
class ModelItems:
    """The order problem of each subgraph.

    Fields:
        turns: the subgraphs in the order in which they are solved: bodies before their callers.
        loops_copy: the inputs and outputs of a loop's body are alive only while it runs.
    """

    graph: Graph
    items: tuple[Items, ...]
    turns: tuple[int, ...]
    loops_copy: bool


def items_of_model(contents: MemoryContents) -> ModelItems:
    """The order problems of all subgraphs."""
    graph, items = contents.graph, []
    with collector.paused():
        effects = effect_edges(graph)
        for s, subgraph in enumerate(graph.subgraphs):
            later = contents.later[s] if contents.later else ()
            items.append(find_items(contents, s, [*read_pairs(subgraph), *effects[s], *later]))
    return ModelItems(graph, tuple(items), tuple(innermost_first(graph)), contents.runtime.loops_copy)


def order_model(model: ModelItems, orders: Orders, *, states: int, search: bool) -> ModelOrder:
    """The order of least peak that is found from `orders` on, and a bound on all orders.

    Args:
        model: the order problems.
        orders: to start from, one for each subgraph.
        states: budget of the search, in sets of operators.
        search: with it off, only the peak and the bound of `orders` are computed.
    """
    graph = model.graph
    found: dict[int, Ordered] = {}
    bodies: dict[int, _Body] = {}
    spent = 0
    for s in model.turns:
        items = model.items[s]
        ops = graph.subgraphs[s].ops
        needs = [_called(op, bodies, loops_copy=model.loops_copy) if op.calls else (0, 0) for op in ops]
        problem = native(_with_bodies(items, [peak for peak, _ in needs]))
        if search:
            found[s] = least_peak(problem, orders[s], max(0, states - spent))
        else:
            found[s] = bound_order(problem, orders[s])
        spent += found[s].states
        if any(peak != bound for peak, bound in needs):
            # A body that could need less in another order must not raise the bound of its caller.
            low = native(_with_bodies(items, [bound for _, bound in needs]))
            found[s] = replace(found[s], bound=bound_order(low, found[s].order).bound)
        if not ops:
            found[s] = Ordered((), items.beginning + items.through, items.beginning + items.through)
        inside = [bodies[call.subgraph].runs for op in ops for call in op.calls]
        bodies[s] = _Body(found[s].peak, found[s].bound, items.through, frozenset({s}).union(*inside))
    runs = [found[entry.subgraph] for entry in graph.entries]
    return ModelOrder(
        tuple(found[s].order for s in range(len(graph.subgraphs))),
        max((run.peak for run in runs), default=0),
        max((run.bound for run in runs), default=0),
        spent,
        any(run.stopped for run in found.values()),
    )


def _with_bodies(items: Items, needs: Sequence[int]) -> Items:
    if not any(needs):
        return items
    return replace(items, scratch=[own + need for own, need in zip(items.scratch, needs, strict=True)])


def _called(op: Op, bodies: dict[int, _Body], *, loops_copy: bool) -> tuple[int, int]:
    """The bytes that the bodies of `op` need in its step: in their orders, and in any order."""
    held = frozenset() if loops_copy else frozenset(call.subgraph for call in op.calls if call.repeats)

    def beside(body: _Body) -> int:
        """The bytes that the loops of `op` hold while `body` runs, without those that `body` counts itself."""
        return sum(bodies[s].through for s in held - body.runs)

    called = [bodies[call.subgraph] for call in op.calls]
    return (
        max((body.peak + beside(body) for body in called), default=0),
        max((body.bound + beside(body) for body in called), default=0),
    )
