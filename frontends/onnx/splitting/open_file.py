"""A file opened for splitting: one graph, with its functions inlined and the payloads of its tensors."""

from collections.abc import Mapping

from onnx import ModelProto, NodeProto, TensorProto

from tmpass.base.errors import ModelError
from tmpass.base.record import record

from ..constants import constants, is_folded
from ..convert import INPUTS_MAY_BE_LEFT_OUT
from ..functions import inline
from ..opsets import Opsets, import_domains
from ..read import read
from ..scopes import Scope, node_title, scopes_of


@record
class OpenedFile:
    """A model with one graph.

    Fields:
        model: with its local functions inlined, and its nodes in an order in which they can run.
        scope: of its graph.
        version: of the default operator set.
        nodes: those of the operators that `load` lists, in their order.
        folded: those that only compute constants, in an order in which they can run.
        stored: tensors in the file that a caller cannot override, by name: initialisers, and values of Constant nodes.
        makers: the nodes in `folded`, by the names of their results.
    """

    model: ModelProto
    scope: Scope
    version: int
    nodes: tuple[NodeProto, ...]
    folded: tuple[NodeProto, ...]
    stored: Mapping[str, TensorProto]
    makers: Mapping[str, NodeProto]


def open_file(data: bytes) -> OpenedFile:
    """The model in `data`.

    Raises:
        ModelError: it cannot be read, or has more than one graph.
    """
    model = inline(read(data, payloads=True))
    scope = scopes_of(model)
    if scope.bodies:
        index = next(iter(scope.bodies))
        fault = "runs a graph of its own, and only models with one graph can be split"
        raise ModelError(fault, where=node_title(scope.nodes[index], scope.place(index)), hint="plan it unsplit")
    import_domains(model, {node.domain for node in scope.nodes})
    opsets = Opsets(model)
    fixed = constants(scope, opsets)[scope.id]
    running = [index for index, node in enumerate(scope.nodes) if not is_folded(node, fixed)]
    folded = tuple(node for node in scope.nodes if is_folded(node, fixed))
    return OpenedFile(
        model,
        scope,
        opsets.versions.get("", 1),
        tuple(scope.nodes[index] for index in sorted(running, key=scope.place)),
        folded,
        _stored(model, scope, folded),
        {name: node for node in folded for name in node.output},
    )


def _stored(model: ModelProto, scope: Scope, folded: tuple[NodeProto, ...]) -> Mapping[str, TensorProto]:
    overridable = {value.name for value in model.graph.input} if model.ir_version >= INPUTS_MAY_BE_LEFT_OUT else set()
    sparse = {tensor.values.name for tensor in model.graph.sparse_initializer}
    left_out = overridable | sparse
    found = {name: tensor for name, tensor in scope.stored.items() if name not in left_out}
    for node in folded:
        if (node.domain, node.op_type) == ("", "Constant"):
            found |= {name: a.t for name in node.output for a in node.attribute if a.name == "value"}
    return found
