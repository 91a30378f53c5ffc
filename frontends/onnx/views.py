"""Operators whose result holds exactly the bytes of their first input."""

from math import prod

from onnx import NodeProto

from tmpass.graph.model import Tensor

from .dropout import drops_nothing
from .opsets import Opsets
from .scopes import Scope

_VIEWS = frozenset({"Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"})


def is_view(node: NodeProto, scope: Scope, opsets: Opsets, data: Tensor, result: Tensor) -> bool:
    """Whether `result`, the first output of `node`, is `data`, its first input, under another shape."""
    if node.domain or data.dtype.bits is None or data.dtype != result.dtype:
        return False
    # In a file with contradictory shapes, tensors of two sizes must not share storage.
    if _elements(data) != _elements(result) and None not in (_elements(data), _elements(result)):
        return False
    if node.op_type in _VIEWS or node.op_type == "Cast":
        return True
    if node.op_type != "Dropout" or any(node.output[1:]):
        return False
    return drops_nothing(node, scope, opsets.versions.get("", 1))


def _elements(tensor: Tensor) -> int | None:
    """Return the number of elements, None where a dimension is open."""
    if tensor.shape is None or tensor.unknown:
        return None
    return prod(dim for dim in tensor.shape if isinstance(dim, int))
