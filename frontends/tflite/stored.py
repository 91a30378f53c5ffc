"""The bytes of constants: one buffer of the file may hold those of several tensors."""

from collections.abc import Sequence

from tmpass.graph.model import Stored, TensorKey, TensorKind

from . import schema
from .buffers import Buffers
from .subgraphs import ReadSubgraph


def find_stored(subgraphs: Sequence[ReadSubgraph], buffers: Buffers) -> dict[TensorKey, Stored]:
    """The buffer of each constant, as the first tensor that names it and its bytes.

    A tensor may name an external buffer, which is in another file. Its bytes are those of its shape.
    """
    first: dict[tuple[bool, int], TensorKey] = {}
    found: dict[TensorKey, Stored] = {}
    for s, subgraph in enumerate(subgraphs):
        for t, (tensor, kind) in enumerate(zip(subgraph.tensors, subgraph.kinds, strict=True)):
            if kind is not TensorKind.CONSTANT or not tensor.has_data:
                continue
            external = tensor.table.scalar(schema.Tensor.EXTERNAL_BUFFER)
            number = external or tensor.table.scalar(schema.Tensor.BUFFER)
            size = None if external else buffers.size(number, tensor.table)
            found[s, t] = Stored(first.setdefault((external != 0, number), (s, t)), size)
    return found
