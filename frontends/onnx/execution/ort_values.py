"""Values between the bytes of a memory and ONNX Runtime."""

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, TypeProto

from tmpass.base.errors import ModelError
from tmpass.loading.runner import Value

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


ONLY = "only what ONNX Runtime runs can be executed"
"""The hint of each refusal that is ONNX Runtime's."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Of anything else: its type as ONNX Runtime spells it, and what ONNX Runtime made.

    A map is a dict, an optional without a value is None: these ONNX Runtime takes from Python only.

    `sources` are kept as long as it: a sequence or an optional may point into what it was made of.
    """

    type: str
    content: Any
    sources: object = None


def form_of(value: Value) -> Form:
    """The form of a dense tensor.

    Raises:
        ModelError: `value` is a sequence, or of strings.
    """
    if not isinstance(value.form, Form):
        raise ModelError("it needs a tensor of numbers here")
    return value.form


def to_ort(value: Value) -> "OrtValue":
    """Return `value` as ONNX Runtime takes it.

    Raises:
        ModelError: ONNX Runtime takes no such value.
    """
    import onnxruntime

    if isinstance(value.form, Held):
        return value.form.content  # held as it came
    form = form_of(value)
    word = WORDS[max(form.bits, 8)]
    data = np.frombuffer(value.data, word) if value.data else np.zeros(0, word)
    elements = prod(form.shape)
    if data.size < elements:  # several elements in a byte: the length is asked for, the rest is not read
        data = np.concatenate([data, np.zeros(elements - data.size, data.dtype)])
    try:
        return onnxruntime.OrtValue.ortvalue_from_numpy_with_onnx_type(data.reshape(form.shape), form.element)
    except (RuntimeError, ValueError):
        raise ModelError(f"ONNX Runtime takes no tensors of {dtype_of(form.element).name}", hint=ONLY) from None


def from_ort(made: "OrtValue", declared: str, sources: object = None) -> Value:
    """Return what ONNX Runtime made as a value of type `declared`; what is not a tensor of numbers is held as it is."""
    if not made.has_value():
        return Value(None, Held(declared, None))
    if not declared.startswith("tensor") or made.element_type() == TensorProto.STRING:
        return Value(None, Held(declared, made, sources))
    import ctypes

    data = ctypes.string_at(made.data_ptr(), made.tensor_size_in_bytes()) if made.tensor_size_in_bytes() else b""
    return Value(data, Form(made.element_type(), tuple(made.shape())))


def type_of(value: Value) -> TypeProto:
    """Return the type to declare for an input that takes `value`: of a tensor the element type alone."""
    if isinstance(value.form, Form):
        return _tensor(value.form.element)
    if isinstance(value.form, Held):
        return parse_type(value.form.type)
    raise ModelError("it needs a value of ONNX Runtime here")


def shaped_type_of(value: Value) -> TypeProto:
    """Return the type of `value` with the shape that it has."""
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
    """Return the type that ONNX Runtime spells as "seq(tensor(float))"."""
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
