"""Topological order. Of all operators that can come next, the one that is first in the file does."""

import heapq
from collections.abc import Iterable, Sequence

from tmpass.base.errors import ModelError
from tmpass.graph.model import Subgraph


def topological_order(
    subgraph: Subgraph, reads: Iterable[tuple[int, int]], effects: Iterable[tuple[int, int]]
) -> tuple[int, ...]:
    """The operators in an order in which each one follows all that it depends on.

    Args:
        subgraph: whose operators are ordered.
        reads: pairs (writer, reader) of operator indices.
        effects: pairs (earlier, later) that keep the order of the file because both touch one state.

    Returns:
        Operator indices. Of all that can come next, the first in the file does.

    Raises:
        ModelError: the operators depend on each other in a cycle. It says whether `reads` alone have one.

    Complexity: O((n + e) log n) for n operators and e pairs.
    """
    needed = set(reads)
    order = _sorted(len(subgraph.ops), needed.union(effects))
    if len(order) == len(subgraph.ops):
        return order
    stuck = sorted(set(range(len(subgraph.ops))) - set(order))
    cycle = f"operators depend on each other in a cycle, among them {', '.join(map(str, stuck[:8]))}"
    if len(_sorted(len(subgraph.ops), needed)) < len(subgraph.ops):
        raise ModelError(cycle, where=f"subgraph {subgraph.name!r}", hint="no order can run it: export it again")
    raise ModelError(
        f"{cycle}: those that touch one state keep the order of the file, but the file is not sorted",
        where=f"subgraph {subgraph.name!r}",
        hint="sort the operators of the file so that each comes after those it reads from",
    )


def by_reads(count: int, reads: Sequence[tuple[int, int]]) -> Iterable[int]:
    """`count` operators in the order of the file if that obeys `reads`, else in topological order.

    Of all that can come next, the first in the file does. Where `reads` have a cycle, the order of the file stays.
    """
    if all(writer < reader for writer, reader in reads):
        return range(count)
    order = _sorted(count, set(reads))
    return order if len(order) == count else range(count)


def _sorted(count: int, edges: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """A topological order of those of `count` operators that depend on no cycle."""
    after: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for earlier, later in edges:
        after[earlier].append(later)
        waiting[later] += 1
    ready = [op for op in range(count) if not waiting[op]]
    order = []
    while ready:
        op = heapq.heappop(ready)
        order.append(op)
        for later in after[op]:
            waiting[later] -= 1
            if not waiting[later]:
                heapq.heappush(ready, later)
    return tuple(order)
