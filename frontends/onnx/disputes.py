"""Tensors of which the file declares another shape than their operators compute.

Either may be wrong: declarations go stale, and the inference of some operators has faults. The larger shape has room
for both, so it counts, and what follows from it is computed again.
"""

from tmpass.base.errors import ModelError

from .value_types import Hole, ValueType, contradicts

HINT = "correct what the file declares, or take it out: onnx.shape_inference finds what is missing"


def larger(name: str, computed: ValueType, stated: ValueType) -> ValueType:
    """`computed`, or where `stated` contradicts it and takes more bytes, the shape stated.

    Raises:
        ModelError: the stated shape of the tensor `name` is larger, and of another rank.
    """
    if not contradicts(computed, stated) or computed.shape is None or stated.shape is None:
        return computed
    more = (stated.elements or 0) > (computed.elements or 0)
    if len(computed.shape) != len(stated.shape):
        if computed.static and more:
            fault = f"it is declared {show(stated)}, its operator makes {show(computed)}"
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
