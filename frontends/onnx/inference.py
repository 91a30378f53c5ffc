"""The types of all values, by ONNX's shape inference, and by tmpass's own refinement where that leaves holes.

Declared types of inner values and outputs are removed first, since ONNX would silently prefer a stale declaration to
what the operators compute. Afterwards they fill the holes that inference leaves, and are compared with its results.
Bindings of values other than inputs are treated in the same way.
"""

from collections.abc import Iterable, Mapping

from onnx import GraphProto, ModelProto, ValueInfoProto
from onnx.shape_inference import infer_shapes

from tmpass.base.errors import ModelError
from tmpass.base.record import record

from .contradictions import check_shapes
from .corrections import without_doubtful_shapes
from .dimensions import Bindings, check_bound
from .disputes import show
from .opsets import Opsets
from .propagation import is_safe
from .read import bodies
from .scopes import Scope
from .settling import Refined, Types, settle_all
from .value_types import ValueType, contradicts, from_proto, of_tensor


@record
class Inference:
    """The result of inference.

    Fields:
        types: of all values.
        idle: ids of the branches that certainly never run, since their condition follows from the shapes.
        varying: why a name has no single size, by scope id and name.
        warnings: about the declarations in the file.
    """

    types: Types
    idle: frozenset[int]
    varying: Mapping[tuple[int, str], str]
    warnings: tuple[str, ...]


def infer(model: ModelProto, main: Scope, opsets: Opsets, bindings: Bindings) -> Inference:
    """Infer the types of all values of `model`, whose tree of scopes is `main`.

    Raises:
        ModelError: shape inference refuses the model, shapes contradict each other, or a declared element type differs
            from the computed one.
    """
    declared = [_declared(scope) for scope in main.walk()]
    for scope in main.walk():
        _undeclare(scope, opsets)
    data = _serialised(model)
    inferred = _collect(main, _run(data).graph, bindings)
    if not _complete(main, inferred) and is_safe(main, inferred, opsets):
        inferred = _propagate(main, data, inferred, bindings)
    inferred = without_doubtful_shapes(main, inferred)
    # Before declarations and bindings fill holes, refinement computes as much as it can, to compare them with.
    if _complete(main, inferred) and not _has_control_flow(main) and not _disputed(main, inferred, declared):
        found = Refined(settle_all(main, inferred, declared, bindings))
    else:
        # Imported only where it is needed: the evaluation of values takes long to import.
        from .refine import refine

        found = refine(main, inferred, declared, opsets, bindings)
    check_bound(main, found, declared, bindings)
    check_shapes(main, found.types, found, opsets.versions.get("", 1))
    return Inference(found.types, found.idle, found.varying, _compare(main, found, declared))


def _serialised(model: ModelProto) -> bytes:
    """Serialise `model` for ONNX's inference, as IR version 4 or later.

    For older versions ONNX's inference only sees the initialisers that are listed among the inputs.
    """
    version = model.ir_version
    if version >= 4:
        return bytes(model.SerializeToString())
    model.ir_version = 4
    data = bytes(model.SerializeToString())
    model.ir_version = version
    return data


def _run(data: bytes) -> ModelProto:
    """Run ONNX's inference, not in strict mode, which refuses a model that it cannot infer completely."""
    try:
        return infer_shapes(data)
    except Exception as error:
        fault = str(error).strip().partition("\n")[0]
        raise ModelError(
            f"shape inference refuses the model: {fault}", hint="check it with onnx.checker.check_model"
        ) from error


def _propagate(main: Scope, data: bytes, inferred: Types, bindings: Bindings) -> Types:
    """Run ONNX's inference with data propagation; return `inferred`, found without it, if that fails."""
    try:
        return _collect(main, infer_shapes(data, data_prop=True).graph, bindings)
    except Exception:
        return inferred


def _declared(scope: Scope) -> dict[str, ValueType]:
    """Return the types that the file declares for the values of a scope."""
    graph = scope.graph
    values = (*graph.value_info, *graph.output, *graph.input)
    return {value.name: from_proto(value.type) for value in values}


def _undeclare(scope: Scope, opsets: Opsets) -> None:
    """Remove the declared types that inference is to find by itself, in place.

    Element types stay where inference cannot find them: at operators that ONNX does not define, and at outputs of
    bodies, where ONNX rejects the whole model if one is missing.
    """
    graph = scope.graph
    opaque = {n for node in scope.nodes if not opsets.defines(node.domain, node.op_type) for n in node.output}
    kept = [value for value in graph.value_info if value.name in opaque]
    del graph.value_info[:]
    graph.value_info.extend(kept)
    for value in (*graph.value_info, *graph.output):
        _forget(value, keep_element=scope.id > 0 or value.name in opaque)
    if scope.id > 0:
        for value in graph.input:
            _forget(value, keep_element=True)


def _forget(value: ValueInfoProto, *, keep_element: bool) -> None:
    if value.type.WhichOneof("value") == "tensor_type" and keep_element:
        value.type.tensor_type.ClearField("shape")
    elif not keep_element:
        value.ClearField("type")


def _collect(main: Scope, graph: GraphProto, bindings: Bindings) -> Types:
    """Return the types in the inferred copy `graph` of the model, scope by scope."""
    types: Types = []
    _collect_scope(main, graph, bindings, types)
    return types


def _collect_scope(scope: Scope, graph: GraphProto, bindings: Bindings, types: Types) -> None:
    here: dict[str, ValueType] = {}
    types.append(here)
    for value in graph.input:
        if value.name not in scope.stored:
            here[value.name] = _without_inventions(from_proto(value.type), bindings)
    here |= {name: of_tensor(tensor) for name, tensor in scope.stored.items()}
    for sparse in scope.graph.sparse_initializer:
        here[sparse.values.name] = ValueType(sparse.values.data_type, tuple(sparse.dims))
    made = {name for node in scope.nodes for name in node.output if name}
    for value in (*graph.value_info, *graph.output):
        if value.name in made:
            here[value.name] = _without_inventions(from_proto(value.type), bindings)
    for name in _made(scope):
        here.setdefault(name, ValueType())
    for index, inside in scope.bodies.items():
        for body, (_, copy) in zip(inside, bodies(graph.node[index]), strict=True):
            _collect_scope(body.scope, copy, bindings, types)


def _made(scope: Scope) -> Iterable[str]:
    return (name for node in scope.nodes for name in node.output if name)


def _without_inventions(known: ValueType, bindings: Bindings) -> ValueType:
    """Return `known` without the names that inference made up for dimensions: they mean nothing outside its run."""
    if known.shape is None or known.static:
        return known
    dims = tuple(d if isinstance(d, int) or d in bindings.names else None for d in known.shape)
    return ValueType(known.element, dims)


def _complete(main: Scope, types: Types) -> bool:
    return all(known.complete for scope in main.walk() for known in types[scope.id].values())


def _has_control_flow(main: Scope) -> bool:
    """Whether the model has an If, Loop or Scan, which need refinement even if all shapes are known.

    Refinement finds the branches that never run, and checks the declared shapes of loop states, which ONNX trusts.
    """
    kinds = ("If", "Loop", "Scan")
    return any(scope.nodes[index].op_type in kinds for scope in main.walk() for index in scope.bodies)


def _disputed(main: Scope, inferred: Types, declared: Types) -> bool:
    """Whether a declared shape contradicts a computed one."""
    return any(
        name not in scope.stored and contradicts(inferred[scope.id].get(name, ValueType()), stated)
        for scope in main.walk()
        for name, stated in declared[scope.id].items()
    )


def _compare(main: Scope, found: Refined, declared: Types) -> tuple[str, ...]:
    """Warnings: one about all declared shapes that differ from the computed ones, and one if refinement gave up."""
    unseen = "too many nested loops to follow: what is declared or bound there is not checked"
    warnings = (unseen,) if found.given_up else ()
    stale: list[str] = []
    for scope in main.walk(found.idle):
        for name, known in found.types[scope.id].items():
            stated = declared[scope.id].get(name)
            if stated is None or name in scope.stored:
                continue
            if stated.element and known.element and stated.element != known.element:
                raise ModelError(
                    f"is declared {stated.dtype.name}, but its operator makes {known.dtype.name}",
                    where=f"tensor {name!r}",
                    hint="export the model again",
                )
            computed = found.disputes.get((scope.id, name), known)
            if contradicts(computed, stated):
                stale.append(f"{name!r} is {show(computed)}, but declared {show(stated)}")
    if not stale:
        return warnings
    more = f", and {len(stale) - 1} more" if len(stale) > 1 else ""
    fault = "the file declares shapes that differ from what its operators compute"
    return (*warnings, f"{fault}: {stale[0]}{more}; the larger one is planned")
