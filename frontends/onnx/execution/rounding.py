"""Random rounding errors of the size that each element type has."""

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

from tmpass.loading.runner import Value

from .ort_values import FLOATS, Form

_ERRORS: dict[int, float] = {
    TensorProto.FLOAT: 2.0**-22,
    TensorProto.DOUBLE: 2.0**-50,
    TensorProto.FLOAT16: 2.0**-10,
    TensorProto.BFLOAT16: 2.0**-7,
}
"""The largest error, relative to the largest magnitude in a tensor, since the largest term decides that of a sum."""


def shake(value: Value, seed: int) -> Value:
    """Return `value` with a random error in each float; other values as they are."""
    form = value.form
    if not isinstance(form, Form) or form.element not in _ERRORS or not value.data:
        return value
    floats = to_numbers(value, form)
    finite = np.isfinite(floats)
    largest = float(np.max(np.abs(floats[finite]), initial=0.0))
    error = np.random.default_rng(seed).uniform(-1, 1, floats.size) * _ERRORS[form.element] * largest
    # Zeros stay: they usually come from a ReLU or a mask, and are exact.
    return Value(_to_bytes(np.where(finite & (floats != 0), floats + error, floats), form.element), form)


def is_float(element: int) -> bool:
    """Whether an element type is a float of any width."""
    return "FLOAT" in TensorProto.DataType.Name(element) or element == TensorProto.DOUBLE


def to_numbers(value: Value, form: Form) -> NDArray[np.float64]:
    """Return the numbers of a tensor."""
    data = value.data or b""
    if form.element in FLOATS:
        return np.frombuffer(data, FLOATS[form.element]).astype(np.float64)
    if form.element == TensorProto.BFLOAT16:
        return (np.frombuffer(data, np.uint16).astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    tensor = TensorProto(data_type=form.element, dims=form.shape, raw_data=data)
    return numpy_helper.to_array(tensor).astype(np.float64).reshape(-1)


def _to_bytes(floats: NDArray[np.float64], element: int) -> bytes:
    with np.errstate(over="ignore"):
        if element == TensorProto.BFLOAT16:
            bits = floats.astype(np.float32).view(np.uint32)
            return ((bits + 0x8000) >> 16).astype(np.uint16).tobytes()
        return floats.astype(FLOATS[element]).tobytes()
