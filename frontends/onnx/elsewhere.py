"""Shapes that follow from values in another file, which tmpass never reads."""

from onnx import NodeProto, TensorProto

from .read import SHAPE_ELEMENTS
from .scopes import Scope


def cause(node: NodeProto, scope: Scope) -> str:
    """Why the output shapes of `node` are open, if they may follow from values in another file; else ""."""
    names = _read_from_elsewhere(node, scope)
    if not names:
        return ""
    whose = repr(names[0]) + (f" and {len(names) - 1} more" if len(names) > 1 else "")
    return f"the values of {whose} are in another file, which is not read"


def _read_from_elsewhere(node: NodeProto, scope: Scope) -> list[str]:
    """The initialisers in another file that `node` computes from, and that could hold a shape."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    waiting = list(reversed(node.input))
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        tensor = scope.stored.get(name)
        if tensor is not None and _could_hold_a_shape(tensor):
            found[name] = None
        maker = scope.makers.get(name, -1)
        if maker >= 0 and _passes_on(scope.nodes[maker]):
            waiting += reversed(scope.nodes[maker].input)
    return list(found)


def _passes_on(node: NodeProto) -> bool:
    """Whether exporters put nodes such as `node` between a stored shape and its use."""
    return not node.domain and node.op_type in ("Cast", "Concat", "Identity", "Squeeze", "Unsqueeze")


def _could_hold_a_shape(tensor: TensorProto) -> bool:
    # Reading drops large payloads, and then the tensor looks external too, but has no location.
    elsewhere = tensor.data_location == TensorProto.EXTERNAL and tensor.external_data
    return bool(elsewhere) and tensor.data_type in SHAPE_ELEMENTS and len(tensor.dims) <= 1
