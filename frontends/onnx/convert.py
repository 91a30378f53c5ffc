"""ModelProto to Graph."""

from collections.abc import Mapping

from onnx import IR_VERSION, ModelProto, NodeProto

from tmpass.graph import ABSENT, Call, Entry, Graph, Op, Subgraph, Tensor, TensorKind

from .constants import Constants, constants, is_folded
from .dimensions import Bindings, bind
from .functions import inline
from .inference import Inference, infer
from .opsets import STANDARD_DOMAINS, Opsets, import_domains
from .read import read
from .scopes import Body, Scope, scopes_of
from .value_types import ValueType
from .views import is_view


def convert(data: bytes, given: Mapping[str, int]) -> Graph:
    """Return the graph of the model in `data`, its dimensions bound as `given`.

    Raises:
        ModelError: the bytes are no usable model, or a binding contradicts the file.
    """
    model = inline(read(data))
    main = scopes_of(model)
    import_domains(model, {node.domain for scope in main.walk() for node in scope.nodes})
    opsets, bindings = Opsets(model), Bindings(given)
    symbols = bind(main, bindings)
    inference = infer(model, main, opsets, bindings)
    converter = _Converter(inference, constants(main, opsets), opsets, bindings)
    indices = converter.subgraph(main, "main", (), {})
    name = main.graph.name or "main"
    inputs = {n: indices[n] for n in main.inputs}
    outputs = {n: indices[n] for n in main.outputs}
    return Graph(
        format="onnx",
        subgraphs=tuple(converter.subgraphs[i] for i in range(len(converter.subgraphs))),
        entries=(Entry(name, 0, inputs, outputs),),
        metadata={p.key: p.value.encode() for p in model.metadata_props},
        symbols=symbols,
        warnings=(*_warnings(model, main), *inference.warnings),
    )


def _warnings(model: ModelProto, main: Scope) -> tuple[str, ...]:
    found = []
    if main.defaults:
        first = next(iter(main.defaults))
        found.append(
            f"{len(main.defaults)} initialisers, such as {first!r}, are also graph inputs, which a caller may "
            "override: they are planned as inputs, and shapes follow from their defaults"
        )
    if model.ir_version > IR_VERSION:
        found.append(
            f"the file has IR version {model.ir_version}, the installed onnx knows up to {IR_VERSION}"
        )
    if model.training_info:
        found.append("the training graphs of the file are not planned")
    return tuple(found)


class _Converter:
    """Makes subgraphs, numbered in the order in which operators call them."""

    def __init__(self, inference: Inference, fixed: Constants, opsets: Opsets, bindings: Bindings) -> None:
        self.types, self.idle = inference.types, inference.idle
        self.fixed, self.opsets, self.bindings = fixed, opsets, bindings
        self.subgraphs: dict[int, Subgraph] = {}

    def subgraph(
        self, scope: Scope, name: str, outer: tuple[Tensor, ...], outside: Mapping[str, int]
    ) -> dict[str, int]:
        """Make the subgraph of `scope`; `outside` maps what it can capture to indices in `outer`.

        Returns:
            The indices of its tensors by name.
        """
        number = len(self.subgraphs)
        self.subgraphs[number] = Subgraph(name, (), (), (), ())
        table = _Table(self, scope, outer, outside)
        for given in (*scope.inputs, *scope.stored):
            table.define(given)
        ops: list[Op] = []
        for index, node in enumerate(scope.nodes):
            if is_folded(node, self.fixed[scope.id]):
                for made in node.output:
                    table.define(made)
            else:
                ops.append(self._op(node, index, table))
        inputs = tuple(table.indices[n] for n in scope.inputs)
        outputs = tuple(table.index(n) for n in scope.outputs)
        self.subgraphs[number] = Subgraph(name, tuple(table.tensors), tuple(ops), inputs, outputs)
        return table.indices

    def _op(self, node: NodeProto, index: int, table: "_Table") -> Op:
        inputs = [table.index(name) for name in node.input]
        bodies = [body for body in table.scope.bodies.get(index, ()) if body.scope.id not in self.idle]
        for name in dict.fromkeys(n for body in bodies for n in body.scope.free):
            captured = table.index(name)
            if captured not in inputs and table.tensors[captured].kind is not TensorKind.CONSTANT:
                inputs.append(captured)
        name = node.name or next(filter(None, node.output), "") or f"{node.op_type}:{index}"
        calls = tuple(self._call(node, body, name, table) for body in bodies)
        outputs = tuple(table.define(made) for made in node.output)
        view = False
        if node.input and outputs and ABSENT not in (inputs[0], outputs[0]):
            data, result = table.tensors[inputs[0]], table.tensors[outputs[0]]
            view = is_view(node, table.scope, self.opsets, data, result)
        kind = f"{node.domain}::{node.op_type}" if node.domain else node.op_type
        custom = node.domain not in STANDARD_DOMAINS or not self.opsets.defines(node.domain, node.op_type)
        return Op(kind, name, tuple(inputs), outputs, calls=calls, view=view, custom=custom)

    def _call(self, node: NodeProto, body: Body, name: str, table: "_Table") -> Call:
        number = len(self.subgraphs)
        self.subgraph(
            body.scope, body.scope.graph.name or f"{name}.{body.role}", tuple(table.tensors), table.indices
        )
        # Only If is known to run a body at most once.
        return Call(number, body.role, repeats=(node.domain, node.op_type) != ("", "If"))


class _Table:
    """The tensors of a subgraph while it is made."""

    def __init__(
        self, converter: _Converter, scope: Scope, outer: tuple[Tensor, ...], outside: Mapping[str, int]
    ) -> None:
        self.scope, self.outer, self.outside = scope, outer, outside
        self.tensors: list[Tensor] = []
        self.indices: dict[str, int] = {}
        self._types = converter.types[scope.id]
        self._fixed = converter.fixed[scope.id]
        self._bindings = converter.bindings

    def define(self, name: str) -> int:
        """Return the index of a new tensor that this subgraph itself makes or is given."""
        if not name:
            return ABSENT
        kind = TensorKind.CONSTANT if name in self._fixed else TensorKind.ACTIVATION
        known = self._bindings.settle(name, self._types.get(name, ValueType()))
        self._bindings.check(name, known)
        return self._add(Tensor(name, known.dtype, self._shape(name, known), kind))

    def index(self, name: str) -> int:
        """Return the index of a tensor that is read; one from outside is captured when first read."""
        if not name:
            return ABSENT
        if name in self.indices:
            return self.indices[name]
        number = self.outside[name]
        source = self.outer[number]
        if source.kind is TensorKind.CONSTANT:
            return self._add(source)
        return self._add(Tensor(name, source.dtype, source.shape, TensorKind.CAPTURE, captures=number))

    def _add(self, tensor: Tensor) -> int:
        self.indices[tensor.name] = len(self.tensors)
        self.tensors.append(tensor)
        return self.indices[tensor.name]

    def _shape(self, name: str, known: ValueType) -> tuple[int | str, ...] | None:
        """Return the shape with a name for each dimension that stays open: the file's own, or where it is."""
        if known.shape is None:
            return None
        return tuple(f"{name}:{axis}" if d is None else d for axis, d in enumerate(known.shape))
