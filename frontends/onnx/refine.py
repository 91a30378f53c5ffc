"""Refinement of inferred types: shapes that depend on values, and shapes in loops.

One sweep over the nodes in order. Each node whose outputs are not fully known is inferred again, now with the values of
its inputs where these are known before a run: constants, shapes without open dimensions, and results of arithmetic on
them. Such values only serve shapes; they do not make a tensor a constant.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, TypeProto, defs, helper, numpy_helper
from onnx.shape_inference import infer_node_outputs, infer_shapes

from tmpass.base.errors import ModelError

from . import contrib, corrections
from .dimensions import Bindings
from .disputes import HINT, larger, show
from .environment import Environment
from .faults import check_nodes
from .gaps import left_out
from .guard import naming
from .opsets import Opsets
from .propagation import short
from .scopes import Scope, node_title
from .settling import Refined, Types, settle, settle_all
from .stored import Value
from .value_types import ValueType, contradicts, fill, from_proto, to_proto
from .values import Evaluator

_VISITS_PER_NODE = 64
"""The most visits for each node of the model. Beyond it refinement gives up.

Loops are swept until their shapes settle, and nested loops multiply the visits.
"""

_MAX_SHAPE_INPUT = 1024
"""The most elements of a value that ONNX's inference is given. Axes, scales and shapes are shorter."""


class _TooManyVisits(ModelError):
    """The sweep took more visits than it may."""


def refine(main: Scope, inferred: Types, declared: Types, opsets: Opsets, bindings: Bindings) -> Refined:
    """Fill the holes of `inferred` as far as possible: by computing types first, then from `declared`.

    Raises:
        ModelError: a size stays open since ONNX refuses the node that makes it, or two claims about a shape contradict
            each other.
    """
    sweep = Sweep(main, inferred, declared, opsets, bindings)
    try:
        sweep.run(main, None, {})
    except _TooManyVisits:
        return Refined(settle_all(main, inferred, declared, bindings), given_up=True)
    check_nodes(sweep, main)
    open_ = {key: why for key, why in sweep.varying.items() if not sweep.types[key[0]][key[1]].complete}
    return Refined(sweep.types, frozenset(sweep.idle), frozenset(sweep.once), open_, sweep.disputes)


class Sweep:
    """The state of one refinement.

    Fields:
        types: the types found, by scope id and name.
        environments: what the last sweep over each scope knew, by scope id.
        idle: ids of the branches that are never taken.
        once: ids of the bodies of loops that run at most once.
        varying: why a value has no single size, by scope id and name: states that a loop changes, and what follows.
        disputes: the computed types that a declaration overrules, by scope id and name.
    """

    def __init__(self, main: Scope, inferred: Types, declared: Types, opsets: Opsets, bindings: Bindings) -> None:
        self.inferred, self.declared, self.opsets, self.bindings = inferred, declared, opsets, bindings
        self.types: Types = list(inferred)
        self.idle: set[int] = set()
        self.once: set[int] = set()
        self.varying: dict[tuple[int, str], str] = {}
        self.disputes: dict[tuple[int, str], ValueType] = {}
        self._overruling = False
        self.environments: dict[int, Environment] = {}
        self.imports = [helper.make_opsetid(domain, version) for domain, version in opsets.versions.items()]
        self._evaluator = Evaluator(self.imports)
        self._visits = _VISITS_PER_NODE * sum(1 + len(scope.nodes) for scope in main.walk())

    def run(self, scope: Scope, outer: Environment | None, inputs: Mapping[str, ValueType]) -> Environment:
        """Sweep over `scope`, given the types of its inputs. The result replaces that of an earlier sweep."""
        self._visits -= 1 + len(scope.nodes)
        if self._visits < 0:
            raise _TooManyVisits("it has too many nested loops to follow")
        known = dict(self.inferred[scope.id])
        for name in scope.inputs:
            passed = inputs.get(name, ValueType())
            known[name] = self._settle(scope, name, fill(passed, known[name]))
            if contradicts(known[name], passed):
                fault = f"it is declared {show(known[name])}, but {show(passed)} is passed to it"
                raise ModelError(fault, where=f"tensor {name!r} of graph {scope.graph.name!r}", hint=HINT)
        here = Environment(scope, outer, self.inferred[scope.id], known)
        self.types[scope.id] = known
        self.environments[scope.id] = here
        for index, node in enumerate(scope.nodes):
            with naming(node, index):
                self._visit(node, index, here)
        return here

    def _settle(self, scope: Scope, name: str, computed: ValueType) -> ValueType:
        """Return `computed` with the bound and declared dimensions of `name` filled in.

        A type that varies stays as it is, since no number is true of it.
        """
        key = (scope.id, name)
        if key in self.varying:
            return computed
        settled = settle(name, computed, self.declared[scope.id], self.bindings)
        if settled is not computed and contradicts(settled, computed):
            self.disputes[key], self._overruling = computed, True
        elif self.disputes:
            self.disputes.pop(key, None)  # left by an earlier sweep with other assumptions about a loop
        return settled

    def _visit(self, node: NodeProto, index: int, here: Environment) -> None:
        types, scope = here.types, here.scope
        made = [name for name in node.output if name]
        overruled = [name for name in node.input if name and here.is_overruled(name)] if self._overruling else []
        if index in scope.bodies:
            from .control_flow import outputs_of

            found = outputs_of(self, node, scope.bodies[index], here)
            computed = {name: _prefer(found.get(name, ValueType()), types[name]) for name in made}
            self._overruling |= any(contradicts(computed[name], types[name]) for name in made)
        elif overruled:
            sure = all(types[name].complete for name in made)
            found = self._infer_again(node, index, here, overruled[0] if sure else "")
            computed = {name: _replace(types[name], found.get(name, ValueType())) for name in made}
        elif all(types[name].complete for name in made):
            computed = {name: types[name] for name in made}
        else:
            news = any(name and here.is_news(name) for name in node.input) or contrib.knows(node, self.opsets)
            news = news or corrections.is_suspect(node)
            found = self._with_left_out(node, here, self._infer(node, here) if news else {})
            computed = {name: fill(types[name], found.get(name, ValueType())) for name in made}
        why = self._why_varying(node, index, here)
        for name in made:
            if why and not computed[name].complete:
                self.varying.setdefault((scope.id, name), why)
            types[name] = self._settle(scope, name, computed[name])
        if index not in scope.bodies:
            self._evaluate(node, here)

    def _why_varying(self, node: NodeProto, index: int, here: Environment) -> str:
        """Why the outputs of `node` have no single size, if an input has none; else ""."""
        if not self.varying:
            return ""
        read = [here.key_of(name) for name in node.input if name]
        for body in here.scope.bodies.get(index, ()):
            inside = self.environments.get(body.scope.id)
            read += [inside.key_of(name) for name in body.scope.outputs] if inside else []
        return next((self.varying[key] for key in read if key in self.varying), "")

    def _infer_again(self, node: NodeProto, index: int, here: Environment, overruled: str) -> dict[str, ValueType]:
        """Infer a node again whose input shape comes from a declaration that overrules a computed shape.

        Raises:
            ModelError: `overruled` is not "", and the operator cannot read the input of this name in its shape.
        """
        found = self._with_left_out(node, here, {})
        if not self.opsets.defines(node.domain, node.op_type):
            return found | self._infer(node, here)
        try:
            return self._with_left_out(node, here, self._ask(node, here))
        except Exception as error:
            if not overruled:
                return found
            computed = self.disputes.get(here.key_of(overruled))
            other = f", but its operator makes {show(computed)}" if computed else ", which follows from declared shapes"
            fault = f"it cannot read {overruled!r} as {show(here.type_of(overruled))}{other}"
            raise ModelError(fault, where=node_title(node, index), hint=HINT) from error

    def _infer(self, node: NodeProto, here: Environment) -> dict[str, ValueType]:
        """Infer the output types of `node` by ONNX, or by a rule if ONNX does not define the operator."""
        if contrib.knows(node, self.opsets):
            return contrib.infer(node, here.type_of, here.value_of)
        if not self.opsets.defines(node.domain, node.op_type):
            return {}
        try:
            return self._ask(node, here)
        except Exception:
            # Inference failed: the types of this node stay open.
            return {}

    def _with_left_out(self, node: NodeProto, here: Environment, found: dict[str, ValueType]) -> dict[str, ValueType]:
        """Return `found` with the types that ONNX's own inference omits."""
        more = left_out(node, self.opsets.versions.get("", 1), here.type_of)
        return more | {name: fill(known, more.get(name, ValueType())) for name, known in found.items()}

    def _ask(self, node: NodeProto, here: Environment) -> dict[str, ValueType]:
        schema = defs.get_schema(node.op_type, self.opsets.versions.get(node.domain, 1), node.domain)
        types = {name: to_proto(here.type_of(name)) for name in node.input if name}
        data = self.data_of(here, types)
        if schema.has_function or schema.has_context_dependent_function:  # type: ignore[attr-defined]
            found = _infer_alone(node, types, data, self.imports)
        else:
            found = infer_node_outputs(schema, node, types, data, opset_imports=self.imports)
        made = {name: _without_names(from_proto(proto), types) for name, proto in found.items() if name}
        shape = corrections.corrected(node, here.type_of, here.value_of)
        if shape is not None:  # for a pool, of both outputs
            made |= {name: ValueType(known.element, shape) for name, known in made.items()}
        return made

    def data_of(self, here: Environment, names: Iterable[str]) -> dict[str, TensorProto]:
        """Return the values among `names` that are known, and short enough to be a shape."""
        values = {name: here.value_of(name) for name in names}
        return {
            name: numpy_helper.from_array(value, name)
            for name, value in values.items()
            if value is not None and value.size <= _MAX_SHAPE_INPUT
        }

    def _evaluate(self, node: NodeProto, here: Environment) -> None:
        """Compute the values of the outputs of `node`, and from them shapes that inference cannot find."""
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
        for name, value in results.items():
            shape = ValueType(here.types[name].element, tuple(value.shape))
            # Bindings and declarations may overrule the shape of the value, and then the value is not used.
            here.types[name] = self._settle(here.scope, name, shape)
            if not contradicts(here.types[name], shape):
                here.values[name] = value


def _prefer(found: ValueType, known: ValueType) -> ValueType:
    """Return the type `found` for a result of bodies, whose holes are intended; `known` if nothing was found."""
    if found.shape is None and not found.element:
        return known
    return ValueType(found.element or known.element, found.shape)


def _replace(known: ValueType, found: ValueType) -> ValueType:
    """Return `found` with its holes filled from `known`; if both are complete and differ, the larger one."""
    if found.shape is None or not contradicts(known, found):
        return fill(found, known)
    return larger("", found, known) if len(found.shape) == len(known.shape or ()) else found


def _infer_alone(
    node: NodeProto, types: dict[str, TypeProto], data: dict[str, Any], opsets: list[Any]
) -> dict[str, TypeProto]:
    """Infer a model with this node alone, so that ONNX looks into the function that defines the operator."""
    inputs = [helper.make_value_info(name, proto) for name, proto in types.items() if name not in data]
    outputs = [helper.make_empty_tensor_value_info(name) for name in node.output if name]
    graph = helper.make_graph([node], "node", inputs, outputs, initializer=list(data.values()))
    safe = all(short(from_proto(proto)) for proto in types.values())
    model = infer_shapes(helper.make_model(graph, opset_imports=opsets), data_prop=safe)
    return {value.name: value.type for value in model.graph.output}


def _without_names(known: ValueType, types: Mapping[str, TypeProto]) -> ValueType:
    """Return `known` without the names of dimensions that no input has."""
    if known.shape is None or known.static:
        return known
    brought = {d for proto in types.values() for d in from_proto(proto).shape or () if isinstance(d, str)}
    return ValueType(known.element, tuple(d if isinstance(d, int) or d in brought else None for d in known.shape))


def _measure(node: NodeProto, known: ValueType) -> Value | None:
    """Return the value of Shape or Size over a tensor of the type `known`, or None where that is open."""
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
