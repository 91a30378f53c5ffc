"""Operators that only pass bytes on: view, concat, split, slice."""

from collections.abc import Sequence
from struct import unpack

from onnx import NodeProto, TensorProto

from tmpass.graph.model import Move, Moves, Tensor

from .opsets import Opsets
from .scopes import Scope
from .views import is_view

_MOST_NUMBERS = 64
"""How many elements of a constant are read that says where to cut."""


def moves_of(
    node: NodeProto, scope: Scope, opsets: Opsets, inputs: Sequence[Tensor | None], outputs: Sequence[Tensor | None]
) -> Moves | None:
    """Return the bytes that `node` passes on unchanged, or None where it computes, or this is not certain.

    Args:
        node: a node.
        scope: its scope.
        opsets: of the model.
        inputs: the inputs of the node, None for one that is left out.
        outputs: the outputs of the node, None for one that is left out.
    """
    if not inputs or not outputs or inputs[0] is None or outputs[0] is None:
        return None
    data, result = inputs[0], outputs[0]
    if is_view(node, scope, opsets, data, result):
        return Moves(Move.VIEW)
    if node.domain or node.op_type not in ("Concat", "Gather", "Slice", "Split"):
        return None
    if data.dtype.bits is None or any(t is None or t.dtype != data.dtype for t in outputs):
        return None
    version = opsets.versions.get("", 1)
    if node.op_type == "Concat":
        return _concat(node, version, inputs, result)
    if node.op_type == "Split":
        axis = _axis(_integer(node, "axis", 0), data)
        return None if axis is None else Moves(Move.SPLIT, parts=tuple(range(len(outputs))), axis=axis)
    if node.op_type == "Gather":
        return _gather(node, scope, data, result)
    return _slice(node, scope, version, data, result)


def _concat(node: NodeProto, version: int, inputs: Sequence[Tensor | None], result: Tensor) -> Moves | None:
    # The axis had a default before operator set 4, and is required since.
    axis = _axis(_integer(node, "axis", 1 if version < 4 else None), result)
    if axis is None or any(t is None or t.dtype != result.dtype for t in inputs[: len(node.input)]):
        return None
    return Moves(Move.CONCAT, parts=tuple(range(len(node.input))), axis=axis)


def _gather(node: NodeProto, scope: Scope, data: Tensor, result: Tensor) -> Moves | None:
    """The moves of a Gather of one index along an axis."""
    axis, at = _axis(_integer(node, "axis", 0), data), constant(node.input[1], scope)
    if axis is None or at is None or len(at) != 1 or data.shape is None or result.shape is None or data.unknown:
        return None
    dim = int(data.shape[axis])
    start = at[0] + dim * (at[0] < 0)
    if not 0 <= start < dim or [d for d in result.shape if d != 1] != [
        d for n, d in enumerate(data.shape) if n != axis and d != 1
    ]:
        return None
    return Moves(Move.SLICE, axis=axis, start=start)


def _slice(node: NodeProto, scope: Scope, version: int, data: Tensor, result: Tensor) -> Moves | None:
    """The moves of a Slice that cuts along one axis, in steps of one."""
    shape = data.shape
    if shape is None or result.shape is None or data.unknown or result.unknown or len(shape) != len(result.shape):
        return None
    if version < 10:
        lists = [_integers(node, name) for name in ("starts", "ends", "axes")]
    else:
        names = [*node.input[1:], *[""] * 4][:4]
        lists = [constant(name, scope) if name else None for name in names]
        if any(name and numbers is None for name, numbers in zip(names, lists, strict=True)):
            return None
        steps = lists[3]
        if steps is not None and set(steps) != {1}:
            return None
    starts, ends, axes = lists[:3]
    if starts is None or ends is None or len(starts) != len(ends):
        return None
    axes = tuple(range(len(starts))) if axes is None else axes
    if len(axes) != len(starts) or any(not -len(shape) <= axis < len(shape) for axis in axes):
        return None
    spans = {axis % len(shape): span for axis, span in zip(axes, zip(starts, ends, strict=True), strict=True)}
    cut = [axis for axis, dim in enumerate(shape) if dim != result.shape[axis]]
    if len(cut) > 1:
        return None
    axis = cut[0] if cut else 0
    dim = int(shape[axis])
    begin, end = (min(max(at + dim * (at < 0), 0), dim) for at in spans.get(axis, (0, dim)))
    return Moves(Move.SLICE, axis=axis, start=begin) if end - begin == result.shape[axis] else None


def constant(name: str, scope: Scope) -> tuple[int, ...] | None:
    """Return the whole numbers that the file stores for `name` in `scope`.

    None if it stores none, or too many, or if a caller may override them.
    """
    tensor = scope.stored.get(name)
    if tensor is not None and any(value.name == name for value in scope.graph.input):
        return None
    maker = scope.makers.get(name, -1)
    if tensor is None and maker >= 0:
        node = scope.nodes[maker]
        if (node.domain, node.op_type) == ("", "Constant"):
            for a in node.attribute:
                if a.name == "value_int":
                    return (a.i,)
                if a.name == "value_ints":
                    return tuple(a.ints) if len(a.ints) <= _MOST_NUMBERS else None
                tensor = a.t if a.name == "value" else tensor
    return None if tensor is None else _stored(tensor)


def _stored(tensor: TensorProto) -> tuple[int, ...] | None:
    # Without onnx's own helpers: they would import numpy for a few numbers.
    if tensor.data_type not in (TensorProto.INT32, TensorProto.INT64) or tensor.data_location == TensorProto.EXTERNAL:
        return None
    count = 1
    for dim in tensor.dims:
        count *= dim
    if not 0 <= count <= _MOST_NUMBERS:
        return None
    short = tensor.data_type == TensorProto.INT32
    if tensor.raw_data:
        width, layout = (4, "i") if short else (8, "q")
        return unpack(f"<{count}{layout}", tensor.raw_data) if len(tensor.raw_data) == count * width else None
    numbers = tensor.int32_data if short else tensor.int64_data
    return tuple(numbers) if len(numbers) == count else None


def _axis(axis: int | None, whole: Tensor) -> int | None:
    if axis is None or whole.shape is None or not -len(whole.shape) <= axis < len(whole.shape):
        return None
    return axis % len(whole.shape)


def _integer(node: NodeProto, name: str, default: int | None) -> int | None:
    return next((a.i for a in node.attribute if a.name == name), default)


def _integers(node: NodeProto, name: str) -> tuple[int, ...] | None:
    return next((tuple(a.ints) for a in node.attribute if a.name == name), None)
