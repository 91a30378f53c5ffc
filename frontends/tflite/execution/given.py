"""Values that a caller gives for the inputs of a model, as Python or numpy objects."""

import numpy as np

from tmpass.base.errors import UsageError, brief
from tmpass.graph.model import Tensor
from tmpass.loading.runner import Value

from .arrays import numpy_type, value_of


def take(tensor: Tensor, given: object) -> Value:
    """Return the Value of `given`, which a caller gives for an input of a model.

    Args:
        tensor: the input.
        given: an array of the element type and the shape of the input, or Python numbers that keep their value in it.

    Raises:
        UsageError: it has another element type or shape than the input.
        ModelError: numpy does not have its element type.
    """
    where, name = f"input {brief(tensor.name)}", tensor.dtype.name
    if given is None or isinstance(given, dict):
        raise UsageError(f"{brief(given)} is given for a tensor", where=where, hint="give an array")
    array = np.asarray(given)
    if name == "string":
        if array.dtype.kind not in "USO":
            fault = f"an array of {array.dtype} is given for one of strings"
            raise UsageError(fault, where=where, hint="give an array of texts")
        array = array.astype(object)
    else:
        wanted = numpy_type(name)
        if isinstance(given, bool | int | float | list | tuple) and array.dtype.kind in "biuf":
            made = array.astype(wanted)
            array = made if wanted.kind == "f" or np.array_equal(made.astype(array.dtype), array) else array
        if array.dtype.newbyteorder("=") != wanted:
            fault = f"an array of {array.dtype} is given for one of {name}"
            raise UsageError(fault, where=where, hint=f"give an array of {name}")
        array = array.astype(wanted)
    shape = tensor.shape
    if shape is not None and (
        len(shape) != array.ndim or any(d != n for d, n in zip(shape, array.shape, strict=True) if isinstance(d, int))
    ):
        planned = ", ".join(map(str, shape))
        fault = f"it is given with shape [{', '.join(map(str, array.shape))}], but the plan is for [{planned}]"
        raise UsageError(fault, where=where, hint="give that shape, or plan with --bind for the given one")
    return value_of(array)
