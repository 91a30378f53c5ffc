"""The order that takes, of all operators that can come next, the one that stands first in the file."""

import heapq
from collections.abc import Iterable

from tmpass.base.errors import ModelError
from tmpass.graph.model import Subgraph


def topological_order(
    subgraph: Subgraph, reads: Iterable[tuple[int, int]], effects: Iterable[tuple[int, int]]
) -> tuple[int, ...]:
    """Operator indices so that the first of each pair of `reads` and of `effects` comes before the second.

    Raises:
        ModelError: operators wait for each other in a circle; it says whether they do so by what they read alone.
    """
    needed = set(reads)
    order = _sorted(len(subgraph.ops), needed.union(effects))
    if len(order) == len(subgraph.ops):
        return order
    stuck = sorted(set(range(len(subgraph.ops))) - set(order))
    circle = f"operators wait for each other in a circle, among them {', '.join(map(str, stuck[:8]))}"
    if len(_sorted(len(subgraph.ops), needed)) < len(subgraph.ops):
        raise ModelError(circle, where=f"subgraph {subgraph.name!r}", hint="no order can mend this: export it again")
    raise ModelError(
        f"{circle}: those that touch one state keep the order of the file, but the file is not sorted",
        where=f"subgraph {subgraph.name!r}",
        hint="sort the operators of the file so that each comes after those it reads from",
    )


def by_reads(count: int, reads: Iterable[tuple[int, int]]) -> Iterable[int]:
    """`count` operators as they stand, or sorted by `reads` alone where these say otherwise.

    Of all that can come next, the first in the file does; where no order would do they stay as they stand.
    """
    pairs = set(reads)
    if all(writer < reader for writer, reader in pairs):
        return range(count)
    order = _sorted(count, pairs)
    return order if len(order) == count else range(count)


def _sorted(count: int, edges: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """As many of `count` operators as no circle holds up."""
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
