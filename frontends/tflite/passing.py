"""What operators pass to the subgraphs that they run, and take from them."""

from collections.abc import Iterator, Sequence

from tmpass.errors import ModelError
from tmpass.graph import ABSENT, Call, Op, Subgraph

from .tensors import Declared

_HINT = "convert the model again"

_PASSED = {"CALL": 0, "STABLEHLO_COMPOSITE": 0, "IF": 1, "STABLEHLO_CASE": 1, "WHILE": 0, "STABLEHLO_WHILE": 0}
"""The operators that pass their inputs on, and how many of these come before: a condition, or a branch's number."""


def check_passing(subgraphs: Sequence[Subgraph], declared: Sequence[Sequence[Declared]]) -> None:
    """Check every call in `subgraphs`, with `declared` what the file says of the tensors of each.

    Raises:
        ModelError: a subgraph takes or gives another number of tensors than its caller passes or takes, or gives more
            than there is room for in what was bound.
    """
    for number, subgraph in enumerate(subgraphs):
        for index, op in enumerate(subgraph.ops):
            for call in op.calls:
                where = f"subgraph {number}, operator {index} ({op.kind})"
                _check_counts(op, call, subgraphs[call.subgraph], where)
                _check_room(op, call, subgraph, subgraphs[call.subgraph], declared[number], where)


def _check_counts(op: Op, call: Call, callee: Subgraph, where: str) -> None:
    if op.kind == "CALL_ONCE":
        takes, gives = 0, 0
    elif op.kind in _PASSED:
        takes = len(op.inputs) - _PASSED[op.kind]
        gives = 1 if call.role == "cond" else len(op.outputs)
    else:
        return  # what the others pass follows from their options
    for what, has, wanted, how in (
        ("takes", len(callee.inputs), takes, "passed to it"),
        ("gives", len(callee.outputs), gives, "taken from it"),
    ):
        if has != wanted:
            fault = (
                f"its {call.role}, subgraph {call.subgraph} {callee.name!r}, {what} {has} tensors, {wanted} are {how}"
            )
            raise ModelError(fault, where=where, hint=_HINT)


def _check_room(
    op: Op, call: Call, subgraph: Subgraph, callee: Subgraph, declared: Sequence[Declared], where: str
) -> None:
    """Check that the numbers bound for results hold what `call` gives."""
    if op.kind not in _PASSED or call.role == "cond":
        return
    for made, result in zip(callee.outputs, op.outputs, strict=True):
        if result == ABSENT:
            continue
        given, there = callee.tensors[made], subgraph.tensors[result]
        for axis in _bound(declared[result], there.shape):
            size, room = (given.shape or ())[axis : axis + 1], (there.shape or ())[axis]
            if size and isinstance(size[0], int) and isinstance(room, int) and size[0] > room:
                fault = f"its {call.role} gives {given.name!r} with {size[0]} along axis {axis}"
                fault += f", for which {there.name!r} is bound to {room}"
                raise ModelError(fault, where=where, hint=f"bind '{there.name}:{axis}' to {size[0]} or more")


def _bound(declared: Declared, shape: Sequence[int | str] | None) -> Iterator[int]:
    """The axes that the file leaves open and a binding does not."""
    # Numbers in the file may be placeholders, which the interpreter replaces when it runs.
    for axis, dim in enumerate(declared.shape or ()):
        if dim < 0 and isinstance((shape or ())[axis], int):
            yield axis
