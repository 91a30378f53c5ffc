"""Checks of the names in a file. Protobuf gives a name that is not UTF-8 as bytes, which nothing can print."""

from collections.abc import Iterable, Iterator

from onnx import FunctionProto, GraphProto, ModelProto, NodeProto

from tmpass.base.errors import ModelError

from .value_types import dims_of


def check_model_names(model: ModelProto) -> None:
    """Refuse names of the model itself that are not UTF-8.

    Raises:
        ModelError: there is such a name.
    """
    _check(entry.key for entry in model.metadata_props)
    _check(opset.domain for owner in (model, *model.functions) for opset in owner.opset_import)
    _check(name for f in model.functions for name in (f.name, f.domain, getattr(f, "overload", "")))


def check_graph_names(graph: GraphProto | FunctionProto) -> None:
    """Refuse names in `graph`, apart from its bodies, that are not UTF-8.

    Raises:
        ModelError: there is such a name.
    """
    for node in graph.node:
        _check(_of_node(node))
    if isinstance(graph, GraphProto):
        _check(_of_graph(graph))
    else:
        _check((*graph.input, *graph.output))


def _of_node(node: NodeProto) -> Iterator[str]:
    yield from (node.op_type, node.domain, node.name, getattr(node, "overload", ""))
    yield from node.input
    yield from node.output
    for attribute in node.attribute:
        yield attribute.name


def _of_graph(graph: GraphProto) -> Iterator[str]:
    yield graph.name
    yield from (tensor.name for tensor in graph.initializer)
    yield from (sparse.values.name for sparse in graph.sparse_initializer)
    for value in (*graph.input, *graph.output, *graph.value_info):
        yield value.name
        yield from (dim.dim_param for dim in dims_of(value.type))


def _check(names: Iterable[str]) -> None:
    for name in names:
        if not isinstance(name, str):
            raise ModelError(f"the name {name!r} is not UTF-8", hint="the file is damaged: export the model again")
