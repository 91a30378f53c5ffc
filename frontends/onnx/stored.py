"""The values of tensors that are stored in the file."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

from .read import MAX_VALUE_ELEMENTS

Value = NDArray[Any]


def stored_value(tensor: TensorProto) -> Value | None:
    """Return the value of a stored tensor; None where it is large, in another file, or broken."""
    elements = 1
    for dim in tensor.dims:
        elements *= dim
    if tensor.data_location == TensorProto.EXTERNAL or elements > MAX_VALUE_ELEMENTS:
        return None
    try:
        value = np.asarray(numpy_helper.to_array(tensor))
    except Exception:
        return None
    return value if value.dtype.kind in "biuf" else None
