"""Whether ONNX's data propagation may run on a model.

Data propagation follows the values of shapes, even where they are only partly known. But it treats every vector as a
shape: a vector of a billion elements becomes a billion dimensions in memory, and vectors that are concatenated again
and again grow with the powers of two. So the vectors that it would follow are counted before.
"""

from collections.abc import Mapping, Sequence

from onnx import NodeProto, defs

from .opsets import Opsets
from .scopes import Scope
from .value_types import ValueType

MAX_VECTOR = 4096
"""Elements of the longest vector that is followed: shapes are shorter, and most biases too."""

_MAX_TOTAL = 2**21
"""Elements of all vectors together. ONNX takes about 64 bytes for a dimension, which makes at most 128 MiB."""


def is_safe(main: Scope, types: Sequence[Mapping[str, ValueType]], opsets: Opsets) -> bool:
    """Whether all vectors are short that data propagation would follow, by the `types` known without it."""
    propagates: dict[tuple[str, str], bool] = {}
    total = 0
    for scope, around in _with_outer(main, ()):
        for node in scope.nodes:
            key = (node.domain, node.op_type)
            if key not in propagates:
                propagates[key] = _propagates(node, opsets)
            if not propagates[key]:
                continue
            for name in (*node.input, *node.output):
                length = _length(name, (*around, scope), types) if name else 0
                if length is None or length > MAX_VECTOR:
                    return False
                total += length
    return total <= _MAX_TOTAL


def short(known: ValueType) -> bool:
    """Whether `known` is certainly not a long vector."""
    length = _vector_length(known)
    return length is not None and length <= MAX_VECTOR


def _with_outer(scope: Scope, outer: tuple[Scope, ...]) -> "list[tuple[Scope, tuple[Scope, ...]]]":
    """Return `scope` and all scopes inside it, each with the scopes around it."""
    found = [(scope, outer)]
    for inside in scope.bodies.values():
        for body in inside:
            found += _with_outer(body.scope, (*outer, scope))
    return found


def _propagates(node: NodeProto, opsets: Opsets) -> bool:
    """Whether data propagation follows values through `node`, or through the function that defines it."""
    if not opsets.defines(node.domain, node.op_type):
        return False
    schema = defs.get_schema(node.op_type, opsets.versions.get(node.domain, 1), node.domain)
    # The result of Shape or Size is at most as long as a rank, so their inputs do not count.
    if node.op_type in ("Shape", "Size"):
        return False
    followed = ("has_data_propagation_function", "has_function", "has_context_dependent_function")
    return any(getattr(schema, name, True) for name in followed)


def _length(name: str, around: tuple[Scope, ...], types: Sequence[Mapping[str, ValueType]]) -> int | None:
    home = next((scope for scope in reversed(around) if name in scope.makers), None)
    return _vector_length(types[home.id].get(name, ValueType())) if home else None


def _vector_length(known: ValueType) -> int | None:
    """Return the number of elements if `known` is a vector, 0 if it is not, None if that is unknown."""
    if known.other:
        return 0
    if known.shape is None:
        return None
    if len(known.shape) != 1:
        return 0
    # ONNX does not follow a vector whose dimension has a name in the file.
    dim = known.shape[0]
    return 0 if isinstance(dim, str) else dim
