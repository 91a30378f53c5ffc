"""Checks of arity: how many inputs and outputs the format allows for an operator and its bodies."""

from onnx import NodeProto, defs

from tmpass.base.errors import ModelError
from tmpass.base.record import record

from .opsets import Opsets
from .scopes import Body, Scope, node_title


def check_arity(main: Scope, opsets: Opsets) -> None:
    """Refuse nodes with too few or too many values, and an If, Loop or Scan whose bodies do not match it.

    Raises:
        ModelError: there is such a node, or a body is missing.
    """
    version = opsets.versions.get("", 1)
    for scope in main.walk():
        for index, bodies in scope.bodies.items():
            node = scope.nodes[index]
            fault = "" if node.domain else _fault(node, bodies, version)
            if fault:
                inside = f"graph {scope.graph.name!r}, " if scope.id else ""
                raise ModelError(fault, where=inside + node_title(node, index), hint="export the model again")
        for index, node in enumerate(scope.nodes):
            if not node.domain and node.op_type in ("If", "Loop", "Scan") and index not in scope.bodies:
                raise ModelError("it has no body", where=node_title(node, index), hint="export the model again")
    _check_counts(main, opsets)


def _check_counts(main: Scope, opsets: Opsets) -> None:
    forms: dict[tuple[str, str], _Form | None] = {}
    for scope in main.walk():
        for index, node in enumerate(scope.nodes):
            key = (node.domain, node.op_type)
            if key not in forms:
                forms[key] = _form(node, opsets) if opsets.defines(*key) else None
            form = forms[key]
            if form is not None and (fault := _miscounted(node, form)):
                inside = f"graph {scope.graph.name!r}, " if scope.id else ""
                raise ModelError(fault, where=inside + node_title(node, index), hint="export the model again")


@record
class _Form:
    """The arity of an operator.

    Fields:
        inputs: the least and the greatest number of inputs.
        outputs: the least and the greatest number of outputs.
        single: index and name of each input that must be there.
    """

    inputs: tuple[int, int]
    outputs: tuple[int, int]
    single: tuple[tuple[int, str], ...]


def _form(node: NodeProto, opsets: Opsets) -> _Form:
    schema = defs.get_schema(node.op_type, opsets.versions.get(node.domain, 1), node.domain)
    single = defs.OpSchema.FormalParameterOption.Single
    needed = tuple((i, formal.name) for i, formal in enumerate(schema.inputs) if formal.option == single)
    return _Form((schema.min_input, schema.max_input), (schema.min_output, schema.max_output), needed)


def _miscounted(node: NodeProto, form: _Form) -> str:
    """What is wrong with the number of inputs or outputs of `node`; "" if nothing."""
    given, made = list(node.input), list(node.output)
    for what, count, (least, most) in (("input", len(given), form.inputs), ("output", len(made), form.outputs)):
        if count < least or count > most:
            needs = f"at least {least}" if count < least else f"at most {most}"
            return f"it has {count} {what}{'s' if count != 1 else ''}, but {node.op_type} has {needs}"
    for place, name in form.single if "" in given else ():
        if place < len(given) and not given[place]:
            return f"input {place} ({name}) is left out, but {node.op_type} needs it"
    return ""


def _fault(node: NodeProto, bodies: tuple[Body, ...], version: int) -> str:
    if node.op_type == "If":
        return _if(node, bodies)
    if node.op_type not in ("Loop", "Scan"):
        return ""
    if [body.role for body in bodies] != ["body"]:
        return f"it has the bodies {', '.join(body.role for body in bodies)}, but needs a single one named body"
    body = bodies[0]
    return _loop(node, body) if node.op_type == "Loop" else _scan(node, body, version)


def _if(node: NodeProto, bodies: tuple[Body, ...]) -> str:
    roles = sorted(body.role for body in bodies)
    if roles != ["else_branch", "then_branch"]:
        return f"it has the branches {', '.join(roles)}, but needs then_branch and else_branch"
    # Some files list captured names among the inputs of a branch. An If passes nothing, so nothing is missing.
    faults = (_count(body, len(body.scope.inputs), len(node.output)) for body in bodies)
    return next(filter(None, faults), "")


def _loop(node: NodeProto, body: Body) -> str:
    # A Loop may leave out trip count and condition. Its body always takes both, and gives the condition.
    carried = max(len(node.input) - 2, 0)
    if len(node.output) < carried:
        return f"it carries {carried} values, but its number of outputs is {len(node.output)}"
    return _count(body, 2 + carried, 1 + len(node.output))


def _scan(node: NodeProto, body: Body, version: int) -> str:
    # The first version has an input for the lengths, which the body does not get.
    passed = len(node.input) - (version < 9)
    scanned = next((a.i for a in node.attribute if a.name == "num_scan_inputs"), 0)
    if not 1 <= scanned <= passed:
        return f"num_scan_inputs is {scanned}, but it has {passed} inputs"
    if len(node.output) < passed - scanned:
        return f"it carries {passed - scanned} values, but its number of outputs is {len(node.output)}"
    return _count(body, passed, len(node.output))


def _count(body: Body, takes: int, gives: int) -> str:
    scope = body.scope
    if len(scope.inputs) != takes:
        return f"its {body.role} takes {len(scope.inputs)} values, but {takes} are passed to it"
    if len(scope.outputs) != gives:
        return f"its {body.role} gives {len(scope.outputs)} values, but {gives} are taken from it"
    return ""
