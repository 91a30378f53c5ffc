"""Variables that operators name: a value that is read has the shape of the value that was assigned."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING

from tmpass.base.errors import ModelError, brief
from tmpass.graph.model import ABSENT, Op

from . import option_schema, schema
from .flatbuffer import Table
from .inference.dims import written
from .shapes import Shape, differ

if TYPE_CHECKING:
    from .settle import SubgraphShapes

_Name = tuple[str, str]


class Variables:
    """The shapes of the tensors assigned to each variable, so far in the walk through the operators.

    A handle that a caller passes into a body has no name there. A value read from it has its shape in the file.
    """

    def __init__(self) -> None:
        self._names: dict[tuple[int, int], _Name] = {}
        self._assigned: dict[_Name, list[Shape]] = {}
        self._read: list[tuple[_Name, int, int, str]] = []

    @property
    def handles(self) -> dict[tuple[int, int], str]:
        """The name of the variable for each tensor (subgraph, index) that VAR_HANDLE makes."""
        return {key: "/".join(filter(None, name)) for key, name in sorted(self._names.items())}

    def visit(self, s: int, op: Op, table: Table, shapes: Sequence[Shape | None]) -> list[Shape]:
        """Follow the operator `op` of subgraph `s`, whose kind is in HANDLING.

        Returns:
            The shape of the value that it reads; empty if it reads none, or the shape is unknown.
        """
        if op.kind == "VAR_HANDLE":
            if op.outputs:
                self._names[s, op.outputs[0]] = variable_name(table)
            return []
        name = self._names.get((s, op.inputs[0])) if op.inputs else None
        if name is None:
            return []
        known = self._assigned.setdefault(name, [])
        if op.kind == "ASSIGN_VARIABLE":
            shape = shapes[op.inputs[1]] if len(op.inputs) > 1 and op.inputs[1] != ABSENT else None
            if shape is not None and shape not in known:
                known.append(shape)
            return []
        if op.outputs and op.outputs[0] != ABSENT:
            self._read.append((name, s, op.outputs[0], table.where))
        return known[:1]

    def check(self, bodies: Mapping[int, "SubgraphShapes"]) -> None:
        """Check that every variable that is read keeps its size.

        Raises:
            ModelError: a variable is assigned a tensor of another size.
        """
        for name, s, t, where in self._read:
            shape = bodies[s].true[t]
            for other in self._assigned[name]:
                if shape is not None and _resizes(shape, other):
                    fault = f"variable {brief(name[1])} is read as {written(shape)}, but assigned {written(other)}"
                    hint = "a plan has one size for it: convert the model so that it keeps its size"
                    raise ModelError(fault, where=where, hint=hint)


HANDLING = frozenset(("VAR_HANDLE", "ASSIGN_VARIABLE", "READ_VARIABLE"))
"""The operators that `Variables` follows."""


def _resizes(one: Shape, other: Shape) -> bool:
    """Whether two shapes cannot have the same number of elements."""
    if all(isinstance(dim, int) for dim in (*one, *other)):
        return prod(map(int, one)) != prod(map(int, other))  # a scalar may be bound as one element
    return differ(one, other)


def variable_name(table: Table) -> _Name:
    """The container and the name of the variable of a VAR_HANDLE, as `table` has them."""
    field = option_schema.VarHandleOptions
    options = table.table(schema.Operator.BUILTIN_OPTIONS, "options")
    if options is None or table.scalar(schema.Operator.BUILTIN_OPTIONS_TYPE) != field.NUMBER:
        return "", ""
    return options.string(field.CONTAINER) or "", options.string(field.SHARED_NAME) or ""
