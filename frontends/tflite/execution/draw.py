"""Random values for the inputs of a model, by type and seed."""

from math import prod

import numpy as np

from tmpass.base.errors import ModelError, brief
from tmpass.graph.model import Tensor
from tmpass.loading.runner import Value

from .arrays import numpy_type, value_of

_RANGES = ((-1, 1), (0, 1), (-1, 0))
"""The ranges of floats, chosen by the seed."""


def draw(tensor: Tensor, seed: int, index: int) -> Value:
    """Return a random value for an input of a model, which is the same for the same seed.

    Floats are in -1..1. Quantised integers are any, others are in 1..4: small, since they may be indices or counts, and
    not 0, since a division by it ends the process. Seeds lead to different branches: they differ in the signs of
    floats, and booleans are all true with seed 0, and all false with seed 1.

    Args:
        tensor: the input.
        seed: of the random generator.
        index: of the input in the model.

    Raises:
        ModelError: its shape is open, or no value of its type can be drawn.
    """
    where = f"input {brief(tensor.name)}"
    if tensor.shape is None or tensor.unknown:
        hint = "plan with --bind, or give values with --input"
        raise ModelError("its shape is open, so no values can be drawn", where=where, hint=hint)
    shape = tuple(int(dim) for dim in tensor.shape)
    random = np.random.default_rng([seed, index])
    elements = prod(shape)
    if tensor.dtype.name == "string":
        return value_of(np.array([str(n) for n in random.integers(1, 5, elements)], object).reshape(shape))
    if tensor.dtype.name == "resource":
        raise ModelError("no values can be drawn for a resource", where=where, hint="verify without --execute")
    try:
        kind = numpy_type(tensor.dtype.name)
    except ModelError as error:
        raise error.within(where) from None
    low, high = _RANGES[seed % len(_RANGES)]
    if kind.kind in "fc":
        return value_of(random.uniform(low, high, shape).astype(kind))
    if kind.kind == "b":
        return value_of(np.full(shape, seed == 0) if seed < 2 else random.integers(0, 2, shape).astype(bool))
    if tensor.scales and kind.itemsize <= 2:
        limits = np.iinfo(kind)
        return value_of(random.integers(limits.min, limits.max, shape, dtype=kind, endpoint=True))
    return value_of(random.integers(1, 5, shape).astype(kind))
