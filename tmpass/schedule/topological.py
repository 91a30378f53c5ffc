"""The order that takes, of all operators that can come next, the one that stands first in the file."""

import heapq
from collections.abc import Iterable

from tmpass.errors import ModelError
from tmpass.graph import Subgraph


def topological_order(subgraph: Subgraph, edges: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """Operator indices so that the first of each pair of `edges` comes before the second.

    Raises:
        ModelError: operators wait for each other in a circle.
    """
    count = len(subgraph.ops)
    after: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for earlier, later in set(edges):
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
    if len(order) < count:
        stuck = sorted(set(range(count)) - set(order))
        raise ModelError(
            f"operators wait for each other in a circle, among them {', '.join(map(str, stuck[:8]))}",
            where=f"subgraph {subgraph.name!r}",
            hint="no order can mend this: export the model again",
        )
    return tuple(order)
