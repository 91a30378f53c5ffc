"""Results against those of the whole model."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from tmpass.runner import Difference, Value

from .nodes import contents
from .ort_values import FLOATS, Form

_TOLERANCES: dict[int, float] = {
    TensorProto.FLOAT: 1e-4,
    TensorProto.DOUBLE: 1e-9,
    TensorProto.FLOAT16: 1e-2,
    TensorProto.BFLOAT16: 5e-2,
}
"""What rounding may explain, relative to the largest magnitude: a whole model may be computed by other kernels, and
ONNX Runtime computes half floats as floats, which it rounds between nodes or not."""


def compare(made: Value, wanted: Value) -> Difference | None:
    """How `made` differs from `wanted`; None where all bits are equal."""
    mine, theirs = made.form, wanted.form
    if not isinstance(mine, Form) or not isinstance(theirs, Form):
        return _compare_others(made, wanted)
    if mine != theirs:
        return Difference(f"it has shape {list(mine.shape)}, not {list(theirs.shape)}", False)
    if made.data == wanted.data:
        return None
    if mine.element not in _TOLERANCES:
        return Difference("its values are others", False)
    a, b = _floats(made, mine), _floats(wanted, theirs)
    finite = np.isfinite(a) & np.isfinite(b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    if not bool(np.all(same | finite)):
        return Difference("infinities or NaN stand elsewhere", False)
    largest = float(np.max(np.abs(b[finite]), initial=0.0))
    error = float(np.max(np.abs(a[finite] - b[finite]), initial=0.0))
    if error == 0:
        return Difference("only signs of zero and bits of NaN are others", True)
    text = f"{int(np.sum(~same))} of {a.size} elements, by up to {error:.3g} where the largest is {largest:.3g}"
    return Difference(text, error <= _TOLERANCES[mine.element] * max(largest, 1e-30))


def _compare_others(made: Value, wanted: Value) -> Difference | None:
    """Compare sequences, strings and optionals, held as ONNX Runtime made them."""
    mine: Any = made.form
    theirs: Any = wanted.form
    if isinstance(mine, Form) or isinstance(theirs, Form) or mine.has_value() != theirs.has_value():
        return Difference("one is a tensor or nothing, the other is not", False)
    if not mine.has_value():
        return None
    if mine.data_type() != theirs.data_type():
        return Difference(f"it is a {mine.data_type()}, not a {theirs.data_type()}", False)
    if mine.is_tensor():
        return None if mine.numpy().tolist() == theirs.numpy().tolist() else Difference("its strings are others", False)
    one, two = contents(made), contents(wanted)
    if len(one) != len(two):
        return Difference(f"it holds {len(one)} tensors, not {len(two)}", False)
    same = all(a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in zip(one, two, strict=True))
    return None if same else Difference("the tensors in it are others", False)


def _floats(value: Value, form: Form) -> NDArray[np.float64]:
    if form.element == TensorProto.BFLOAT16:
        halves = np.frombuffer(value.data or b"", np.uint16).astype(np.uint32)
        return (halves << 16).view(np.float32).astype(np.float64)
    return np.frombuffer(value.data or b"", FLOATS[form.element]).astype(np.float64)
