"""Writing of sizes: an ONNX file whose open dimensions have numbers."""

from onnx import ValueInfoProto

from tmpass.graph.model import Graph, Tensor

from ..read import read


def write_sizes(data: bytes, graph: Graph) -> bytes:
    """The file with the shapes of `graph` for its inputs, its outputs and the tensors that it lists.

    Args:
        data: the bytes of the original.
        graph: what was read from them, with numbers for all dimensions.

    Raises:
        ModelError: the file is damaged.
    """
    model = read(data, payloads=True)
    known = {tensor.name: tensor for tensor in graph.subgraphs[0].tensors}
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        if value.name in known and value.type.HasField("tensor_type"):
            _set_shape(value, known[value.name])
    return bytes(model.SerializeToString(deterministic=True))


def _set_shape(value: ValueInfoProto, tensor: Tensor) -> None:
    shape = value.type.tensor_type.shape
    sizes = [size for size in tensor.shape or () if isinstance(size, int)]
    if tensor.shape is None or len(sizes) < len(tensor.shape):  # nothing reads it, or it has no size to write
        return
    del shape.dim[:]
    for size in sizes:
        shape.dim.add(dim_value=size)
    value.type.tensor_type.shape.SetInParent()  # of a scalar: no axes, instead of no shape
