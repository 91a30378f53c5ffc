"""Loading of the weights that are in other files than the model."""

import os

from onnx import ModelProto, TensorProto
from onnx.external_data_helper import load_external_data_for_model, uses_external_data

from tmpass.base.errors import ModelError

from ..read import bodies

MAX_BYTES = 2**30
"""The most bytes of a model with its weights.

Every weight is in memory three times: in the file, in the session of the whole model, and in the session of its node.
"""

_DIGITS = 25


def load_weights(model: ModelProto, folder: str) -> None:
    """Read the weights of `model` from files in `folder`, in place.

    Raises:
        ModelError: a file is missing or does not match the model, or there are too many bytes.
    """
    outside = list(_external(model))
    size = model.ByteSize() + sum(_length(tensor, folder) for tensor in outside)
    if size > MAX_BYTES:
        raise ModelError(
            f"the model has {size} bytes with its weights, but only up to {MAX_BYTES} can be executed",
            hint="verify the plan without --execute",
        )
    if not outside:
        return
    if not folder:
        raise ModelError("its weights are in other files", hint="give the path of the model, to find them")
    hint = "put the file beside the model: execution needs the weights"
    for tensor in outside:
        location = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
        if not os.path.isfile(os.path.join(folder, location)):
            raise ModelError(f"its weights are in {location!r}, which is not there", hint=hint)
    try:
        load_external_data_for_model(model, folder)
    except Exception as error:
        fault = str(error).strip().partition("\n")[0].rstrip(".")
        raise ModelError(f"its weights cannot be read: {fault}", hint=hint) from None


def _external(model: ModelProto) -> list[TensorProto]:
    found: list[TensorProto] = []
    graphs = [model.graph]
    nodes = [node for function in model.functions for node in function.node]
    while graphs or nodes:
        if graphs:
            graph = graphs.pop()
            found += [tensor for tensor in graph.initializer if uses_external_data(tensor)]
            nodes += graph.node
            continue
        node = nodes.pop()
        for attribute in node.attribute:
            found += [tensor for tensor in (attribute.t, *attribute.tensors) if uses_external_data(tensor)]
        graphs += [body for _, body in bodies(node)]
    return found


def _length(tensor: TensorProto, folder: str) -> int:
    """How many bytes are read for a tensor: its stated length, or else the whole file."""
    entries = {entry.key: entry.value for entry in tensor.external_data}
    length = entries.get("length", "")
    if length.isdecimal():
        # Cut: 25 digits are more than any file size has, and Python refuses to convert thousands of digits.
        return int(length[:_DIGITS])
    try:
        return os.path.getsize(os.path.join(folder, entries.get("location", "")))
    except (OSError, ValueError):  # the reader reports what is wrong with it
        return 0
