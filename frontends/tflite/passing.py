"""Checks of the tensors that operators pass to the subgraphs that they call, and get back."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING

from tmpass.base.errors import ModelError, brief
from tmpass.graph.model import ABSENT, Call, Dim, Op

from .inference.dims import written
from .inference.op_context import Shape as Inferred
from .shapes import Shape, differ
from .subgraphs import ReadSubgraph

if TYPE_CHECKING:
    from .settle import SubgraphShapes

_HINT = "convert the model again"

PASSED = {"CALL": 0, "STABLEHLO_COMPOSITE": 0, "IF": 1, "STABLEHLO_CASE": 1, "WHILE": 0, "STABLEHLO_WHILE": 0}
"""Kind of a calling operator -> how many of its inputs it does not pass on: a condition, or a branch number."""

LOOPS = frozenset(("WHILE", "STABLEHLO_WHILE"))


def check_counts(subgraphs: Sequence[ReadSubgraph]) -> None:
    """Check the number of tensors that each call in `subgraphs` passes and gets back.

    Raises:
        ModelError: a subgraph has another number of inputs or outputs than its caller passes or takes, or a loop has
            another number of outputs than inputs.
    """
    for number, subgraph in enumerate(subgraphs):
        for index, op in enumerate(subgraph.ops):
            where = f"subgraph {number}, operator {index} ({op.kind})" if op.calls else ""
            for call in op.calls:
                _check_counts(op, call, subgraphs[call.subgraph], where)
            if op.kind in LOOPS and len(op.outputs) != len(op.inputs):
                fault = f"its loop has {len(op.inputs)} inputs, but {len(op.outputs)} outputs"
                raise ModelError(fault, where=where, hint=_HINT)


def _check_counts(op: Op, call: Call, callee: ReadSubgraph, where: str) -> None:
    if op.kind == "CALL_ONCE":
        takes, gives = 0, 0
    elif op.kind in PASSED:
        takes = len(op.inputs) - PASSED[op.kind]
        gives = 1 if call.role == "cond" else len(op.outputs)
    else:
        return  # for other operators, the options decide what is passed
    for what, has, wanted, how in (
        ("takes", len(callee.inputs), takes, "passed to it"),
        ("gives", len(callee.outputs), gives, "taken from it"),
    ):
        if has != wanted:
            fault = f"its {call.role}, subgraph {call.subgraph} {brief(callee.name)}, {what} {has} tensors"
            raise ModelError(f"{fault}, but {wanted} are {how}", where=where, hint=_HINT)


def merge(shapes: Sequence[Shape | None]) -> Inferred | None:
    """Return the shape of an output that one of several branches makes: the dimensions on which all agree."""
    first = shapes[0]
    if first is None or any(shape is None or len(shape) != len(first) for shape in shapes):
        return None
    dims: list[set[Dim]] = [set(of) for of in zip(*(shape for shape in shapes if shape is not None), strict=True)]
    return tuple(of.pop() if len(of) == 1 else None for of in dims)


def check_state(
    op: Op, call: Call, caller: ReadSubgraph, callee: ReadSubgraph, body: "SubgraphShapes", where: str
) -> None:
    """Check that the body of a loop, run by `call`, keeps the types and the shapes of its state.

    Raises:
        ModelError: it changes the type or the shape of a tensor.
    """
    for passed, into, out in zip(op.inputs, callee.inputs, callee.outputs, strict=True):
        one, other = callee.tensors[into], callee.tensors[out]
        types = [one.dtype, other.dtype] + ([caller.tensors[passed].dtype] if passed != ABSENT else [])
        if any(dtype != types[0] for dtype in types):
            kinds = ", ".join(dict.fromkeys(dtype.name for dtype in types))
            fault = (
                f"its {call.role} takes {brief(one.name)} and gives {brief(other.name)} for it: the types are {kinds}"
            )
            raise ModelError(f"{op.kind} {brief(op.name)}: {fault}", where=where, hint=_HINT)
        before, after = body.true[into], body.true[out]
        if before is not None and after is not None and differ(before, after):
            fault = f"its {call.role} takes {brief(one.name)} {written(before)}"
            fault += f" and gives {brief(other.name)} {written(after)}"
            hint = "the state of a loop must keep its shape: convert the model again"
            raise ModelError(f"{op.kind} {brief(op.name)}: {fault} for it", where=where, hint=hint)


def check_results(
    op: Op,
    call: Call,
    caller: ReadSubgraph,
    callee: ReadSubgraph,
    body: "SubgraphShapes",
    bodies: Mapping[int, "SubgraphShapes"],
    where: str,
) -> None:
    """Check that the outputs of `op` have room for the results of `call`, which may be one of several branches.

    Raises:
        ModelError: an output is smaller than the result, or has another type.
    """
    inner = bodies[call.subgraph]
    for made, result in zip(callee.outputs, op.outputs, strict=True):
        if result == ABSENT:
            continue
        one, other = callee.tensors[made], caller.tensors[result]
        if one.dtype != other.dtype:
            fault = f"its {call.role} gives {brief(one.name)} of type {one.dtype.name}"
            fault += f", but {brief(other.name)} is {other.dtype.name}"
            raise ModelError(f"{op.kind} {brief(op.name)}: {fault}", where=where, hint=_HINT)
        given, there = inner.true[made], body.planned[result]
        if given is None or there is None or not _numbers(given) or not _numbers(there):
            continue
        if prod(map(int, given)) > prod(map(int, there)):
            _refuse_room(op, call, (one.name, given), (other.name, there), where)


def _refuse_room(op: Op, call: Call, given: tuple[str, Shape], there: tuple[str, Shape], where: str) -> None:
    (one, shape), (other, room) = given, there
    fault = f"its {call.role} gives {brief(one)} {written(shape)}, but {brief(other)} only has {written(room)}"
    axis = next((a for a, (dim, most) in enumerate(zip(shape, room, strict=False)) if int(dim) > int(most)), 0)
    hint = f"if it is open, bind '{other}:{axis}' to {shape[axis] if shape else 1} or more; else {_HINT}"
    raise ModelError(f"{op.kind} {brief(op.name)}: {fault}", where=where, hint=hint)


def check_same_sizes(
    callee: ReadSubgraph, number: int, body: "SubgraphShapes", given: Mapping[int, Shape | None], where: str
) -> None:
    """Check that subgraph `number` is called with the same input shapes as before.

    Raises:
        ModelError: a shape differs, but a plan has one size for each tensor.
    """
    for t, shape in given.items():
        before = body.true[t]
        if shape is not None and before is not None and differ(before, shape):
            fault = f"subgraph {number} {brief(callee.name)} is run with {brief(callee.tensors[t].name)}"
            fault += f" as {written(before)}"
            hint = "convert the model so that each size has a subgraph of its own"
            raise ModelError(f"{fault} and as {written(shape)}", where=where, hint=hint)


def _numbers(shape: Shape) -> bool:
    return all(isinstance(dim, int) for dim in shape)
