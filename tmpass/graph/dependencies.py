"""Dependencies: which operators must run before which, because they read what those write."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tmpass.base.errors import ModelError
from tmpass.graph.model import ABSENT, Op, Subgraph, TensorKind

if TYPE_CHECKING:
    import networkx as nx


def describe(subgraph: Subgraph, index: int) -> str:
    """The number, kind and name of operator `index` for an error."""
    op: Op = subgraph.ops[index]
    return f"operator {index} ({op.kind}{f' {op.name!r}' if op.name else ''})"


def producers(subgraph: Subgraph) -> dict[int, int]:
    """The operator that writes each tensor; variables are left out, since several may write them.

    Raises:
        ModelError: two operators write the same tensor.
    """
    made: dict[int, int] = {}
    open_ = {ABSENT, *subgraph.of_kind(TensorKind.VARIABLE)}
    for index, op in enumerate(subgraph.ops):
        for t in op.outputs:
            if t not in open_ and made.setdefault(t, index) != index:
                raise ModelError(
                    f"{describe(subgraph, made[t])} and {describe(subgraph, index)} both write it",
                    where=f"tensor {t} {subgraph.tensors[t].name!r} of subgraph {subgraph.name!r}",
                    hint="a tensor may be written once",
                )
    return made


def reads(subgraph: Subgraph) -> Sequence[tuple[int, int, int]]:
    """(writer, reader, tensor) for each tensor that one operator writes and another reads.

    Raises:
        ModelError: two operators write the same tensor.
    """
    return subgraph.fact(_reads)


def read_pairs(subgraph: Subgraph) -> Sequence[tuple[int, int]]:
    """(writer, reader) for each of `reads`.

    Raises:
        ModelError: two operators write the same tensor.
    """
    return subgraph.fact(_read_pairs)


def _reads(subgraph: Subgraph) -> Sequence[tuple[int, int, int]]:
    made = producers(subgraph)
    for t in subgraph.inputs:
        made.pop(t, None)
    return [
        (made[t], reader, t)
        for reader, op in enumerate(subgraph.ops)
        for t in (op.inputs if len(op.inputs) < 2 else dict.fromkeys(op.inputs))
        if t in made
    ]


def _read_pairs(subgraph: Subgraph) -> Sequence[tuple[int, int]]:
    return [(writer, reader) for writer, reader, _ in reads(subgraph)]


def dependencies(subgraph: Subgraph) -> "nx.DiGraph[int]":
    """A directed graph over operator indices, with an edge from the writer of a `tensor` to each of its readers.

    Raises:
        ModelError: two operators write the same tensor.
    """
    import networkx as nx

    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(subgraph.ops)))
    graph.add_edges_from((writer, reader, {"tensor": t}) for writer, reader, t in reads(subgraph))
    return graph
