"""The order of the operators in the file."""

from tmpass.base.errors import ModelError, brief
from tmpass.graph.dependencies import dependencies, describe, reads
from tmpass.graph.model import Subgraph


def file_order(subgraph: Subgraph) -> tuple[int, ...]:
    """The operator indices in the file's order, which must be topological.

    Raises:
        ModelError: an operator reads a tensor that a later one writes, or two write the same one. The message names
            them, and says whether another order would do.
    """
    fault = unsorted(subgraph)
    if fault:
        raise ModelError(fault, where=f"subgraph {subgraph.name!r}", hint=_advice(subgraph))
    return tuple(range(len(subgraph.ops)))


def unsorted(subgraph: Subgraph) -> str:
    """A text on the first operator that reads a tensor which only a later one writes; empty if there is none.

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
    return f"no order can run: operators {' -> '.join([*cycle, cycle[0]])} wait for each other"
