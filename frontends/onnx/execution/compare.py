"""Comparison of results with those of the whole model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper

from tmpass.loading.runner import Difference, Value

from ..element_types import dtype_of
from .ort_values import Form, Held
from .rounding import is_float, to_numbers
from .sessions import contents

_TOLERANCES: dict[int, float] = {
    TensorProto.FLOAT: 1e-4,
    TensorProto.DOUBLE: 1e-9,
    TensorProto.FLOAT16: 1e-2,
    TensorProto.BFLOAT16: 5e-2,
}
"""The largest difference that rounding explains, relative to the largest magnitude.

ONNX Runtime may compute a whole model by other kernels. It computes half floats as floats, and does not always round
them between nodes.
"""

_ROOM = 8
"""How many times larger than a few random rounding errors the effect of real ones may be."""


def compare(made: Value, wanted: Value, shaken: Sequence[Value] = ()) -> Difference | None:
    """Return how `made` differs from `wanted`; None where all bits are equal. `shaken` is as in Runner."""
    mine, theirs = made.form, wanted.form
    if not isinstance(mine, Form) or not isinstance(theirs, Form):
        return _compare_others(made, wanted, shaken)
    if mine == theirs and made.data == wanted.data:
        return None
    found = _by_type(made, mine, wanted, theirs)
    if found.tolerated or not shaken:
        return found
    return Difference(f"{found.text}, as rounding explains", True) if _rounding(made, wanted, shaken) else found


def _by_type(made: Value, mine: Form, wanted: Value, theirs: Form) -> Difference:
    """Return how two tensors differ; the difference is tolerated if rounding of their element type explains it."""
    if mine.element != theirs.element:
        return Difference(f"it is of {dtype_of(mine.element).name}, not {dtype_of(theirs.element).name}", False)
    if mine != theirs:
        return Difference(f"it has shape {list(mine.shape)}, not {list(theirs.shape)}", False)
    a, b = to_numbers(made, mine), to_numbers(wanted, theirs)
    finite = np.isfinite(a) & np.isfinite(b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    if not bool(np.all(same | finite)):
        return Difference("infinities or NaN are at other places", False)
    largest = float(np.max(np.abs(b[finite]), initial=0.0))
    error = float(np.max(np.abs(a[finite] - b[finite]), initial=0.0))
    if error == 0 and mine.element in _TOLERANCES:
        return Difference("only signs of zero and bits of NaN differ", True)
    text = f"{int(np.sum(~same))} of {a.size} elements, by up to {error:.3g} where the largest is {largest:.3g}"
    return Difference(text, error <= _TOLERANCES.get(mine.element, 0.0) * largest)


def _rounding(made: Value, wanted: Value, shaken: Sequence[Value]) -> bool:
    """Whether rounding errors explain how far `made` is from `wanted`."""
    others = [other for other in shaken if isinstance(other.form, Form)]
    mine, theirs = made.form, wanted.form
    if not isinstance(mine, Form) or not isinstance(theirs, Form) or mine.element != theirs.element:
        return False
    if any(other.form != mine for other in others):
        return True  # rounding even changes its shape
    if mine != theirs:
        return False
    real = _distance(to_numbers(made, mine), to_numbers(wanted, mine), mine.element)
    drawn = [_distance(to_numbers(made, mine), to_numbers(other, mine), mine.element) for other in others]
    return real[0] <= _ROOM * max(first for first, _ in drawn) and real[1] <= max(second for _, second in drawn)


def _distance(one: NDArray[np.float64], two: NDArray[np.float64], element: int) -> tuple[float, bool]:
    """The distance of two tensors, and whether their infinities or NaN are at different places.

    For floats the distance is the largest difference. For integers and booleans, which may be indices, it is the number
    of different elements.
    """
    finite = np.isfinite(one) & np.isfinite(two)
    moved = bool(np.any(~finite & (one != two) & ~(np.isnan(one) & np.isnan(two))))
    if is_float(element):
        return float(np.max(np.abs(one[finite] - two[finite]), initial=0.0)), moved
    return float(np.sum(one != two)), moved


def _compare_others(made: Value, wanted: Value, shaken: Sequence[Value]) -> Difference | None:
    """Compare sequences, strings, maps and optionals, which are kept as ONNX Runtime made them."""
    if not isinstance(made.form, Held) or not isinstance(wanted.form, Held):
        return Difference("one is a tensor, the other is not", False)
    if made.form.type != wanted.form.type:
        return Difference(f"it is of type {made.form.type}, not {wanted.form.type}", False)
    return _compare_contents(contents(made), contents(wanted), [contents(value) for value in shaken])


def _compare_contents(one: Any, two: Any, shaken: Sequence[Any]) -> Difference | None:
    """Compare two values that are Python or numpy objects."""
    if isinstance(one, np.ndarray) and isinstance(two, np.ndarray) and one.dtype != object:
        return compare(_value(one), _value(two), [_value(array) for array in shaken if isinstance(array, np.ndarray)])
    if isinstance(one, list) and isinstance(two, list):
        if len(one) != len(two):
            odd = any(not isinstance(other, list) or len(other) != len(one) for other in shaken)
            return Difference(f"it holds {len(one)} values, not {len(two)}", odd)
        found = (
            _compare_contents(a, b, [other[i] for other in shaken if isinstance(other, list) and i < len(other)])
            for i, (a, b) in enumerate(zip(one, two, strict=True))
        )
        return max((f for f in found if f is not None), key=lambda f: not f.tolerated, default=None)
    if isinstance(one, np.ndarray) and isinstance(two, np.ndarray):
        same = one.shape == two.shape and one.tolist() == two.tolist()
    else:
        same = type(one) is type(two) and one == two
    return None if same else Difference("its contents differ", False)


def _value(array: NDArray[Any]) -> Value:
    array = np.ascontiguousarray(array)
    return Value(array.tobytes(), Form(helper.np_dtype_to_tensor_dtype(array.dtype), array.shape))
