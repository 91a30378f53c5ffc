"""The order that the file states."""

from tmpass.errors import ModelError
from tmpass.graph import Subgraph
from tmpass.schedule.dependencies import dependencies, describe, reads


def file_order(subgraph: Subgraph) -> tuple[int, ...]:
    """Operator indices as they stand in the file, which must be a topological order.

    Raises:
        ModelError: an operator reads what a later one writes; it says which, and whether any order would do.
    """
    for writer, reader, tensor in reads(subgraph):
        if writer >= reader:
            raise ModelError(
                f"{describe(subgraph, reader)} reads tensor {tensor} {subgraph.tensors[tensor].name!r}, "
                f"which only {describe(subgraph, writer)} writes",
                where=f"subgraph {subgraph.name!r}",
                hint=_advice(subgraph),
            )
    return tuple(range(len(subgraph.ops)))


def _advice(subgraph: Subgraph) -> str:
    import networkx as nx

    graph = dependencies(subgraph)
    if nx.is_directed_acyclic_graph(graph):
        return "sort the operators so that each comes after those it reads from, or plan with --schedule topological"
    cycle = [str(writer) for writer, *_ in nx.find_cycle(graph)]
    return f"no order can mend this: operators {' -> '.join([*cycle, cycle[0]])} wait for each other"
