"""Sorting of nodes into an order in which they can run, since some files break this rule of ONNX."""

import heapq
from collections.abc import Iterable, Sequence

from onnx import FunctionProto, GraphProto, NodeProto

from tmpass.base.errors import ModelError

from .read import bodies

_SHOWN = 8


def sort_nodes(owner: GraphProto | FunctionProto, title: str = "") -> tuple[int, ...]:
    """Sort the nodes of `owner` in place, so that each comes after those it reads from; bodies are not changed.

    Of all nodes that can come next, the first in the file is taken.

    Args:
        owner: a graph, or a local function.
        title: its place in the model, for errors.

    Returns:
        For each node its index before; empty if no node was moved.

    Raises:
        ModelError: nodes depend on each other in a cycle; the message names them.
    """
    nodes = tuple(owner.node)
    sources = _sources(nodes)
    if all(maker < index for index, makers in enumerate(sources) for maker in makers):
        return ()
    order = _sorted(sources)
    if len(order) < len(nodes):
        raise _cycle_error(owner, sources, set(range(len(nodes))).difference(order), title)
    copies = [NodeProto.FromString(nodes[index].SerializeToString()) for index in order]
    del owner.node[:]
    owner.node.extend(copies)
    return tuple(order)


def sort_all(owner: GraphProto | FunctionProto) -> bool:
    """Sort the nodes of `owner` and of every body inside it, so that each comes after those it reads from.

    Returns:
        Whether a node was moved.

    Raises:
        ModelError: as `sort_nodes`.
    """
    moved = bool(sort_nodes(owner))
    for node in owner.node:
        for _, graph in bodies(node):
            moved = sort_all(graph) or moved
    return moved


def _sources(nodes: Sequence[NodeProto]) -> list[list[int]]:
    """For each node, the indices of the nodes that make what it, or a body of it, reads."""
    makers = {name: index for index, node in enumerate(nodes) for name in node.output if name}
    return [[makers[name] for name in _reads(node) if name in makers] for node in nodes]


def _reads(node: NodeProto) -> Iterable[str]:
    inside = [name for _, graph in bodies(node) for name in free_names(graph)]
    return dict.fromkeys((*node.input, *inside)) if inside else node.input


def free_names(graph: GraphProto) -> Iterable[str]:
    """Return the names that `graph` or a body in it reads, and that `graph` does not define."""
    own = {value.name for value in graph.input} | {tensor.name for tensor in graph.initializer}
    own.update(sparse.values.name for sparse in graph.sparse_initializer)
    own.update(name for node in graph.node for name in node.output)
    read = dict.fromkeys(name for node in graph.node for name in _reads(node))
    read |= dict.fromkeys(value.name for value in graph.output)
    return [name for name in read if name and name not in own]


def _sorted(sources: Sequence[Sequence[int]]) -> list[int]:
    after: list[list[int]] = [[] for _ in sources]
    left = [0] * len(sources)
    for index, makers in enumerate(sources):
        for maker in set(makers):
            after[maker].append(index)
            left[index] += 1
    ready = [index for index, count in enumerate(left) if not count]
    order: list[int] = []
    while ready:
        index = heapq.heappop(ready)
        order.append(index)
        for later in after[index]:
            left[later] -= 1
            if not left[later]:
                heapq.heappush(ready, later)
    return order


def _cycle_error(
    owner: GraphProto | FunctionProto, sources: Sequence[Sequence[int]], stuck: set[int], title: str
) -> ModelError:
    # Every stuck node reads from another stuck node, so a walk from one to the next ends in a cycle.
    path: dict[int, None] = {}
    at = min(stuck)
    while at not in path:
        path[at] = None
        at = next(maker for maker in sources[at] if maker in stuck)
    cycle = list(path)[list(path).index(at) :][::-1]
    first = cycle.index(min(cycle))
    cycle = cycle[first:] + cycle[:first]
    names = [_title(owner.node[index], index) for index in cycle]
    if len(names) == 1:
        name = next(name for name in _reads(owner.node[at]) if name in owner.node[at].output)
        return ModelError(
            f"reads {name!r}, which {names[0]} makes itself",
            where=f"{title}, {names[0]}" if title else names[0],
            hint="no order of the nodes can run: export the model again",
        )
    more = f" -> {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ModelError(
        f"nodes depend on each other in a cycle: {' -> '.join(names[:_SHOWN])}{more} -> {names[0]}",
        where=title or f"graph {owner.name!r}",
        hint="no order of the nodes can run: export the model again",
    )


def _title(node: NodeProto, index: int) -> str:
    name = f" {node.name!r}" if node.name else ""
    return f"node {index}{name} ({node.op_type})"
