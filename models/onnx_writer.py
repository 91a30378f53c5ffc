"""Writes small ONNX files; the same description gives the same bytes, whatever version of onnx writes them."""

from collections.abc import Mapping, Sequence
from typing import Any

from numpy.typing import NDArray
from onnx import GraphProto, NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

_IR_VERSION = 8
_OPSET = 17
"""Older than what helper.make_model would take, so that older readers read the files too."""


def write_onnx(
    name: str,
    nodes: Sequence[NodeProto],
    inputs: Sequence[ValueInfoProto],
    outputs: Sequence[ValueInfoProto],
    constants: Mapping[str, NDArray[Any]],
) -> bytes:
    """Write the ONNX file of a graph, `constants` being its initialisers by name."""
    stored = [numpy_helper.from_array(values, key) for key, values in constants.items()]
    graph = helper.make_graph(list(nodes), name, list(inputs), list(outputs), stored)
    opsets = [helper.make_opsetid("", _OPSET)]
    model = helper.make_model(graph, ir_version=_IR_VERSION, opset_imports=opsets, producer_name="tmpass")
    data: bytes = model.SerializeToString(deterministic=True)
    return data


def value(name: str, shape: Sequence[int | str], dtype: int = TensorProto.FLOAT) -> ValueInfoProto:
    """Describe an input or output; a dimension that is a string is symbolic."""
    return helper.make_tensor_value_info(name, dtype, list(shape))


def body(
    name: str, nodes: Sequence[NodeProto], inputs: Sequence[ValueInfoProto], outputs: Sequence[ValueInfoProto]
) -> GraphProto:
    """Describe what an If, Loop or Scan runs; it may read any name of the graph around it."""
    return helper.make_graph(list(nodes), name, list(inputs), list(outputs))
