"""The order that takes, of all operators that can come next, the one that stands first in the file."""

import heapq
from collections.abc import Iterable, Sequence


def topological_order(count: int, edges: Iterable[tuple[int, int]]) -> Sequence[int]:
    """An order of `count` operators in which the first of each pair of `edges` comes before the second.

    Shorter than `count` where operators wait for each other in a circle.
    """
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
    return order
