"""Shapes that contradict each other, because of the file, a binding, or both."""

from collections.abc import Iterator, Set

from onnx import NodeProto

from tmpass.base.errors import ModelError

from .disputes import show
from .scopes import Body, Scope, node_title
from .settling import Refined, Types
from .value_types import ValueType, contradicts

_RESHAPES = frozenset({"Flatten", "Reshape", "Squeeze", "Unsqueeze"})

_HINT = "repair the model, or bind other numbers"

_STATE_HINT = "give the state one size in the model, for instance the largest, and count what is used of it"


def runs_for_sure(node: NodeProto, bodies: tuple[Body, ...], idle: Set[int]) -> Iterator[Scope]:
    """The bodies of `node` that run whenever it does; no branch of an If whose condition is unknown.

    A branch that is not taken may be impossible for the bound shapes: exporters write "if the axis has one element,
    squeeze it".
    """
    live = [body.scope for body in bodies if body.scope.id not in idle]
    if not node.domain and (node.op_type in ("Loop", "Scan") or (node.op_type == "If" and len(live) == 1)):
        yield from live


def check_shapes(main: Scope, types: Types, found: Refined, version: int) -> None:
    """Refuse shapes that contradict each other; `version` is the version of the default operator set.

    Raises:
        ModelError: a reshape changes the number of elements, a copied value is larger than its destination, or the
            body of a loop changes the size of its state.
    """
    _check(main, (), types, found, version, sure=True)


def _check(scope: Scope, outer: tuple[Scope, ...], types: Types, found: Refined, version: int, *, sure: bool) -> None:
    around, idle = (*outer, scope), found.idle

    def type_of(name: str) -> ValueType:
        home = next((level for level in reversed(around) if name in level.makers), None)
        return types[home.id].get(name, ValueType()) if home else ValueType()

    for index, node in enumerate(scope.nodes):
        if node.domain:
            continue
        if sure and node.op_type in _RESHAPES and node.input and node.output and node.output[0]:
            _check_elements(node, index, type_of(node.input[0]), type_of(node.output[0]))
        bodies = [body for body in scope.bodies.get(index, ()) if body.scope.id not in idle]
        certain = {inner.id for inner in runs_for_sure(node, tuple(bodies), idle)}
        for body in bodies:
            inside = types[body.scope.id]
            # The result of a branch may be smaller than the output of the If; a state has one size.
            once = node.op_type == "If" or body.scope.id in found.once
            for source, target in _taken(node, body, version):
                given = inside[source] if source in body.scope.makers else type_of(source)
                how = f"its {body.role} gives {source!r}"
                _check_room(how, given, target, type_of(target), node, index)
            for source, target in _passed(node, body, version):
                given, how = type_of(source), f"it passes {source!r}"
                if not once and contradicts(given, inside[target]):
                    fault = f"{how} {show(given)}, but {target!r} is {show(inside[target])}: a state has one size"
                    raise ModelError(fault, where=node_title(node, index), hint=_HINT)
                _check_room(how, given, target, inside[target], node, index)
            for before, after in () if once else _states(node, body, version):
                result = inside[after] if after in body.scope.makers else type_of(after)
                if reason := changes(before, inside[before], after, result):
                    raise ModelError(f"its {reason}", where=node_title(node, index), hint=_STATE_HINT)
            _check(body.scope, around, types, found, version, sure=sure and body.scope.id in certain)


def _taken(node: NodeProto, body: Body, version: int) -> Iterator[tuple[str, str]]:
    """(result of `body`, output of `node`) for each result that becomes an output unchanged."""
    results, made = body.scope.outputs, node.output
    if node.op_type == "Loop":
        results, made = results[1 : len(node.input) - 1], made[: max(len(node.input) - 2, 0)]
    elif node.op_type == "Scan":
        results, made = results[: _carried(node, version)], made[: _carried(node, version)]
    elif node.op_type != "If":
        return
    yield from (pair for pair in zip(results, made, strict=False) if pair[1])


def _passed(node: NodeProto, body: Body, version: int) -> Iterator[tuple[str, str]]:
    """(input of `node`, input of `body`) for each value that is copied into the body before it runs."""
    given, inner = node.input, body.scope.inputs
    if node.op_type == "Loop":
        given, inner = given[2:], inner[2:]
    elif node.op_type == "Scan":
        given, inner = given[: _carried(node, version)], inner[: _carried(node, version)]
    else:
        return
    yield from (pair for pair in zip(given, inner, strict=False) if pair[0])


def _states(node: NodeProto, body: Body, version: int) -> Iterator[tuple[str, str]]:
    """(input of `body`, output of `body`) for each state of a loop."""
    inner, results = body.scope.inputs, body.scope.outputs
    if node.op_type == "Loop":
        inner, results = inner[2:], results[1:]
    elif node.op_type == "Scan":
        # The first version has an input for the lengths, which its body does not get.
        inner = inner[: _carried(node, 9) - (version < 9)]
    else:
        return
    yield from zip(inner, results, strict=False)


def changes(before: str, known: ValueType, after: str, result: ValueType) -> str:
    """Why a state of a loop cannot keep its type; "" if it can.

    Args:
        before: the name of the state as an input of the body.
        known: the type of `before`.
        after: the name of the output that replaces it.
        result: the type of `after`.
    """
    if known.other or result.other:
        return ""
    if known.element and result.element and known.element != result.element:
        was, then = known.dtype.name, result.dtype.name
    elif contradicts(known, result):
        was, then = show(known), show(result)
    else:
        return ""
    return f"state is {was} before a round ({before!r}) and {then} after it ({after!r}): it has no single size"


def _carried(node: NodeProto, version: int) -> int:
    """How many values a Scan carries; 0 for its first version, whose values have a batch axis."""
    if version < 9:
        return 0
    return len(node.input) - next((a.i for a in node.attribute if a.name == "num_scan_inputs"), 0)


def _check_elements(node: NodeProto, index: int, data: ValueType, result: ValueType) -> None:
    before, after = data.elements, result.elements
    if before is not None and after is not None and before != after:
        fault = f"turns {show(data)} with {before} elements into {show(result)} with {after} elements"
        raise ModelError(fault, where=node_title(node, index), hint=_HINT)


def _check_room(how: str, given: ValueType, target: str, there: ValueType, node: NodeProto, index: int) -> None:
    if given.shape is None or there.shape is None:
        return
    if len(given.shape) == len(there.shape):
        pairs = zip(given.shape, there.shape, strict=True)
        narrow = any(isinstance(a, int) and isinstance(b, int) and a > b for a, b in pairs)
    else:
        narrow = given.static and there.static and (given.elements or 0) > (there.elements or 0)
    # A value without elements fits anywhere, however long its other axes are.
    empty = 0 in given.shape
    if narrow and not empty:
        fault = f"{how} {show(given)}, which does not fit into {target!r} {show(there)}"
        raise ModelError(fault, where=node_title(node, index), hint=_HINT)
