"""Dropout in inference mode, which drops nothing: its result has the bytes of its input."""

from onnx import NodeProto

from .scopes import Scope


def drops_nothing(node: NodeProto, scope: Scope, version: int) -> bool:
    """Whether this Dropout is certain to run in inference mode.

    Before operator set 7 the attribute `is_test` decides. From 7 to 11 it always runs so. From 12 on the third input
    decides: it must be absent, or a stored false.
    """
    if version < 7:
        return any(a.name == "is_test" and a.i for a in node.attribute)
    if version < 12 or len(node.input) < 3 or not node.input[2]:
        return True
    from .stored import stored_value

    name = node.input[2]
    tensor = scope.stored.get(name)
    if tensor is None:
        maker = scope.nodes[scope.makers[name]] if scope.makers.get(name, -1) >= 0 else node
        if (maker.domain, maker.op_type) == ("", "Constant"):
            tensor = next((a.t for a in maker.attribute if a.name == "value"), None)
    value = stored_value(tensor) if tensor is not None else None
    return value is not None and value.size == 1 and not value.item()
