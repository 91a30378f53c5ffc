"""Nodes that ONNX's own inference refuses. Their fault is why a size is open, so it is reported instead."""

from typing import TYPE_CHECKING

from onnx import NodeProto, TensorProto, TypeProto, defs
from onnx.shape_inference import InferenceError, infer_node_outputs

from tmpass.base.errors import ModelError

from .contradictions import runs_for_sure
from .environment import Environment
from .scopes import Scope, node_title
from .value_types import to_proto

if TYPE_CHECKING:
    from .refine import Sweep

_LONGEST = 200


def check_nodes(sweep: "Sweep", main: Scope) -> None:
    """Refuse the first node that cannot run, among the nodes that certainly run and have an output of open size.

    Raises:
        ModelError: ONNX finds a fault in a node whose input types are known.
    """
    here = sweep.environments[main.id]
    for index, node in enumerate(main.nodes):
        if index in main.bodies:
            for body in runs_for_sure(node, main.bodies[index], sweep.idle):
                if body.id in sweep.environments:
                    check_nodes(sweep, body)
            continue
        open_ = any(not here.types[name].complete for name in node.output if name)
        if open_ and sweep.opsets.defines(node.domain, node.op_type) and (fault := _fault(sweep, node, here)):
            where = node_title(node, index)
            inside = f"graph {main.graph.name!r}, " if main.id else ""
            raise ModelError(fault, where=inside + where, hint="repair the model, or bind other numbers")


def _fault(sweep: "Sweep", node: NodeProto, here: Environment) -> str:
    """The fault that ONNX finds in `node`; "" if none, or if the type of an input is not known."""
    types: dict[str, TypeProto] = {}
    for name in filter(None, node.input):
        types[name] = to_proto(here.type_of(name))
        if types[name].WhichOneof("value") is None:
            return ""
    data = sweep.data_of(here, types)
    for name in types:
        tensor = here.stored(name)
        if name not in data and tensor is not None and tensor.data_location != TensorProto.EXTERNAL:
            data[name] = tensor  # its value could not be read, and ONNX says why
    schema = defs.get_schema(node.op_type, sweep.opsets.versions.get(node.domain, 1), node.domain)
    try:
        found = infer_node_outputs(schema, node, types, data, opset_imports=sweep.imports)
    except InferenceError as error:
        text = str(error).strip().partition("\n")[0].rpartition("] ")[2]
        return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
    except Exception:
        # An exception of another type says nothing about the node.
        return ""
    for name, proto in found.items():
        for axis, dim in enumerate(proto.tensor_type.shape.dim):
            if dim.HasField("dim_value") and dim.dim_value < 0:
                return f"axis {axis} of its result {name!r} would have the length {dim.dim_value}"
    return ""
