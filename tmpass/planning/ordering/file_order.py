"""The order that the file states."""

from tmpass.base.errors import ModelError, brief
from tmpass.graph.dependencies import dependencies, describe, reads
from tmpass.graph.model import Subgraph


def file_order(subgraph: Subgraph) -> tuple[int, ...]:
    """Operator indices as they stand in the file, which must be a topological order.

    Raises:
        ModelError: an operator reads what a later one writes; it says which, and whether any order would do.
    """
    fault = unsorted(subgraph)
    if fault:
        raise ModelError(fault, where=f"subgraph {subgraph.name!r}", hint=_advice(subgraph))
    return tuple(range(len(subgraph.ops)))


def unsorted(subgraph: Subgraph) -> str:
    """Return the first place where an operator reads what only a later one writes, "" where there is none.

    Raises:
        ModelError: two operators write the same tensor.
    """
    for writer, reader, tensor in reads(subgraph):
        if writer >= reader:
            name = brief(subgraph.tensors[tensor].name)
            one, two = describe(subgraph, reader), describe(subgraph, writer)
            return f"{one} reads tensor {tensor} {name}, which only {two} writes"
    return ""


def _advice(subgraph: Subgraph) -> str:
    import networkx as nx

    graph = dependencies(subgraph)
    if nx.is_directed_acyclic_graph(graph):
        return "sort the operators so that each comes after those it reads from, or plan with --schedule topological"
    cycle = [str(writer) for writer, *_ in nx.find_cycle(graph)]
    return f"no order can mend this: operators {' -> '.join([*cycle, cycle[0]])} wait for each other"
