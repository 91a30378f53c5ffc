"""Conversion of values between bytes of a memory and arrays of numpy."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tmpass.base.dtypes import DType
from tmpass.base.errors import ModelError
from tmpass.base.record import record
from tmpass.graph.model import Tensor
from tmpass.loading.runner import Value

_KINDS: dict[str, Any] = {
    name: np.dtype(name)
    for name in (
        *("bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
}
"""The element types of TFLite that LiteRT gives and takes as an array of numpy, one element after the other."""


@record
class Form:
    """The form of a tensor: the name of its element type and its shape."""

    element: str
    shape: tuple[int, ...]


@record
class Texts:
    """The form of a tensor of strings, which have no bytes in a memory: an array of objects."""

    array: Any


@record
class Handle:
    """The form of a resource: the container and the name of the variable."""

    container: str
    name: str


def array_of(value: Value) -> NDArray[Any]:
    """The array of `value`.

    Raises:
        ModelError: numpy does not have its element type.
    """
    form = value.form
    if isinstance(form, Texts):
        return np.asarray(form.array)
    if not isinstance(form, Form) or value.data is None:
        raise ModelError("a resource is read as a tensor", hint="convert the model again")
    return np.frombuffer(value.data, numpy_type(form.element)).reshape(form.shape)


def value_of(array: NDArray[Any]) -> Value:
    """The value of `array`."""
    if array.dtype.kind in "OSU":
        return Value(None, Texts(array))
    return Value(np.ascontiguousarray(array).tobytes(), Form(array.dtype.name, array.shape))


def numpy_type(element: str) -> np.dtype[Any]:
    """The numpy type of the element type `element`.

    Raises:
        ModelError: numpy has none.
    """
    if element not in _KINDS:
        raise ModelError(f"tensors of {element} cannot be executed", hint="verify the plan without --execute")
    found: np.dtype[Any] = _KINDS[element]
    return found


def has_array(dtype: DType) -> bool:
    """Whether a tensor of `dtype` has an array of numpy, or is a handle that needs none."""
    return dtype.name in _KINDS or dtype.name in ("string", "resource")


def zeros(tensor: Tensor) -> Value:
    """The value of `tensor` with all bits 0. Its shape must be known."""
    return Value(bytes(tensor.bytes or 0), Form(tensor.dtype.name, tuple(int(dim) for dim in tensor.shape or ())))
