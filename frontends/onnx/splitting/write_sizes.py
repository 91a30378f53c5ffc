"""Writing of sizes: an ONNX file whose inputs have numbers for their open dimensions."""

from onnx import ValueInfoProto

from tmpass.graph.model import Graph

from ..read import read


def write_sizes(data: bytes, graph: Graph) -> bytes:
    """The file with the shapes of `graph` for its inputs, and with the same numbers wherever it names their dimensions.

    All other sizes are left to inference: a number that does not follow from the inputs would hold for some runs only.

    Args:
        data: the bytes of the original.
        graph: what was read from them, with numbers for all dimensions.

    Raises:
        ModelError: the file is damaged.
    """
    model = read(data, payloads=True)
    shapes = {tensor.name: tensor.shape for tensor in graph.subgraphs[0].tensors}
    numbers: dict[str, int] = {}
    for value in model.graph.input:
        _write(value, shapes.get(value.name) or (), numbers)
    for value in (*model.graph.output, *model.graph.value_info):
        dims = value.type.tensor_type.shape.dim if value.type.HasField("tensor_type") else ()
        for dim, size in zip(dims, shapes.get(value.name) or (), strict=False):
            if size == numbers.get(dim.dim_param):  # a name at a wrong place, as exporters leave some, gets no number
                dim.dim_value = size
    return bytes(model.SerializeToString(deterministic=True))


def _write(value: ValueInfoProto, sizes: tuple[int | str, ...], numbers: dict[str, int]) -> None:
    """Write the `sizes` of an input, and add those of its named dimensions to `numbers`."""
    if not value.type.HasField("tensor_type"):
        return
    shape = value.type.tensor_type.shape
    while len(shape.dim) < len(sizes):  # of an input without a rank, all axes are bound
        shape.dim.add()
    for dim, size in zip(shape.dim, sizes, strict=False):
        if isinstance(size, int):
            if dim.dim_param:
                numbers[dim.dim_param] = size
            dim.dim_value = size
