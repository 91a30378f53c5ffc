"""Reading of bytes into a checked ModelProto: parsed, without large payloads, with known operator sets only."""

from collections.abc import Iterator

from onnx import AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto

from tmpass.base.errors import ModelError

from .names import check_graph_names, check_model_names
from .opsets import check_opsets

MAX_VALUE_ELEMENTS = 65536
"""The most elements of a tensor of integers or booleans whose values are kept, since it may hold a shape."""

_MAX_FLOAT_ELEMENTS = 1024
"""The same for floats, which matter to shapes only as scales and limits of ranges."""

SHAPE_ELEMENTS = (TensorProto.INT32, TensorProto.INT64, TensorProto.BOOL)
"""The element types of shapes, and of values that decide about shapes."""

MAX_DEPTH = 64
"""How deep bodies may nest; protobuf itself stops near 33."""


def read(data: bytes, *, payloads: bool = False) -> ModelProto:
    """Return the model in `data`; the payloads of large tensors only with `payloads`.

    Raises:
        ModelError: `data` is not an ONNX model, has no graph, or needs a newer onnx.
    """
    if not data:
        raise ModelError("the file is empty", hint="export the model again")
    if data.startswith(b"version https://git-lfs"):
        raise ModelError("the file is a Git LFS pointer, not a model", hint="fetch it with git lfs pull")
    model = ModelProto()
    try:
        model.ParseFromString(data)
    except Exception as error:
        raise ModelError("not an ONNX model, or truncated", hint="check that the file is complete") from error
    if not model.HasField("graph"):
        raise ModelError("the file has no graph", hint="check that it is an ONNX model")
    check_model_names(model)
    _tidy(model, payloads=payloads)
    check_opsets(model)
    return model


def bodies(node: NodeProto) -> Iterator[tuple[str, GraphProto]]:
    """Yield the graphs in the attributes of `node`, each with its role, which is the attribute's name."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.name, attribute.g
        for index, graph in enumerate(attribute.graphs):
            yield f"{attribute.name}[{index}]", graph


def _tidy(model: ModelProto, *, payloads: bool) -> None:
    """Check every graph of `model` and drop its large payloads, in place.

    With an explicit stack, since a file may nest deeper than Python recurses.
    """
    stack: list[tuple[GraphProto | FunctionProto, int]] = [(model.graph, 0)]
    stack += [(function, 0) for function in model.functions]
    while stack:
        graph, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise ModelError(f"bodies nest deeper than {MAX_DEPTH}", where=f"graph {graph.name!r}", hint="flatten them")
        check_graph_names(graph)
        if isinstance(graph, GraphProto) and not payloads:
            for tensor in graph.initializer:
                _strip(tensor)
            for sparse in graph.sparse_initializer:
                _strip(sparse.values)
                _strip(sparse.indices)
        for node in graph.node:
            # "ai.onnx" is a longer spelling of the default domain.
            if node.domain == "ai.onnx":
                node.domain = ""
            for attribute in () if payloads else node.attribute:
                _strip_attribute(attribute)
            stack += [(body, depth + 1) for _, body in bodies(node)]


def _strip_attribute(attribute: AttributeProto) -> None:
    if attribute.HasField("t"):
        _strip(attribute.t)
    for tensor in attribute.tensors:
        _strip(tensor)


def _strip(tensor: TensorProto) -> None:
    """Drop the payload of a large tensor, and mark it as external.

    Shape inference only needs its type, and copies the whole model.
    """
    elements = 1
    for dim in tensor.dims:
        if dim < 0:
            raise ModelError(f"a stored tensor has dimension {dim}", where=f"tensor {tensor.name!r}", hint="repair it")
        elements *= dim
    limit = MAX_VALUE_ELEMENTS if tensor.data_type in SHAPE_ELEMENTS else _MAX_FLOAT_ELEMENTS
    if elements > limit:
        for field in (
            "raw_data",
            "float_data",
            "int32_data",
            "int64_data",
            "double_data",
            "uint64_data",
            "string_data",
        ):
            tensor.ClearField(field)
        tensor.data_location = TensorProto.EXTERNAL
