"""The bytes of constants: one buffer of the file may hold those of several tensors."""

from collections.abc import Sequence

from tmpass.base.record import maker
from tmpass.graph.model import Stored, TensorKey, TensorKind

from .buffers import Buffers
from .subgraphs import ReadSubgraph


def find_stored(subgraphs: Sequence[ReadSubgraph], buffers: Buffers) -> dict[TensorKey, Stored]:
    """The buffer of each constant, as the first tensor that names it and its bytes.

    A tensor may name an external buffer, which is in another file. Its bytes are those of its shape.
    """
    first: dict[tuple[int, int], TensorKey] = {}
    found: dict[TensorKey, Stored] = {}
    made, constant = maker(Stored), TensorKind.CONSTANT
    for s, subgraph in enumerate(subgraphs):
        for t, (tensor, kind) in enumerate(zip(subgraph.tensors, subgraph.kinds, strict=True)):
            if kind is not constant or not tensor.has_data:
                continue
            size = None if tensor.external else buffers.sizes[tensor.buffer]
            found[s, t] = made(first.setdefault((tensor.external, tensor.buffer), (s, t)), size)
    return found
