"""Constants that a node makes of stored tensors, element by element, such as dequantized weights.

Some of their indices along an axis are made by the same node from the same indices of what it reads.
"""

from collections.abc import Mapping

from onnx import NodeProto, TensorProto

from tmpass.base.record import record

from .attributes import integer

_ALONE = ("Identity", "Cast")


@record
class Operand:
    """A stored tensor that a node reads.

    Fields:
        position: among the inputs of the node.
        axes: for each axis of the result, that of the tensor which has it, None where every index reads all of it.
    """

    position: int
    name: str
    axes: tuple[int | None, ...]


def operands_of(node: NodeProto, stored: Mapping[str, TensorProto]) -> tuple[Operand, ...] | None:
    """What a node reads; None where its result is not made element by element, or of something that is not stored."""
    names = [(at, name) for at, name in enumerate(node.input) if name]
    if node.domain or not names or any(name not in stored for _, name in names):
        return None
    rank = len(stored[node.input[0]].dims)
    first = Operand(0, node.input[0], tuple(range(rank)))
    if node.op_type in _ALONE:
        return (first,)
    if node.op_type != "DequantizeLinear" or not rank:
        return None
    axis, found = integer(node, "axis", 1) % rank, [first]
    for at, name in names[1:]:
        dims = stored[name].dims
        if len(dims) > 1:  # in blocks
            return None
        each = len(dims) == 1 and dims[0] > 1
        found.append(Operand(at, name, tuple(0 if each and n == axis else None for n in range(rank))))
    return tuple(found)
