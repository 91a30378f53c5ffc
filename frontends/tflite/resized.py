"""Resized tensors, for which a runtime that takes the shapes in the file has another size than the graph."""

from collections.abc import Sequence
from math import prod

from tmpass.base.errors import brief
from tmpass.graph.model import TensorKind

from .inference.dims import written
from .settle import SubgraphShapes
from .subgraphs import ReadSubgraph

_LISTED = 4


def find_resized(subgraphs: Sequence[ReadSubgraph], bodies: Sequence[SubgraphShapes]) -> tuple[str, ...]:
    """Describe some tensors that the file leaves open, and that have another size in the graph than in the file.

    Inputs come first: no other tensor decides their size.
    """
    first, found = list[str](), list[str]()
    for read, body in zip(subgraphs, bodies, strict=True):
        for t, (tensor, shape, kind) in enumerate(zip(read.tensors, body.planned, read.kinds, strict=True)):
            if (tensor.dims is not None and None not in tensor.dims) or kind is TensorKind.CONSTANT:
                continue
            if shape is None or tensor.dtype.bits is None or any(isinstance(dim, str) for dim in shape):
                continue
            here = tensor.shape or ()
            if prod(map(int, shape)) != prod(here):
                line = f"{brief(tensor.name)} is {written(here)} in the file, {written(shape)} here"
                (first if t in read.inputs else found).append(line)
    return (*first, *found)[:_LISTED]
