"""The Runner of a model that computes with ONNX Runtime."""

from collections.abc import Generator, Mapping, Sequence

from onnx import ModelProto, NodeProto

from tmpass.base.errors import ModelError
from tmpass.graph.model import Graph
from tmpass.loading.runner import Difference, Enter, Run, Runner, Value

from ...isolate import call_apart
from ..convert import find_origins
from ..functions import inline
from ..opsets import import_domains
from ..read import read
from ..scopes import Scope, node_title, scopes_of
from ..sorting import sort_all
from . import compare, control, draw, given, rounding
from .constants import Constants
from .nodes import Nodes, Stored
from .sessions import import_onnxruntime, open_session
from .weights import load_weights

_CONTROL: Mapping[str, control.Control] = {
    "If": control.run_if,
    "Loop": control.run_loop,
    "Scan": control.run_scan,
}


class Engine:
    """A Runner (see tmpass.loading.runner) for the model in `data`, which was read into `graph`."""

    def __init__(self, data: bytes, graph: Graph, bindings: Mapping[str, int], folder: str) -> None:
        self.engine = f"ONNX Runtime {import_onnxruntime().__version__}"
        self._graph, self._data, self._folder = graph, data, folder
        model = read(data, payloads=True)
        load_weights(model, folder)
        model = inline(model)
        main = scopes_of(model)
        import_domains(model, {node.domain for scope in main.walk() for node in scope.nodes})
        self._scopes = {scope.id: scope for scope in main.walk()}
        self._nodes = Nodes(model.ir_version, model.opset_import)
        self._constants = Constants(self._scopes, _parents(main), self._nodes)
        self._origins = call_apart(find_origins, data, bindings)
        self._version = _version(model)
        self._whole = open_session(_in_order(data), folder)
        self._types = {value.name: value.type for value in model.graph.input}
        self.random = self._find_random()

    def begin(self) -> None:
        """Do nothing: ONNX has no variables."""

    def apart(self) -> Runner:
        """Return the same runner: ONNX has no variables."""
        return self

    def draw(self, subgraph: int, index: int, seed: int) -> Value:
        """Draw a value for an input of an entry."""
        entry = self._graph.subgraphs[subgraph]
        tensor = entry.tensors[entry.inputs[index]]
        return draw.draw(tensor, self._types[tensor.name], seed, index)

    def take(self, subgraph: int, index: int, value: object) -> Value:
        """Return the Value of `value`, which a caller gives for an input of an entry."""
        entry = self._graph.subgraphs[subgraph]
        tensor = entry.tensors[entry.inputs[index]]
        return given.take(tensor, self._types[tensor.name], value)

    def constant(self, subgraph: int, tensor: int) -> Value:
        """Return the value of a constant; ONNX has no variables."""
        return self._constants.value(self._origins[subgraph][0], self._graph.subgraphs[subgraph].tensors[tensor].name)

    def run(self, subgraph: int, op: int, inputs: Sequence[Value | None]) -> Run:
        """Run a node. If, Loop and Scan request runs of their bodies; other nodes run theirs inside."""
        number, nodes = self._origins[subgraph]
        scope, index = self._scopes[number], nodes[op]
        node, here = scope.nodes[index], self._graph.subgraphs[subgraph]
        run = _CONTROL.get(node.op_type) if not node.domain and here.ops[op].calls else None
        # The first version of Scan has a batch axis: it runs as a whole.
        if run is None or (node.op_type == "Scan" and self._version < 9):
            return (yield from self._plain(subgraph, op, inputs))
        names = (*node.input, *("" for _ in inputs[len(node.input) :]))
        given = [
            self._constants.value(number, name) if value is None and name else value
            for value, name in zip(inputs, names, strict=True)
        ]
        calls = here.ops[op].calls
        bodies = tuple(self._graph.subgraphs[call.subgraph] for call in calls)
        try:
            return (yield from run(control.Caller(node, tuple(call.role for call in calls), bodies), given))
        except ModelError as error:
            raise error if error.where else error.within(node_title(node, index)) from None

    def reference(self, subgraph: int, inputs: Sequence[Value]) -> tuple[Value, ...]:
        """Run the whole model, in the order of the file."""
        entry = self._graph.subgraphs[subgraph]
        feeds = {entry.tensors[t].name: value for t, value in zip(entry.inputs, inputs, strict=True)}
        return tuple(self._whole.run([entry.tensors[t].name for t in entry.outputs], feeds))

    def changed(self, subgraph: int, op: int) -> Mapping[int, Value]:
        """Return no variables: ONNX has none."""
        del subgraph, op
        return {}

    def reads_sizes(self, subgraph: int, op: int) -> bool:
        """Whether a node reads only the sizes of its inputs."""
        node = self._node(subgraph, op)
        return not node.domain and node.op_type in ("Shape", "Size")

    def size_follows(
        self, subgraph: int, op: int, output: int, inputs: Sequence[Value | None], known: Sequence[bool]
    ) -> bool:
        """Whether shape inference finds the size of an output from input shapes and the `known` values."""
        read, stored = self._read(subgraph, op, inputs)
        here = self._graph.subgraphs[subgraph]
        names = {
            here.tensors[t].name
            for t, value, sure in zip(here.ops[op].inputs, inputs, known, strict=True)
            if sure and value
        }
        return self._nodes.infers(self._node(subgraph, op), output, read, names, stored)

    def shake(self, value: Value, seed: int) -> Value:
        """Return `value` with random rounding errors."""
        return rounding.shake(value, seed)

    def compare(self, made: Value, wanted: Value, shaken: Sequence[Value] = ()) -> Difference | None:
        """Return how `made` differs from `wanted`."""
        return compare.compare(made, wanted, shaken)

    def _node(self, subgraph: int, op: int) -> NodeProto:
        number, nodes = self._origins[subgraph]
        return self._scopes[number].nodes[nodes[op]]

    def _plain(
        self, subgraph: int, op: int, inputs: Sequence[Value | None]
    ) -> Generator[Enter, tuple[Value, ...], tuple[Value | None, ...]]:
        """Run one node in its own session."""
        return self._nodes.run((subgraph, op), self._node(subgraph, op), *self._read(subgraph, op, inputs))
        yield  # makes this a generator: a node without bodies requests no runs

    def _read(
        self, subgraph: int, op: int, inputs: Sequence[Value | None]
    ) -> tuple[dict[str, Value], dict[str, Stored]]:
        """Return the values and the stored tensors that a node and its bodies read, by name."""
        number, nodes = self._origins[subgraph]
        scope, here = self._scopes[number], self._graph.subgraphs[subgraph]
        read = {
            here.tensors[t].name: value
            for t, value in zip(here.ops[op].inputs, inputs, strict=True)
            if value is not None
        }
        stored: dict[str, Stored] = {}
        inside = (name for body in scope.bodies.get(nodes[op], ()) for name in body.scope.free)
        for name in dict.fromkeys((*scope.nodes[nodes[op]].input, *inside)):
            if not name or name in read:
                continue
            tensor = self._constants.stored(scope.id, name)
            if tensor is not None:
                stored[name] = tensor
            else:
                read[name] = self._constants.value(scope.id, name)
        return read, stored

    def _find_random(self) -> str:
        for number, (scope, nodes) in self._origins.items():
            for op, index in zip(self._graph.subgraphs[number].ops, nodes, strict=True):
                node = self._scopes[scope].nodes[index]
                if op.random:
                    return node_title(node, index)
        return ""


def _in_order(data: bytes) -> bytes:
    """Return `data` with its nodes sorted. ONNX Runtime sorts them itself, except where bodies are involved."""
    model = ModelProto.FromString(data)
    moved = [sort_all(owner) for owner in (model.graph, *model.functions)]
    return bytes(model.SerializeToString()) if any(moved) else data


def _parents(main: Scope) -> dict[int, int]:
    """By the id of a scope, the id of the scope around it."""
    return {body.scope.id: scope.id for scope in main.walk() for inside in scope.bodies.values() for body in inside}


def _version(model: ModelProto) -> int:
    return next((opset.version for opset in model.opset_import if not opset.domain), 1)
