"""ONNX models with open dimensions, made of models with sizes."""

import onnx


def opened(data: bytes, *axes: int) -> bytes:
    """The model with `d0`, `d1`, ... in the place of these axes of its inputs, and no sizes of its outputs."""
    model = onnx.load_model_from_string(data)
    stored = {tensor.name for tensor in model.graph.initializer}
    for value in model.graph.input:
        for axis in axes if value.name not in stored else ():
            value.type.tensor_type.shape.dim[axis].dim_param = f"d{axis}"
    for value in model.graph.output:
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            dim.dim_param = f"d{axis}" if axis == 0 and 0 in axes else f"{value.name}_{axis}"
    del model.graph.value_info[:]
    return bytes(model.SerializeToString())


def sizes(data: bytes) -> dict[str, tuple[int, ...]]:
    """The shapes of the inputs and outputs in a file; an open dimension is 0."""
    graph = onnx.load_model_from_string(data).graph
    return {
        value.name: tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
        for value in (*graph.input, *graph.output)
    }
