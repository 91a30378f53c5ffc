"""Disputes: tensors for which the file declares another shape than their operators compute.

Either may be wrong: declarations go stale, and the inference of some operators has faults. The larger shape has room
for both, so it is planned, and the shapes that follow from it are computed again.
"""

from tmpass.base.errors import ModelError

from .value_types import Hole, ValueType, contradicts

HINT = "correct the declared shapes, or remove them: onnx.shape_inference finds missing ones"


def larger(name: str, computed: ValueType, stated: ValueType) -> ValueType:
    """Return the type with the larger shape if two types of a tensor contradict each other, else `computed`.

    Args:
        name: of the tensor.
        computed: the type that its operator makes.
        stated: the type that the file declares.

    Raises:
        ModelError: the stated shape is larger, and has another rank.
    """
    if not contradicts(computed, stated) or computed.shape is None or stated.shape is None:
        return computed
    more = (stated.elements or 0) > (computed.elements or 0)
    if len(computed.shape) != len(stated.shape):
        if computed.static and more:
            fault = f"it is declared {show(stated)}, but its operator makes {show(computed)}"
            raise ModelError(fault, where=f"tensor {name!r}", hint=HINT)
        return computed
    if computed.static and stated.static:
        return ValueType(computed.element, stated.shape) if more else computed
    pairs = zip(computed.shape, stated.shape, strict=True)
    return ValueType(computed.element, tuple(_larger(a, b) for a, b in pairs))


def show(known: ValueType) -> str:
    """The shape of `known` as errors write it."""
    dims = ["?" if d is None else str(d) for d in known.shape or ()]
    return f"[{', '.join(dims[:8])}{', ...' if len(dims) > 8 else ''}]"


def _larger(computed: Hole, stated: Hole) -> Hole:
    if isinstance(computed, int) and isinstance(stated, int):
        return max(computed, stated)
    return computed
