"""The verifier's own count of the stored constants that a run touches."""

from tmpass.graph.model import ABSENT, Graph, Subgraph, TensorKey, TensorKind


class Stored:
    """The constants that a run touches, by the first tensor with their bytes: those of no or unknown bytes left out.

    Attributes:
        first: tensor -> the first with its bytes.
        members: first tensor -> all with its bytes.
        sizes: first tensor -> how many bytes it has.
    """

    def __init__(self, graph: Graph) -> None:
        sizes, members = _needed(graph)
        self.sizes, self.members = sizes, members
        self.first = {key: first for first, keys in members.items() for key in keys}


def _needed(graph: Graph) -> tuple[dict[TensorKey, int], dict[TensorKey, tuple[TensorKey, ...]]]:
    """The bytes of each stored constant that a run touches, and the tensors that have them, both by the first of these.

    Constants of no bytes or of unknown size need no place.
    """
    sizes: dict[TensorKey, int] = {}
    members: dict[TensorKey, list[TensorKey]] = {}
    for s, subgraph in enumerate(graph.subgraphs):
        used, own = subgraph.fact(touched), subgraph.sizes
        for t in subgraph.of_kind(TensorKind.CONSTANT):
            if t not in used:
                continue
            told = graph.stored.get((s, t))
            size = own[t] if told is None or told.bytes is None else told.bytes
            if size:
                storage = (s, t) if told is None else told.first
                if storage in sizes:
                    sizes[storage] = max(size, sizes[storage])
                    members[storage].append((s, t))
                else:
                    sizes[storage], members[storage] = size, [(s, t)]
    return (
        {keys[0]: sizes[storage] for storage, keys in members.items()},
        {keys[0]: tuple(keys) for keys in members.values()},
    )


def touched(subgraph: Subgraph) -> set[int]:
    """The tensors of `subgraph` that go in or out of it, or that an operator has."""
    found = {*subgraph.inputs, *subgraph.outputs}
    for op in subgraph.ops:
        found.update(op.inputs, op.outputs, op.temporaries)
    return found - {ABSENT}
