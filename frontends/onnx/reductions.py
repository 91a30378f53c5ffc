"""Reductions with unknown axes: what is certain about the shape of the result."""

from collections.abc import Callable

from onnx import NodeProto

from .value_types import Hole, ValueType

_KINDS = frozenset(
    f"Reduce{kind}" for kind in ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"]
)


def reduced(node: NodeProto, type_of: Callable[[str], ValueType]) -> dict[str, ValueType]:
    """Return the known part of the result type of a reduction whose axes are not known before a run.

    The number of axes decides the rank. With none or all of them, it decides the whole shape. A dimension of one that
    is kept stays one.
    """
    if node.domain or node.op_type not in _KINDS or len(node.input) < 2 or not node.input[1]:
        return {}
    data, axes = type_of(node.input[0]), type_of(node.input[1])
    attributes = {a.name: a.i for a in node.attribute}
    keep = bool(attributes.get("keepdims", 1))
    count = axes.shape[0] if axes.shape is not None and len(axes.shape) == 1 else None
    if data.shape is None:
        return {}
    if count == 0:
        if attributes.get("noop_with_empty_axes", 0):
            return {node.output[0]: data}
        count = len(data.shape)
    shape = _kept(data.shape, count) if keep else _dropped(data.shape, count)
    return {node.output[0]: ValueType(data.element, shape)}


def _kept(shape: tuple[Hole, ...], count: Hole) -> tuple[Hole, ...]:
    return tuple(1 if dim == 1 or count == len(shape) else None for dim in shape)


def _dropped(shape: tuple[Hole, ...], count: Hole) -> tuple[Hole, ...] | None:
    left = len(shape) - count if isinstance(count, int) else -1
    if left < 0:
        return None
    return (shape[0] if len(set(shape)) == 1 else None,) * left
