"""Conversion of values between bytes of a memory and ONNX Runtime."""

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, TypeProto

from tmpass.base.errors import ModelError
from tmpass.base.record import record
from tmpass.loading.runner import Value

from ..element_types import dtype_of

if TYPE_CHECKING:
    from onnxruntime import OrtValue

WORDS = {8: np.uint8, 16: np.uint16, 32: np.uint32, 64: np.uint64}
"""Bits of an element -> the numpy type with which it is moved."""

FLOATS: dict[int, type[np.floating[Any]]] = {
    TensorProto.FLOAT: np.float32,
    TensorProto.DOUBLE: np.float64,
    TensorProto.FLOAT16: np.float16,
}
"""The floats that numpy has."""


ONLY = "only what ONNX Runtime runs can be executed"
"""The hint of an error where ONNX Runtime refuses something."""


@record
class Form:
    """The form of a tensor: its TensorProto.DataType and its shape."""

    element: int
    shape: tuple[int, ...]

    @property
    def bits(self) -> int:
        """How many bits an element takes.

        Raises:
            ModelError: ONNX Runtime does not support this element type, or it has no static size.
        """
        dtype = dtype_of(self.element)
        if dtype.bits not in (*WORDS, 2, 4):
            raise ModelError(f"tensors of {dtype.name} cannot be executed")
        return dtype.bits


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """The form of any other value, which is kept as ONNX Runtime made it.

    Fields:
        type: as ONNX Runtime spells it.
        content: an OrtValue; but a dict for a map, and None for an optional without a value, since ONNX Runtime only
            accepts these as Python objects.
        sources: objects that must live as long as `content`, since a sequence or an optional may point into them.
    """

    type: str
    content: Any
    sources: object = None


def form_of(value: Value) -> Form:
    """The form of a dense tensor.

    Raises:
        ModelError: `value` is not a dense tensor of numbers.
    """
    if not isinstance(value.form, Form):
        raise ModelError("it needs a tensor of numbers here")
    return value.form


def to_ort(value: Value) -> "OrtValue":
    """Return `value` as an OrtValue.

    Raises:
        ModelError: ONNX Runtime does not support such a value.
    """
    import onnxruntime

    if isinstance(value.form, Held):
        return value.form.content
    form = form_of(value)
    word = WORDS[max(form.bits, 8)]
    data = np.frombuffer(value.data, word) if value.data else np.zeros(0, word)
    elements = prod(form.shape)
    if data.size < elements:  # packed: numpy needs one item for each, ONNX Runtime ignores the added ones
        data = np.concatenate([data, np.zeros(elements - data.size, data.dtype)])
    try:
        return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(data.reshape(form.shape), form.element)
    except (RuntimeError, ValueError):
        what = f"ONNX Runtime does not support tensors of {dtype_of(form.element).name}"
        raise ModelError(what, hint=ONLY) from None


def from_ort(made: "OrtValue", declared: str, sources: object = None) -> Value:
    """Return an OrtValue as a Value of type `declared`. Anything but a tensor of numbers is kept as it is."""
    if not made.has_value():
        return Value(None, Held(declared, None))
    if not declared.startswith("tensor") or made.element_type() == TensorProto.STRING:
        return Value(None, Held(declared, made, sources))
    import ctypes

    data = ctypes.string_at(made.data_ptr(), made.tensor_size_in_bytes()) if made.tensor_size_in_bytes() else b""
    return Value(data, Form(made.element_type(), tuple(made.shape())))


def type_of(value: Value) -> TypeProto:
    """Return the type to declare for an input that takes `value`; for a tensor, without its shape."""
    if isinstance(value.form, Form):
        return _tensor(value.form.element)
    if isinstance(value.form, Held):
        return parse_type(value.form.type)
    raise ModelError("it needs a value of ONNX Runtime here")


def shaped_type_of(value: Value) -> TypeProto:
    """Return the type of `value`; for a tensor, with its shape."""
    proto = type_of(value)
    if isinstance(value.form, Form):
        proto.tensor_type.shape.SetInParent()
        for dim in value.form.shape:
            proto.tensor_type.shape.dim.add().dim_value = dim
    return proto


def _tensor(element: int) -> TypeProto:
    proto = TypeProto()
    proto.tensor_type.elem_type = element
    return proto


def parse_type(text: str) -> TypeProto:
    """Parse a type as ONNX Runtime spells it, such as "seq(tensor(float))"."""
    kind, _, inner = text.removesuffix(")").partition("(")
    proto = TypeProto()
    if kind == "seq":
        proto.sequence_type.elem_type.CopyFrom(parse_type(inner))
    elif kind == "optional":
        proto.optional_type.elem_type.CopyFrom(parse_type(inner))
    elif kind == "map":
        key, _, element = inner.partition(",")
        proto.map_type.key_type = TensorProto.DataType.Value(key.strip().upper())
        proto.map_type.value_type.CopyFrom(parse_type(element.strip()))
    elif kind == "tensor" and inner.upper() in TensorProto.DataType.keys():  # noqa: SIM118  # protobuf's, no mapping
        return _tensor(TensorProto.DataType.Value(inner.upper()))
    else:
        raise ModelError(f"values of type {text} cannot be executed")
    return proto
