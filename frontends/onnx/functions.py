"""Inlining of local functions, after a check that it ends and that the result stays small."""

from collections import Counter
from collections.abc import Iterable

from onnx import FunctionProto, GraphProto, ModelProto, NodeProto
from onnx.inliner import inline_local_functions

from tmpass.base.errors import ModelError
from tmpass.base.record import record

from .opsets import import_domains
from .read import MAX_DEPTH, bodies
from .sorting import sort_all

_MAX_NODES = 250_000
"""A node takes about two kilobytes during inlining and inference. Real models have fewer than 100,000."""

_MAX_BYTES = 2**29

_Key = tuple[str, str, str]


@record
class _Cost:
    """The size of a graph once all its calls are inlined; `depth` counts the calls inside calls."""

    nodes: int
    bytes: int
    depth: int


def inline(model: ModelProto) -> ModelProto:
    """Return `model` with each call of a local function replaced by the function's nodes.

    Raises:
        ModelError: a function calls itself, inlining would make too many nodes, or the operator set of a function
            cannot be converted to that of the model.
    """
    if not model.functions:
        return model
    functions = {(f.domain, f.name, getattr(f, "overload", "")): f for f in model.functions}
    _check(model, functions)
    _import_domains(model)
    for owner in model.functions:
        sort_all(owner)  # the inliner renames in order: a reader before its writer would get another name
    _fill_defaults(model, functions)
    for convert in (False, True):
        # Conversion between operator sets rewrites the model, so it is tried only if inlining fails without it.
        try:
            model = inline_local_functions(model, convert)
        except Exception as error:
            fault = str(error).strip().partition("\n")[0]
            raise ModelError(f"local functions cannot be inlined: {fault}", hint="inline them at export") from error
        left = next((key for key in _calls(model.graph.node) if key in functions), None)
        if left is None:
            del model.functions[:]
            return model
    raise ModelError(
        "uses another operator set than the model, and onnx cannot convert it",
        where=f"function {_title(left)}",
        hint="export the model with one operator set",
    )


def calls_functions(model: ModelProto) -> bool:
    """Whether the graph of `model`, or a body in it, calls a local function."""
    if not model.functions:
        return False
    functions = {(f.domain, f.name, getattr(f, "overload", "")) for f in model.functions}
    return any(key in functions for key in _calls(model.graph.node))


def _import_domains(model: ModelProto) -> None:
    """Import into `model` the domains that its functions import, since their nodes become nodes of the model."""
    known = {opset.domain for opset in model.opset_import}
    for opset in (opset for f in model.functions for opset in f.opset_import):
        if opset.domain and opset.domain not in known:
            known.add(opset.domain)
            model.opset_import.add(domain=opset.domain, version=opset.version)
    import_domains(model, {f.domain for f in model.functions})


def _fill_defaults(model: ModelProto, functions: dict[_Key, FunctionProto]) -> None:
    """Add the default values of omitted attributes to each call, since the inliner ignores defaults."""
    for nodes in (model.graph.node, *(f.node for f in model.functions)):
        for node, key in list(zip(_all_nodes(nodes), _calls(nodes), strict=True)):
            function = functions.get(key)
            if function is not None:
                given = {a.name for a in node.attribute}
                node.attribute.extend(a for a in function.attribute_proto if a.name not in given)


def _check(model: ModelProto, functions: dict[_Key, FunctionProto]) -> None:
    """Refuse functions that call themselves, and models that are too large once they are inlined."""
    calls = {key: Counter(k for k in _calls(f.node) if k in functions) for key, f in functions.items()}
    costs: dict[_Key, _Cost] = {}
    for start in functions:
        path = {start: iter(calls[start])}
        while path:
            key = next(reversed(path))
            callee = next(path[key], None)
            if callee in path:
                cycle = " -> ".join(_title(k) for k in [*path, callee] if k is not None)
                raise ModelError(f"local functions call each other in a cycle: {cycle}", hint="ONNX forbids recursion")
            if callee is None:
                del path[key]
                costs[key] = _cost(functions[key].node, functions[key].ByteSize(), calls[key], costs)
            elif callee not in costs:
                path[callee] = iter(calls[callee])
    main = Counter(k for k in _calls(model.graph.node) if k in functions)
    total = _cost(model.graph.node, 0, main, costs)
    if total.nodes > _MAX_NODES or total.bytes > _MAX_BYTES:
        raise ModelError(
            f"inlining the local functions makes {total.nodes} nodes of {total.bytes} bytes; "
            f"{_MAX_NODES} nodes and {_MAX_BYTES} bytes are allowed",
            hint="simplify the model at export",
        )
    if total.depth > MAX_DEPTH:
        raise ModelError(f"local functions call each other more than {MAX_DEPTH} deep", hint="inline them at export")


def _cost(nodes: Iterable[NodeProto], size: int, calls: Counter[_Key], costs: dict[_Key, _Cost]) -> _Cost:
    count = (
        sum(1 for _ in _all_nodes(nodes))
        - calls.total()
        + sum(times * costs[key].nodes for key, times in calls.items())
    )
    size += sum(times * costs[key].bytes for key, times in calls.items())
    return _Cost(count, size, 1 + max((costs[key].depth for key in calls), default=0))


def _calls(nodes: Iterable[NodeProto]) -> Iterable[_Key]:
    return ((node.domain, node.op_type, getattr(node, "overload", "")) for node in _all_nodes(nodes))


def _all_nodes(nodes: Iterable[NodeProto]) -> Iterable[NodeProto]:
    """Yield `nodes`, and the nodes of all bodies in them."""
    stack: list[Iterable[NodeProto]] = [nodes]
    while stack:
        inner: list[GraphProto] = []
        for node in stack.pop():
            yield node
            inner.extend(graph for _, graph in bodies(node))
        stack += [graph.node for graph in inner]


def _title(key: _Key | None) -> str:
    return repr("::".join(part for part in key or () if part))
