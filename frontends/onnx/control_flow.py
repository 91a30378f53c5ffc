"""Refinement through If, Loop and Scan: the shapes of the inputs and outputs of bodies.

An induction proves the shape of a value that a loop carries: the value has this shape before the first iteration, and
if it has this shape before an iteration, it has it afterwards. Dimensions for which the body breaks this are opened,
one after the other, until the induction holds for the others. If the body changes a dimension from one number to
another, the state varies: no number is true of it in every iteration, even if one is declared or bound.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from onnx import AttributeProto, NodeProto

from tmpass.base.record import record

from .contradictions import changes
from .environment import Environment
from .scopes import Body
from .value_types import Hole, ValueType, join

if TYPE_CHECKING:
    from .refine import Sweep

_Found = dict[str, ValueType]


def outputs_of(sweep: "Sweep", node: NodeProto, bodies: tuple[Body, ...], here: Environment) -> _Found:
    """Sweep over the bodies of `node`, and return the types of its outputs that follow."""
    if node.domain == "" and node.op_type == "If":
        return _if(sweep, node, bodies, here)
    if node.domain == "" and len(bodies) == 1:
        body = bodies[0]
        matches = len(node.input) == len(body.scope.inputs)
        if node.op_type == "Loop" and matches and len(node.input) >= 2 and body.scope.outputs:
            return _loop(sweep, node, body, here)
        # Scan's first version has a batch axis and an input for lengths. ONNX's own inference handles it.
        if node.op_type == "Scan" and matches and sweep.opsets.versions[""] >= 9:
            return _scan(sweep, node, body, here)
    for body in bodies:
        sweep.run(body.scope, here, {})
    return {}


def _if(sweep: "Sweep", node: NodeProto, bodies: tuple[Body, ...], here: Environment) -> _Found:
    """Return the types of the branch that is taken, or where that is unknown, what both branches have in common."""
    branches = {body.role: sweep.run(body.scope, here, {}) for body in bodies}
    condition = here.value_of(node.input[0]) if node.input else None
    taken = None
    if condition is not None and condition.size == 1:
        taken = branches.get("then_branch" if condition.item() else "else_branch")
    # An earlier sweep, with other assumptions about an enclosing loop, may have decided otherwise.
    for branch in branches.values():
        (sweep.idle.discard if taken in (None, branch) else sweep.idle.add)(branch.scope.id)
    if taken:
        return _results(node, taken)
    if set(branches) != {"then_branch", "else_branch"}:
        return {}
    one, two = (_results(node, branches[role]) for role in ("then_branch", "else_branch"))
    return {name: join(one[name], two[name]) for name in one.keys() & two.keys()}


def _loop(sweep: "Sweep", node: NodeProto, body: Body, here: Environment) -> _Found:
    """Return the types of a Loop's outputs: the carried values, then the stacked results of the iterations.

    Its inputs are the trip count, the condition, and the initial carried values.
    """
    # Known first, since a body that runs only once may change the state.
    most = _limit(node, here)
    states = _States(list(node.input[2:]), node.output, skip_inputs=2, skip_outputs=1, most=most)
    after, carried = _fixpoint(sweep, body, here, states, more={})
    count = len(carried)
    trips = _trips(node, after, here)
    if trips == 1:
        carried = [after.type_of(name) for name in body.scope.outputs[1 : 1 + count]]
    found = dict(zip(node.output[:count], carried, strict=False))
    for name, result in zip(node.output[count:], after.scope.outputs[1 + count :], strict=False):
        found[name] = _stack(after.type_of(result), 0, trips)
    return found


def _scan(sweep: "Sweep", node: NodeProto, body: Body, here: Environment) -> _Found:
    """Return the types of a Scan's outputs: the carried values, then the stacked results of the iterations.

    Its inputs are the initial carried values, then the tensors of which each iteration gets a slice.
    """
    attributes = {a.name: a for a in node.attribute}
    scans = attributes["num_scan_inputs"].i if "num_scan_inputs" in attributes else 0
    count = len(node.input) - scans
    if not 0 <= count <= len(node.input):
        sweep.run(body.scope, here, {})
        return {}
    in_axes = _axes(attributes.get("scan_input_axes"), scans)
    slices, length = {}, None
    for name, inner, axis in zip(node.input[count:], body.scope.inputs[count:], in_axes, strict=False):
        slices[inner], steps = _slice(here.type_of(name), axis)
        length = steps if length is None or isinstance(steps, int) else length
    most = length if isinstance(length, int) else None
    states = _States(list(node.input[:count]), node.output, skip_inputs=0, skip_outputs=0, most=most)
    after, carried = _fixpoint(sweep, body, here, states, more=slices)
    if length == 1:
        carried = [after.type_of(name) for name in body.scope.outputs[:count]]
    found = dict(zip(node.output[:count], carried, strict=False))
    results = after.scope.outputs[count:]
    out_axes = _axes(attributes.get("scan_output_axes"), len(results))
    for name, result, axis in zip(node.output[count:], results, out_axes, strict=False):
        found[name] = _stack(after.type_of(result), axis, length)
    return found


@record
class _States:
    """The values that a loop carries.

    Fields:
        initial: their names before the first iteration.
        results: their names after the last one.
        skip_inputs: how many inputs of the body come before the carried values.
        skip_outputs: how many outputs of the body come before the carried values.
        most: the largest number of iterations; None where that is unknown.
    """

    initial: list[str]
    results: Sequence[str]
    skip_inputs: int
    skip_outputs: int
    most: int | None


def _fixpoint(
    sweep: "Sweep", body: Body, here: Environment, states: _States, more: dict[str, ValueType]
) -> tuple[Environment, list[ValueType]]:
    """Sweep over a loop's body until the types of the carried values hold before and after an iteration."""
    count = len(states.initial)
    inner = body.scope.inputs[states.skip_inputs : states.skip_inputs + count]
    results = body.scope.outputs[states.skip_outputs : states.skip_outputs + count]
    carried = [here.type_of(name) for name in states.initial]
    # A sequence may change its contents. Only ONNX's own inference follows these.
    carried = [ValueType() if known.other else known for known in carried]
    once = states.most is not None and states.most <= 1
    (sweep.once.add if once else sweep.once.discard)(body.scope.id)
    while True:
        after = sweep.run(body.scope, here, dict(zip(inner, carried, strict=False)) | more)
        made = [after.type_of(name) for name in results]
        if once:
            return after, [join(known, result) for known, result in zip(carried, made, strict=False)]
        news = False
        for name, result, outside in zip(inner, results, states.results, strict=False):
            # Compare with the computed type: a larger declared one would hide the change.
            computed = sweep.disputes.get(after.key_of(result), after.type_of(result))
            reason = changes(name, after.type_of(name), result, computed)
            if reason and (body.scope.id, name) not in sweep.varying:
                news = True
                own = [(body.scope.id, n) for n in (name, result) if n in body.scope.makers]
                sweep.varying |= dict.fromkeys((*own, (here.scope.id, outside)), f"the loop's {reason}")
        widened = [join(known, result) for known, result in zip(carried, made, strict=False)]
        if widened == carried and not news:
            return after, carried
        carried = widened


def _limit(node: NodeProto, here: Environment) -> int | None:
    """How often a Loop runs at most, None where that is unknown."""
    limit = here.value_of(node.input[0]) if node.input[0] else None
    return int(limit.item()) if limit is not None and limit.size == 1 else None


def _trips(node: NodeProto, after: Environment, here: Environment) -> int | None:
    """How often a loop certainly runs: its trip count, if that is known and the condition stays true; else None."""
    limit = _limit(node, here)
    if limit is None:
        return None
    if node.input[1]:
        start = here.value_of(node.input[1])
        if start is None or start.size != 1 or not start.item():
            return None
    scope = after.scope
    passed, result = scope.inputs[1], scope.outputs[0]
    while (index := scope.makers.get(result, -1)) >= 0:
        maker = scope.nodes[index]
        if maker.domain or maker.op_type != "Identity" or not maker.input:
            break
        result = maker.input[0]
    stays = after.value_of(result)
    if result != passed and (stays is None or stays.size != 1 or not stays.item()):
        return None
    return max(0, limit)


def _results(node: NodeProto, branch: Environment) -> _Found:
    return {name: branch.type_of(made) for name, made in zip(node.output, branch.scope.outputs, strict=False)}


def _axes(attribute: AttributeProto | None, count: int) -> list[int]:
    return list(attribute.ints) if attribute is not None else [0] * count


def _slice(known: ValueType, axis: int) -> tuple[ValueType, Hole]:
    """Return the type of a slice of `known` across `axis`, and how many there are."""
    if known.shape is None or not -len(known.shape) <= axis < len(known.shape):
        return ValueType(known.element), None
    axis %= len(known.shape)
    return ValueType(known.element, known.shape[:axis] + known.shape[axis + 1 :]), known.shape[axis]


def _stack(known: ValueType, axis: int, count: Hole) -> ValueType:
    """Return the type of `count` values of type `known`, stacked along `axis`."""
    if known.shape is None or not -len(known.shape) - 1 <= axis <= len(known.shape):
        return ValueType(known.element)
    axis %= len(known.shape) + 1
    return ValueType(known.element, (*known.shape[:axis], count, *known.shape[axis:]))
