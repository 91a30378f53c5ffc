"""Values that a caller gives for the inputs of a model, as Python or numpy objects."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, TypeProto, helper

from tmpass.base.errors import ModelError, UsageError, brief
from tmpass.graph.model import Tensor
from tmpass.loading.runner import Value

from ..element_types import dtype_of
from .ort_values import FLOATS, Form, Held
from .rounding import is_float
from .sessions import optional_of, sequence_of, strings_of

_PACKED = (2, 4)
"""Bits of elements that are packed into bytes. Numpy has a whole byte for each of them."""


def take(tensor: Tensor, proto: TypeProto, given: object) -> Value:
    """Return the Value of `given`, which a caller gives for an input of a model.

    Args:
        tensor: the input.
        proto: its declared type.
        given: an array for a tensor, a list for a sequence, a dict for a map, None for an optional without a value.
            Elements of a type that numpy does not have are those of the package ml_dtypes, or void (|V1, |V2) with
            their bits, as numpy stores them.

    Raises:
        UsageError: it has another element type or shape than the input.
        ModelError: ONNX Runtime does not support such a value.
    """
    try:
        return _value(proto, given, tensor.shape)
    except UsageError as error:
        raise error.within(f"input {brief(tensor.name)}") from None


def _value(proto: TypeProto, given: object, shape: Sequence[int | str] | None) -> Value:
    kind = proto.WhichOneof("value")
    if kind == "tensor_type":
        array = _array(proto.tensor_type.elem_type, given)
        _check_shape(array, shape)
        if proto.tensor_type.elem_type == TensorProto.STRING:
            return strings_of(array)
        return Value(_bits(array, proto.tensor_type.elem_type), Form(proto.tensor_type.elem_type, array.shape))
    if kind == "sequence_type":
        return _sequence(proto.sequence_type.elem_type, given)
    if kind == "optional_type":
        inner = proto.optional_type.elem_type
        return optional_of(inner, None if given is None else _value(inner, given, None))
    if kind == "map_type":
        if not isinstance(given, Mapping):
            raise UsageError(f"{brief(given)} is given for a map", hint="give a dict")
        key, element = (
            TensorProto.DataType.Name(number).lower()
            for number in (proto.map_type.key_type, proto.map_type.value_type.tensor_type.elem_type)
        )
        return Value(None, Held(f"map({key},tensor({element}))", dict(given)))
    raise ModelError("values of this type cannot be executed")


def _sequence(inner: TypeProto, given: object) -> Value:
    if isinstance(given, str | bytes) or not isinstance(given, Sequence):
        raise UsageError(f"{brief(given)} is given for a sequence", hint="give a list of arrays")
    return sequence_of(inner, [_value(inner, part, None) for part in given])


def _array(element: int, given: object) -> NDArray[Any]:
    if isinstance(given, TensorProto):
        from onnx import numpy_helper

        given = numpy_helper.to_array(given)
    if given is None or isinstance(given, Mapping):
        raise UsageError(f"{brief(given)} is given for a tensor", hint="give an array")
    array = np.asarray(given)
    if element == TensorProto.STRING:
        if array.dtype.kind not in "USO":
            raise UsageError(f"an array of {array.dtype} is given for one of strings", hint="give an array of texts")
        return array
    wanted = helper.tensor_dtype_to_np_dtype(element)
    if array.dtype.kind in "iufc":
        array = array.astype(array.dtype.newbyteorder("="))
    if isinstance(given, bool | int | float | list | tuple) and array.dtype.kind in "biuf":
        # Python numbers have no element type of their own; each must keep its value in the wanted one.
        made = array.astype(wanted)
        array = made if is_float(element) or np.array_equal(made.astype(array.dtype), array) else array
    void = array.dtype.kind == "V" and array.dtype.itemsize == wanted.itemsize
    if array.dtype != wanted and not void:
        name = dtype_of(element).name
        raise UsageError(f"an array of {array.dtype} is given for one of {name}", hint=f"give an array of {name}")
    return array


def _bits(array: NDArray[Any], element: int) -> bytes:
    """Return the bytes of `array` in a memory: small elements are packed, the first one into the lowest bits."""
    bits = dtype_of(element).bits
    if element in FLOATS or bits not in _PACKED:
        return np.ascontiguousarray(array).tobytes()
    raw = np.ascontiguousarray(array).reshape(-1).view(np.uint8) & ((1 << bits) - 1)
    count = 8 // bits
    raw = np.concatenate([raw, np.zeros(-raw.size % count, np.uint8)]).reshape(-1, count)
    packed = np.zeros(len(raw), np.uint8)
    for place in range(count):
        packed |= raw[:, place] << (bits * place)
    return packed.tobytes()


def _check_shape(array: NDArray[Any], shape: Sequence[int | str] | None) -> None:
    if shape is None:
        return
    fits = len(shape) == array.ndim and all(
        isinstance(dim, str) or dim == real for dim, real in zip(shape, array.shape, strict=True)
    )
    if not fits:
        planned = ", ".join(map(str, shape))
        what = f"it is given with shape [{', '.join(map(str, array.shape))}], but the plan is for [{planned}]"
        raise UsageError(what, hint="plan with --bind for the given shape")
