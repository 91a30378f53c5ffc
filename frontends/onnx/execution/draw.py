"""Values for the inputs of a model, drawn by type; the same seed draws the same ones."""

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from tmpass.errors import ModelError
from tmpass.graph import Tensor
from tmpass.runner import Value

from ..element_types import UNDEFINED, element_of
from .ort_values import FLOATS, Form

_RANGES = ((-1, 1), (0, 1), (-1, 0))
"""Of floats, by seed."""


def draw(tensor: Tensor, seed: int, index: int) -> Value:
    """Return a value for `tensor`, input `index` of a model: floats in -1..1, integers in 1..4, booleans.

    Integers are small, as they may be indices or counts, and not 0, as a division by it ends the process. Seeds differ
    in what conditions are made of: signs of floats, and booleans, which are all true with seed 0, all false with 1.

    Raises:
        ModelError: the input is no tensor of numbers, or its shape is open.
    """
    element = element_of(tensor.dtype)
    where = f"input {tensor.name!r}"
    if element == UNDEFINED or tensor.dtype.bits is None:
        raise ModelError(f"no values can be drawn for {tensor.dtype.name}", where=where, hint="give some with --inputs")
    if tensor.shape is None or tensor.unknown:
        raise ModelError("its shape is open, so no values can be drawn", where=where, hint="plan with --bind")
    shape = tuple(int(dim) for dim in tensor.shape)
    elements = int(np.prod(shape, dtype=np.int64))
    random = np.random.default_rng([seed, index])
    return Value(_drawn(random, seed, element, tensor.dtype.bits, elements), Form(element, shape))


def _drawn(random: np.random.Generator, seed: int, element: int, bits: int, elements: int) -> bytes:
    low, high = _RANGES[seed % len(_RANGES)]
    if element in FLOATS:
        return random.uniform(low, high, elements).astype(FLOATS[element]).tobytes()
    if element == TensorProto.BFLOAT16:
        floats: NDArray[np.float32] = random.uniform(low, high, elements).astype(np.float32)
        return (floats.view(np.uint32) >> 16).astype(np.uint16).tobytes()
    if element == TensorProto.BOOL:
        return bytes([1 - seed]) * elements if seed < 2 else random.integers(0, 2, elements, np.uint8).tobytes()
    if bits < 8:  # each half or quarter of a byte is 1
        return bytes([0x11 if bits == 4 else 0x55]) * -(-elements * bits // 8)
    if _is_small_float(element):
        return random.integers(0, 0x40, elements, np.uint8).tobytes()  # finite in all formats of eight bits
    return random.integers(1, 5, elements).astype(f"<i{bits // 8}").tobytes()


def _is_small_float(element: int) -> bool:
    """Whether `element` is a float of eight bits."""
    return element in TensorProto.DataType.values() and "FLOAT8" in TensorProto.DataType.Name(element)
