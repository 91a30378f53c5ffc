"""Single nodes in ONNX Runtime: one session for each node, kept for the rounds of loops."""

from collections.abc import Callable, Collection, Mapping, Sequence

from onnx import (
    ModelProto,
    NodeProto,
    OperatorSetIdProto,
    SparseTensorProto,
    TensorProto,
    TypeProto,
    ValueInfoProto,
    helper,
    shape_inference,
)

from tmpass.base.errors import ModelError, TmpassError, brief
from tmpass.loading.runner import Value

from .ort_values import Form, Held, shaped_type_of, type_of
from .sessions import Opened, open_session

Stored = TensorProto | SparseTensorProto


class Nodes:
    """Runs nodes of one model. Each node has a key, by which its session is found again."""

    def __init__(self, ir_version: int, opsets: Sequence[OperatorSetIdProto]) -> None:
        self._ir_version, self._opsets = ir_version, list(opsets)
        self._sessions: dict[tuple[object, ...], Opened] = {}
        self._shaped: set[tuple[object, ...]] = set()  # keys of nodes that do not run without shapes

    def run(
        self, key: object, node: NodeProto, given: Mapping[str, Value], stored: Mapping[str, Stored]
    ) -> tuple[Value | None, ...]:
        """Return the outputs of `node`, None for one that is left out.

        Args:
            key: of its session.
            node: the node.
            given: the values that it reads, by name.
            stored: the stored tensors that it reads, by name.

        Raises:
            ModelError: ONNX Runtime cannot run it.
        """
        plain = (key, *(_spelled(value) for value in given.values()))
        try:
            if plain not in self._shaped:
                try:
                    return self._run(plain, node, given, stored, type_of)
                except ModelError:
                    self._shaped.add(plain)
            shapes = (value.form.shape if isinstance(value.form, Form) else None for value in given.values())
            return self._run((*plain, *shapes), node, given, stored, shaped_type_of)
        except TmpassError as error:
            raise error.within(_title(node)) from None

    def _run(
        self,
        key: tuple[object, ...],
        node: NodeProto,
        given: Mapping[str, Value],
        stored: Mapping[str, Stored],
        typed: Callable[[Value], TypeProto],
    ) -> tuple[Value | None, ...]:
        """Run `node` in the session `key`; `typed` gives the declared type of each input.

        At first inputs are declared without shapes, since these may differ between the rounds of a loop. But ONNX
        Runtime has some operators only as functions, which it can build only for known shapes.
        """
        if key not in self._sessions:
            inputs = {name: typed(value) for name, value in given.items()}
            self._sessions[key] = open_session(self._model(node, inputs, stored))
        names = [name for name in node.output if name]
        made = dict(zip(names, self._sessions[key].run(names, given), strict=True))
        return tuple(made[name] if name else None for name in node.output)

    def infers(
        self,
        node: NodeProto,
        output: int,
        read: Mapping[str, Value],
        known: Collection[str],
        stored: Mapping[str, Stored],
    ) -> bool:
        """Whether shape inference finds the shape of an output from all input shapes and the `known` values."""
        values = dict(stored)
        for name, value in read.items():
            if isinstance(value.form, Form) and name in known and value.form.bits >= 8:
                form, data = value.form, value.data or b""
                values[name] = TensorProto(name=name, data_type=form.element, dims=form.shape, raw_data=data)
        inputs = {name: shaped_type_of(value) for name, value in read.items()}
        proto = ModelProto.FromString(self._model(node, inputs, values))
        try:
            made = shape_inference.infer_shapes(proto, data_prop=True)
        except Exception:
            return False
        found = next((info for info in made.graph.output if info.name == node.output[output]), None)
        if found is None or not found.type.tensor_type.HasField("shape"):
            return False
        return all(dim.HasField("dim_value") for dim in found.type.tensor_type.shape.dim)

    def _model(self, node: NodeProto, inputs: Mapping[str, TypeProto], stored: Mapping[str, Stored]) -> bytes:
        dense = [_named(tensor, name) for name, tensor in stored.items() if isinstance(tensor, TensorProto)]
        sparse = [tensor for tensor in stored.values() if isinstance(tensor, SparseTensorProto)]
        infos = [helper.make_value_info(name, proto) for name, proto in inputs.items()]
        results = [ValueInfoProto(name=name) for name in node.output if name]
        graph = helper.make_graph([node], "node", infos, results, dense, sparse_initializer=sparse)
        model = helper.make_model(graph, ir_version=self._ir_version, opset_imports=self._opsets)
        return bytes(model.SerializeToString())


def _named(tensor: TensorProto, name: str) -> TensorProto:
    if tensor.name == name:
        return tensor
    copy = TensorProto()
    copy.CopyFrom(tensor)
    copy.name = name
    return copy


def _spelled(value: Value) -> object:
    """A key for the type of a value, quick to compare."""
    form = value.form
    return form.element if isinstance(form, Form) else form.type if isinstance(form, Held) else None


def _title(node: NodeProto) -> str:
    return f"node {brief(node.name or next(iter(node.output), ''))} ({node.op_type})"
