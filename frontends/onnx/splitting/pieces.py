"""Pieces of stored tensors as tensors of their own."""

from math import prod

from onnx import TensorProto, numpy_helper

from tmpass.base.errors import ModelError
from tmpass.graph.draft import Cut

from ..element_types import dtype_of


def piece_of(tensor: TensorProto, cut: Cut, name: str) -> TensorProto:
    """The indices of one axis of a stored tensor, as a tensor with another name.

    A piece of a tensor in another file names the bytes there: it is one run of them.

    Raises:
        ModelError: the tensor has other bytes than its shape.
    """
    shape = list(tensor.dims)
    made = TensorProto(name=name, data_type=tensor.data_type)
    made.dims.extend([*shape[: cut.axis], len(cut), *shape[cut.axis + 1 :]])
    width = (dtype_of(tensor.data_type).bits or 0) // 8
    outer, step = prod(shape[: cut.axis]), prod(shape[cut.axis + 1 :]) * width
    row = shape[cut.axis] * step
    if tensor.data_location == TensorProto.EXTERNAL:
        entries = {entry.key: entry.value for entry in tensor.external_data}
        start = int(entries.get("offset", "0")) + cut.start * step
        made.data_location = TensorProto.EXTERNAL
        for key, value in (
            ("location", entries.get("location", "")),
            ("offset", str(start)),
            ("length", str(len(cut) * step)),
        ):
            made.external_data.add(key=key, value=value)
        return made
    content = _bytes_of(tensor)
    if len(content) != outer * row:
        fault = f"its {len(content)} bytes are not those of its shape"
        raise ModelError(fault, where=f"tensor {tensor.name!r}", hint="export the model again")
    starts = range(0, outer * row, row)
    made.raw_data = b"".join(content[at + cut.start * step : at + cut.stop * step] for at in starts)
    return made


def _bytes_of(tensor: TensorProto) -> bytes:
    return tensor.raw_data if tensor.HasField("raw_data") else numpy_helper.to_array(tensor).tobytes()
