"""Random values for the inputs of a model, by type and seed."""

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, TypeProto

from tmpass.base.errors import ModelError
from tmpass.graph.model import Dim, Tensor
from tmpass.loading.runner import Value

from ..element_types import UNDEFINED, dtype_of
from .ort_values import FLOATS, Form
from .sessions import optional_of, sequence_of, strings_of

_RANGES = ((-1, 1), (0, 1), (-1, 0))
"""The ranges of floats, chosen by the seed."""


def draw(tensor: Tensor, proto: TypeProto, seed: int, index: int) -> Value:
    """Return a random value for an input of a model, which is the same for the same seed.

    Floats are in -1..1. Integers, and numbers written as strings, are in 1..4: small, since they may be indices or
    counts, and not 0, since a division by it ends the process. Seeds lead to different branches: they differ in the
    signs of floats, and booleans are all true with seed 0, and all false with seed 1. A sequence has two tensors. An
    optional has a value with every second seed.

    Args:
        tensor: the input.
        proto: its declared type, which has the element types of sequences and optionals.
        seed: of the random generator.
        index: of the input in the model.

    Raises:
        ModelError: its shape is open, or no value of its type can be drawn.
    """
    random = np.random.default_rng([seed, index])
    shape = tensor.shape if proto.WhichOneof("value") == "tensor_type" else None
    try:
        return _value(random, seed, proto, tensor.dtype.name, shape)
    except ModelError as error:
        raise error.within(f"input {tensor.name!r}") from None


def _value(random: np.random.Generator, seed: int, proto: TypeProto, name: str, shape: Sequence[Dim] | None) -> Value:
    """Draw a value of the type `proto`.

    Args:
        random: the generator.
        seed: as in `draw`.
        proto: the type.
        name: of the type, for messages.
        shape: of a tensor; None where it is not known.
    """
    kind = proto.WhichOneof("value")
    if kind == "tensor_type":
        return _tensor(random, seed, proto.tensor_type.elem_type, shape)
    if kind == "sequence_type":
        inner = proto.sequence_type.elem_type
        return sequence_of(inner, [_value(random, seed, inner, name, _declared(inner)) for _ in range(2)])
    if kind == "optional_type":
        inner = proto.optional_type.elem_type
        return optional_of(inner, None if seed % 2 else _value(random, seed, inner, name, _declared(inner)))
    raise ModelError(f"no values can be drawn for {name}", hint="give some with --inputs")


def _declared(proto: TypeProto) -> Sequence[Dim] | None:
    """The declared shape of a tensor inside a sequence or an optional."""
    if not proto.tensor_type.HasField("shape"):
        return None
    return [dim.dim_value if dim.HasField("dim_value") else dim.dim_param for dim in proto.tensor_type.shape.dim]


def _tensor(random: np.random.Generator, seed: int, element: int, shape: Sequence[Dim] | None) -> Value:
    if shape is None or any(isinstance(dim, str) for dim in shape):
        hint = "plan with --bind, or give values with --inputs"
        raise ModelError("its shape is open, so no values can be drawn", hint=hint)
    sizes = tuple(int(dim) for dim in shape)
    elements = prod(sizes)
    if element == TensorProto.STRING:
        return strings_of(random.integers(1, 5, elements).astype(np.str_).reshape(sizes))
    bits = dtype_of(element).bits
    if element == UNDEFINED or bits is None:
        raise ModelError(f"no values can be drawn for {dtype_of(element).name}", hint="give some with --inputs")
    return Value(_drawn(random, seed, element, bits, elements), Form(element, sizes))


def _drawn(random: np.random.Generator, seed: int, element: int, bits: int, elements: int) -> bytes:
    low, high = _RANGES[seed % len(_RANGES)]
    if element in FLOATS:
        return random.uniform(low, high, elements).astype(FLOATS[element]).tobytes()
    if element == TensorProto.BFLOAT16:
        floats: NDArray[np.float32] = random.uniform(low, high, elements).astype(np.float32)
        return (floats.view(np.uint32) >> 16).astype(np.uint16).tobytes()
    if element == TensorProto.BOOL:
        return bytes([1 - seed]) * elements if seed < 2 else random.integers(0, 2, elements, np.uint8).tobytes()
    if bits < 8:  # each element, half or a quarter of a byte, is 1
        return bytes([0x11 if bits == 4 else 0x55]) * -(-elements * bits // 8)
    if _is_small_float(element):
        return random.integers(0, 0x40, elements, np.uint8).tobytes()  # finite in all floats of eight bits
    return random.integers(1, 5, elements).astype(f"<i{bits // 8}").tobytes()


def _is_small_float(element: int) -> bool:
    """Whether `element` is a float of eight bits."""
    return element in TensorProto.DataType.values() and "FLOAT8" in TensorProto.DataType.Name(element)
