"""Shapes of operators for which ONNX's own inference and ONNX Runtime disagree.

| operator | ONNX's inference | ONNX Runtime |
|-|-|-|
| Einsum | takes the first dimension of a letter, even a 1 | a 1 is broadcast over the other dimensions |
| pools with ceil_mode | count a window that begins behind the image; with SAME, one for each remainder | do not |
| Resize, Upsample by scales | multiply in double precision: 5 times 2.6f is 12 | in single precision: 13 |
| Slice with a negative step | is empty from before the first index, or to the largest integer | is not empty there |
| Resize by sizes with a policy | takes negative axes as counted from the end | ignores these axes; tmpass: unknown |
| GatherND | gives no shape for a scalar result | gives a scalar |
| ConvTranspose with SAME | input times stride, plus `output_padding` | extent of windows, at most input times stride |
"""

from collections.abc import Callable, Iterable
from math import ceil
from typing import Any

import numpy as np
from onnx import NodeProto, helper

from .einsum import einsum
from .scopes import Scope
from .settling import Types
from .stored import Value, stored_value
from .value_types import Hole, ValueType

_TypeOf = Callable[[str], ValueType]
_ValueOf = Callable[[str], Value | None]
_Shape = tuple[Hole, ...]

_LARGEST = (2**31 - 1, 2**63 - 1)


class _Unsure(Exception):
    """Whether ONNX's inference is right depends on a value that is not known."""


def corrected(node: NodeProto, type_of: _TypeOf, value_of: _ValueOf) -> _Shape | None:
    """The shape of the output of `node` where ONNX's inference may be wrong; None where it is right or unknown."""
    try:
        return _corrected(node, type_of, value_of)
    except _Unsure:
        return None


def is_suspect(node: NodeProto) -> bool:
    """Whether ONNX's inference may be wrong about `node`, so that `corrected` examines it."""
    return node.op_type in _RULES and not node.domain and bool(node.input) and bool(node.output)


def without_doubtful_shapes(main: Scope, inferred: Types) -> Types:
    """Return `inferred` without the shapes that may be wrong, and without all shapes that follow from them."""
    if not any(is_suspect(node) for scope in main.walk() for node in scope.nodes):
        return inferred
    types = [dict(known) for known in inferred]
    _remove_doubtful(main, types, set(), {})
    return types


def _remove_doubtful(scope: Scope, types: Types, tainted: set[str], around: dict[str, ValueType]) -> bool:
    """Remove from `types` the shapes in `scope` that may be wrong, or follow from the names `tainted`.

    Returns:
        Whether there were any.
    """
    here = types[scope.id]
    known = around | here
    found_any = False
    for index, node in enumerate(scope.nodes):
        wrong = not tainted.isdisjoint(node.input) or (is_suspect(node) and _is_doubtful(node, scope, known))
        for body in scope.bodies.get(index, ()):
            inside = tainted | set(body.scope.inputs) if wrong else set(tainted)
            if wrong:
                _forget(types[body.scope.id], body.scope.inputs)
            wrong |= _remove_doubtful(body.scope, types, inside, known)
        if wrong:
            found_any = True
            tainted.update(name for name in node.output if name)
            _forget(here, node.output)
    return found_any


def _forget(types: dict[str, ValueType], names: Iterable[str]) -> None:
    for name in names:
        if name in types and not types[name].other:
            types[name] = ValueType(types[name].element)


def _is_doubtful(node: NodeProto, scope: Scope, known: dict[str, ValueType]) -> bool:
    def value_of(name: str) -> Value | None:
        stored = scope.stored.get(name)
        if stored is None:
            maker = scope.makers.get(name, -1)
            source = scope.nodes[maker] if maker >= 0 else None
            if source is None or source.op_type != "Constant":
                return None
            stored = next((a.t for a in source.attribute if a.name == "value"), None)
        return None if stored is None else stored_value(stored)

    def type_of(name: str) -> ValueType:
        return known.get(name, ValueType())

    try:
        shape = _corrected(node, type_of, value_of)
    except _Unsure:
        return True
    before = type_of(node.output[0]).shape
    if shape is None or before is None:
        return False
    return len(shape) != len(before) or any(a != b and isinstance(b, int) for a, b in zip(shape, before, strict=True))


def _corrected(node: NodeProto, type_of: _TypeOf, value_of: _ValueOf) -> _Shape | None:
    if not is_suspect(node):
        return None
    shapes = [type_of(name).shape if name else None for name in node.input]
    try:
        attributes = {a.name: helper.get_attribute_value(a) for a in node.attribute if a.type != a.GRAPH}
        found = _RULES[node.op_type](node, shapes, attributes, value_of)
    except _Unsure:
        raise
    except Exception:  # the node is not valid
        return None
    if found is None:
        return None
    # A window that does not fit, or a scale of 1e20, gives numbers that are not dimensions.
    return tuple(None if isinstance(dim, int) and not 0 <= dim <= _LARGEST[1] else dim for dim in found)


def _einsum(_: NodeProto, shapes: list[_Shape | None], attributes: dict[str, Any], __: _ValueOf) -> _Shape | None:
    known = [shape for shape in shapes if shape is not None]
    return einsum(attributes["equation"].decode(), known) if len(known) == len(shapes) else None


def _pool(_: NodeProto, shapes: list[_Shape | None], attributes: dict[str, Any], __: _ValueOf) -> _Shape | None:
    return pooled(shapes[0], attributes)


def pooled(shape: _Shape | None, attributes: dict[str, Any]) -> _Shape | None:
    """The output shape of a pool over `shape`, which has its channels behind the batch; None if ONNX is right."""
    kernel = list(attributes["kernel_shape"])
    auto = attributes.get("auto_pad", b"NOTSET").decode()
    dilations = list(attributes.get("dilations") or [1] * len(kernel))
    same = auto in ("SAME_UPPER", "SAME_LOWER")
    if shape is None or not (attributes.get("ceil_mode", 0) or (same and max(dilations) > 1)):
        return None
    strides = list(attributes.get("strides") or [1] * len(kernel))
    pads = list(attributes.get("pads") or [0] * (2 * len(kernel))) if auto == "NOTSET" else [0] * (2 * len(kernel))
    made = list[Hole](shape[:2])
    for axis, dim in enumerate(shape[2:]):
        if not isinstance(dim, int):
            made.append(None)
            continue
        size, stride, dilation = kernel[axis], strides[axis], dilations[axis]
        before, behind = pads[axis], pads[axis + len(kernel)]
        if same:
            missing = (-(-dim // stride) - 1) * stride + size - dim
            before = (missing + (auto == "SAME_LOWER")) // 2
            behind = missing - before
        span = dim + before + behind - dilation * (size - 1) - 1
        count = (ceil(span / stride) if attributes.get("ceil_mode", 0) else span // stride) + 1
        if attributes.get("ceil_mode", 0) and (count - 1) * stride >= dim + before:
            count -= 1  # the last window would begin behind the image
        made.append(count)
    return tuple(made)


def _resize(
    node: NodeProto, shapes: list[_Shape | None], attributes: dict[str, Any], value_of: _ValueOf
) -> _Shape | None:
    shape, scales = shapes[0], attributes.get("scales")
    if shape is None:
        return None
    if attributes.get("keep_aspect_ratio_policy", b"stretch") != b"stretch" and min(attributes.get("axes") or [0]) < 0:
        return tuple(None for _ in shape)
    if scales is None:
        place = 1 if node.op_type == "Upsample" or len(node.input) == 2 else 2
        if len(node.input) <= place or not node.input[place] or (len(node.input) > 3 and node.input[3]):
            return None
        scales = value_of(node.input[place])
        if scales is None:
            raise _Unsure
    factors = np.asarray(scales, np.float32).reshape(-1)
    if not factors.size:
        return None
    axes = list(attributes.get("axes") or range(len(shape)))
    made = list(shape)
    for axis, factor in zip(axes, factors, strict=True):
        dim = shape[axis]
        if isinstance(dim, int):
            with np.errstate(all="ignore"):
                made[axis] = int(np.float32(dim) * factor)
        elif factor != 1:
            made[axis] = None
    return tuple(made)


def _slice(node: NodeProto, shapes: list[_Shape | None], _: dict[str, Any], value_of: _ValueOf) -> _Shape | None:
    shape = shapes[0]
    if shape is None or len(node.input) < 5 or not node.input[4]:
        return None
    steps = value_of(node.input[4])
    if steps is not None and (steps > 0).all():
        return None
    starts, ends = value_of(node.input[1]), value_of(node.input[2])
    axes = value_of(node.input[3]) if node.input[3] else np.arange(len(shape))
    if steps is None or starts is None or ends is None or axes is None:
        raise _Unsure
    made = list(shape)
    for start, end, axis, step in zip(*(v.reshape(-1).tolist() for v in (starts, ends, axes, steps)), strict=True):
        dim = shape[axis]
        if not isinstance(dim, int):
            made[axis] = None
            continue
        first = max(start, -dim) if step < 0 else start
        last = None if step < 0 and end in _LARGEST else end
        made[axis] = len(range(*slice(first, last, step).indices(dim)))
    return tuple(made)


def _gather_nd(_: NodeProto, shapes: list[_Shape | None], attributes: dict[str, Any], __: _ValueOf) -> _Shape | None:
    return gathered(shapes[0], shapes[1], attributes.get("batch_dims", 0))


def gathered(data: _Shape | None, indices: _Shape | None, batches: int = 0) -> _Shape | None:
    """The output shape of GatherND: a slice of `data` for each row of `indices`; None where that is not known."""
    if data is None or not indices or not isinstance(depth := indices[-1], int):
        return None
    return (*indices[:-1], *data[batches + depth :]) if batches + depth <= len(data) else None


def _conv_transpose(
    _: NodeProto, shapes: list[_Shape | None], attributes: dict[str, Any], __: _ValueOf
) -> _Shape | None:
    image, weights = shapes[0], shapes[1]
    same = attributes.get("auto_pad", b"") in (b"SAME_UPPER", b"SAME_LOWER")
    if image is None or weights is None or not same or attributes.get("output_shape"):
        return None
    sides = len(image) - 2
    kernel = attributes.get("kernel_shape") or weights[2:]
    strides, dilations = (attributes.get(name) or [1] * sides for name in ("strides", "dilations"))
    more = attributes.get("output_padding") or [0] * sides
    channels = weights[1]
    made: list[Hole] = [image[0], channels * attributes.get("group", 1) if isinstance(channels, int) else None]
    for dim, size, stride, dilation, extra in zip(image[2:], kernel, strides, dilations, more, strict=True):
        if isinstance(dim, int) and isinstance(size, int):
            made.append(min(dim * stride, (dim - 1) * stride + extra + (size - 1) * dilation + 1))
        else:
            made.append(None)
    return tuple(made)


_RULES: dict[str, Callable[[NodeProto, list[_Shape | None], dict[str, Any], _ValueOf], _Shape | None]] = {
    "AveragePool": _pool,
    "ConvTranspose": _conv_transpose,
    "Einsum": _einsum,
    "GatherND": _gather_nd,
    "LpPool": _pool,
    "MaxPool": _pool,
    "Resize": _resize,
    "Slice": _slice,
    "Upsample": _resize,
}
