"""Values between the bytes of a memory and ONNX Runtime."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, TypeProto

from tmpass.errors import ModelError
from tmpass.runner import Value

from ..element_types import dtype_of

if TYPE_CHECKING:
    from onnxruntime import OrtValue

WORDS = {8: np.uint8, 16: np.uint16, 32: np.uint32, 64: np.uint64}
"""What stands for an element of so many bits while it is only moved."""

FLOATS: dict[int, type[np.floating[Any]]] = {
    TensorProto.FLOAT: np.float32,
    TensorProto.DOUBLE: np.float64,
    TensorProto.FLOAT16: np.float16,
}
"""The floats that numpy has."""


@dataclass(frozen=True, slots=True)
class Form:
    """Of a tensor: its TensorProto.DataType and its shape."""

    element: int
    shape: tuple[int, ...]

    @property
    def bits(self) -> int:
        """How many bits an element takes.

        Raises:
            ModelError: ONNX Runtime has no such elements, or they have no static size.
        """
        dtype = dtype_of(self.element)
        if dtype.bits not in (*WORDS, 2, 4):
            raise ModelError(f"tensors of {dtype.name} cannot be executed")
        return dtype.bits


def form_of(value: Value) -> Form:
    """The form of a dense tensor.

    Raises:
        ModelError: `value` is a sequence, or of strings.
    """
    if not isinstance(value.form, Form):
        raise ModelError("it needs a tensor of numbers here")
    return value.form


def to_ort(value: Value) -> "OrtValue":
    """Return `value` as ONNX Runtime takes it."""
    import onnxruntime

    if not isinstance(value.form, Form):
        return value.form  # held as it came
    form = value.form
    word = WORDS[max(form.bits, 8)]
    data = np.frombuffer(value.data, word) if value.data else np.zeros(0, word)
    elements = int(np.prod(form.shape, dtype=np.int64))
    if data.size < elements:  # several elements in a byte: the length is asked for, the rest is not read
        data = np.concatenate([data, np.zeros(elements - data.size, data.dtype)])
    return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(data.reshape(form.shape), form.element)


def from_ort(made: "OrtValue") -> Value:
    """Return what ONNX Runtime made; strings, sequences and optionals are held as they are."""
    if not made.has_value() or not made.is_tensor() or made.element_type() == TensorProto.STRING:
        return Value(None, made)
    import ctypes

    data = ctypes.string_at(made.data_ptr(), made.tensor_size_in_bytes()) if made.tensor_size_in_bytes() else b""
    return Value(data, Form(made.element_type(), tuple(made.shape())))


def type_of(value: Value) -> TypeProto:
    """Return the type to declare for an input that takes `value`: of a tensor the element type alone."""
    if isinstance(value.form, Form):
        return _tensor(value.form.element)
    return _parse(value.form.data_type())  # type: ignore[attr-defined]


def _tensor(element: int) -> TypeProto:
    proto = TypeProto()
    proto.tensor_type.elem_type = element
    return proto


def _parse(text: str) -> TypeProto:
    """Return the type that ONNX Runtime spells as "seq(tensor(float))"."""
    kind, _, inner = text.removesuffix(")").partition("(")
    proto = TypeProto()
    if kind == "seq":
        proto.sequence_type.elem_type.CopyFrom(_parse(inner))
    elif kind == "optional":
        proto.optional_type.elem_type.CopyFrom(_parse(inner))
    elif kind == "tensor" and inner.upper() in TensorProto.DataType.keys():  # noqa: SIM118  # protobuf's, no mapping
        return _tensor(TensorProto.DataType.Value(inner.upper()))
    else:
        raise ModelError(f"values of type {text} cannot be executed")
    return proto
