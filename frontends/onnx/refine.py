"""Refinement: the shapes that depend on values, and those of loops.

One sweep over the nodes in order. Each node whose outputs are not fully known is inferred again, now with
the values of its inputs where those are known at plan time: constants, shapes that are all numbers, and what
arithmetic makes of them. Such values serve shapes only; they do not make a tensor a constant.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, TypeProto, defs, helper, numpy_helper
from onnx.shape_inference import infer_node_outputs, infer_shapes

from . import contrib
from .dimensions import Bindings
from .environment import Environment
from .faults import check_nodes
from .gaps import left_out
from .opsets import Opsets
from .propagation import short
from .scopes import Scope
from .settling import Types, settle, settle_all
from .value_types import ValueType, fill, from_proto, to_proto
from .values import Evaluator, Value

_VISITS_PER_NODE = 64
"""Loops are swept until their shapes settle, and loops in loops multiply: past this, nothing is refined."""

_MAX_SHAPE_INPUT = 1024
"""Axes, scales and target shapes have at most so many elements; larger values are data."""


class _TooManyVisits(Exception):
    """The sweep took more work than it may."""


def refine(
    main: Scope, inferred: Types, declared: Types, opsets: Opsets, bindings: Bindings
) -> tuple[Types, frozenset[int]]:
    """Fill the holes of `inferred` as far as can be, from `declared` at last.

    Returns:
        The types, and the ids of the branches that certainly never run.

    Raises:
        ModelError: a size stays open since ONNX refuses the node that makes it.
    """
    sweep = Sweep(main, inferred, declared, opsets, bindings)
    try:
        sweep.run(main, None, {})
    except _TooManyVisits:
        return settle_all(inferred, declared, bindings), frozenset()
    check_nodes(sweep, main)
    return sweep.types, frozenset(sweep.idle)


class Sweep:
    """The state of one refinement.

    Fields: `types` is what it found, by scope id, `environments` what the last sweep over each scope knew, and
    `idle` the branches never taken.
    """

    def __init__(self, main: Scope, inferred: Types, declared: Types, opsets: Opsets, bindings: Bindings) -> None:
        self.inferred, self.declared, self.opsets, self.bindings = inferred, declared, opsets, bindings
        self.types: Types = list(inferred)
        self.idle: set[int] = set()
        self.environments: dict[int, Environment] = {}
        self.imports = [helper.make_opsetid(domain, version) for domain, version in opsets.versions.items()]
        self._evaluator = Evaluator(self.imports)
        self._visits = _VISITS_PER_NODE * sum(1 + len(scope.nodes) for scope in main.walk())

    def run(self, scope: Scope, outer: Environment | None, inputs: Mapping[str, ValueType]) -> Environment:
        """Sweep over `scope`, given the types of its inputs; what it finds replaces the last finding."""
        self._visits -= 1 + len(scope.nodes)
        if self._visits < 0:
            raise _TooManyVisits
        known = dict(self.inferred[scope.id])
        for name in (*scope.inputs, *scope.stored):
            known[name] = self.settle(scope, name, fill(inputs.get(name, ValueType()), known[name]))
        here = Environment(scope, outer, self.inferred[scope.id], known)
        self.types[scope.id] = known
        self.environments[scope.id] = here
        for index, node in enumerate(scope.nodes):
            self._visit(node, index, here)
        return here

    def settle(self, scope: Scope, name: str, known: ValueType) -> ValueType:
        """`known` with what is bound or declared of `name` put in."""
        return settle(name, known, self.declared[scope.id], self.bindings)

    def _visit(self, node: NodeProto, index: int, here: Environment) -> None:
        types, scope = here.types, here.scope
        if index in scope.bodies:
            from .control_flow import outputs_of

            found = outputs_of(self, node, scope.bodies[index], here)
        elif all(types[name].complete for name in node.output if name):
            found = {}
        elif contrib.knows(node, self.opsets):
            found = contrib.infer(node, here.type_of, here.value_of)
        elif not any(name and here.is_news(name) for name in node.input):
            found = left_out(node, self.opsets.versions.get("", 1), here.type_of)
        else:
            found = self._infer(node, here)
            more = left_out(node, self.opsets.versions.get("", 1), here.type_of)
            found = more | {name: fill(known, more.get(name, ValueType())) for name, known in found.items()}
        for name in node.output:
            if name:
                types[name] = self.settle(scope, name, fill(types[name], found.get(name, ValueType())))
        if index not in scope.bodies:
            self._evaluate(node, here)

    def _infer(self, node: NodeProto, here: Environment) -> dict[str, ValueType]:
        """Return what ONNX finds for this node alone, given the types and values of its inputs."""
        if not self.opsets.defines(node.domain, node.op_type):
            return {}
        schema = defs.get_schema(node.op_type, self.opsets.versions.get(node.domain, 1), node.domain)
        types = {name: to_proto(here.type_of(name)) for name in node.input if name}
        data = self.data_of(here, types)
        defined = schema.has_function or schema.has_context_dependent_function  # type: ignore[attr-defined]
        try:
            if defined:
                found = _infer_alone(node, types, data, self.imports)
            else:
                found = infer_node_outputs(schema, node, types, data, opset_imports=self.imports)
        except Exception:
            # Inference that fails on a node leaves it as open as it was.
            return {}
        return {name: _without_names(from_proto(proto), types) for name, proto in found.items() if name}

    def data_of(self, here: Environment, names: Iterable[str]) -> dict[str, TensorProto]:
        """Return the values of those of `names` that are known and short enough to be a shape."""
        values = {name: here.value_of(name) for name in names}
        return {
            name: numpy_helper.from_array(value, name)
            for name, value in values.items()
            if value is not None and value.size <= _MAX_SHAPE_INPUT
        }

    def _evaluate(self, node: NodeProto, here: Environment) -> None:
        """Find the values of the outputs of `node`, and from them shapes that inference cannot see."""
        if node.op_type in ("Shape", "Size") and not node.domain:
            value = _measure(node, here.type_of(node.input[0])) if node.input else None
            if value is not None and node.output:
                here.values[node.output[0]] = value
            return
        inputs: list[Value | None] = []
        for name in node.input:
            value = here.value_of(name) if name else None
            if name and value is None:
                return
            inputs.append(value)
        outputs = [name for name in node.output if name]
        results = self._evaluator.evaluate(node, inputs, [here.types[name].elements for name in outputs])
        here.values.update(results)
        for name, value in results.items():
            shape = ValueType(here.types[name].element, tuple(value.shape))
            here.types[name] = fill(here.types[name], shape)


def _infer_alone(
    node: NodeProto, types: dict[str, TypeProto], data: dict[str, Any], opsets: list[Any]
) -> dict[str, TypeProto]:
    """Infer a model of this node alone: only so does ONNX look into the function that defines it."""
    inputs = [helper.make_value_info(name, proto) for name, proto in types.items() if name not in data]
    outputs = [helper.make_empty_tensor_value_info(name) for name in node.output if name]
    graph = helper.make_graph([node], "node", inputs, outputs, initializer=list(data.values()))
    safe = all(short(from_proto(proto)) for proto in types.values())
    model = infer_shapes(helper.make_model(graph, opset_imports=opsets), data_prop=safe)
    return {value.name: value.type for value in model.graph.output}


def _without_names(known: ValueType, types: Mapping[str, TypeProto]) -> ValueType:
    """`known` with only those names of dimensions that the inputs brought along."""
    if known.shape is None or known.static:
        return known
    brought = {d for proto in types.values() for d in from_proto(proto).shape or () if isinstance(d, str)}
    return ValueType(known.element, tuple(d if isinstance(d, int) or d in brought else None for d in known.shape))


def _measure(node: NodeProto, known: ValueType) -> Value | None:
    """Return the result of Shape or Size over a tensor of the type `known`."""
    count = known.elements
    if known.shape is None or count is None:
        return None
    limits = {a.name: a.i for a in node.attribute}
    try:
        if node.op_type == "Size":
            return np.array(count, np.int64)
        # A slice clips and counts from the end exactly as Shape does since operator set 15.
        return np.array(known.shape[limits.get("start", 0) : limits.get("end", len(known.shape))], np.int64)
    except OverflowError:
        return None
