"""Operators of a subgraph: their kinds, inputs, outputs and calls."""

from tmpass.base.errors import ModelError
from tmpass.base.record import maker, record
from tmpass.graph.model import ABSENT, Op

from . import schema
from .calls import CALLING, read_calls
from .elementwise import ELEMENTWISE
from .flatbuffer import DAMAGED, Field, Table
from .operator_names import CUSTOM, operator_name
from .options import beta_of, options_of
from .tensors import Declared

RANDOM = frozenset(("MULTINOMIAL", "RANDOM_STANDARD_NORMAL", "RANDOM_UNIFORM"))
"""Operators that draw random numbers."""

RESOURCE = frozenset(
    ("ASSIGN_VARIABLE", "CALL_ONCE", "HASHTABLE", "HASHTABLE_FIND", "HASHTABLE_IMPORT", "HASHTABLE_SIZE",
     "READ_VARIABLE", "VAR_HANDLE")
)  # fmt: skip
"""Operators that touch resources. Their handles need not have the type resource: some files declare int32."""


@record
class Code:
    """An entry of the model's list of operator codes.

    Fields:
        name: of the operator.
        custom: whether the name is in the file only.
        elementwise: whether the operators with one output are element-wise.
        random: whether they draw random numbers.
        resource: whether they touch resources.
        calls: whether they may run other subgraphs.
    """

    name: str
    custom: bool
    elementwise: bool
    random: bool
    resource: bool
    calls: bool


def read_codes(model: Table) -> list[Code]:
    """Read the list of operator codes, to which the operators of all subgraphs refer by index.

    Raises:
        ModelError: a code is negative, or a custom operator has no name.
    """
    codes = []
    for table in model.tables(schema.Model.OPERATOR_CODES, "operator code"):
        old = table.scalar(schema.OperatorCode.DEPRECATED_BUILTIN_CODE)
        code = max(old, table.scalar(schema.OperatorCode.BUILTIN_CODE))
        if code < 0:
            raise ModelError(f"names built-in operator {code}", where=table.where, hint=DAMAGED)
        name = operator_name(code) if code != CUSTOM else table.string(schema.OperatorCode.CUSTOM_CODE)
        if not name:
            raise ModelError("a custom operator has no name", where=table.where, hint="convert the model again")
        codes.append(_code(name, custom=code == CUSTOM))
    return codes


def _code(name: str, *, custom: bool) -> Code:
    if custom:
        return Code(name, custom, elementwise=False, random=False, resource=False, calls=False)
    return Code(name, custom, name in ELEMENTWISE, name in RANDOM, name in RESOURCE, name in CALLING)


def read_operators(
    subgraph: Table, codes: list[Code], tensors: list[Declared], subgraphs: int
) -> tuple[tuple[Op, ...], list[Table]]:
    """Read the operators of a subgraph.

    An operator has no name in the file: it gets the name of its first output. `Op.moves` is not set yet, since it
    depends on the shapes of the graph.

    Args:
        subgraph: its table.
        codes: the operator codes of the model.
        tensors: of the subgraph.
        subgraphs: the number of subgraphs in the model.

    Returns:
        The operators, and the table of each.

    Raises:
        ModelError: an operator names a tensor, subgraph or operator code that does not exist.
    """
    field, made = schema.Operator, maker(Op)
    ops, read, count = [], [], len(tensors)
    for table in subgraph.tables(schema.SubGraph.OPERATORS, "operator"):
        number = table.scalar(field.OPCODE_INDEX)
        if number >= len(codes):
            fault = f"names operator code {number}, but the file has {len(codes)} codes"
            raise ModelError(fault, where=table.where, hint=DAMAGED)
        code = codes[number]
        inputs = _indices(table, field.INPUTS, code, count)
        outputs = _indices(table, field.OUTPUTS, code, count)
        temporaries = _indices(table, field.INTERMEDIATES, code, count)
        named = outputs and outputs[0] != ABSENT
        read.append(table)
        ops.append(
            made(
                kind=code.name,
                name=tensors[outputs[0]].name if named else f"{code.name}_{table.index}",
                inputs=inputs,
                outputs=outputs,
                temporaries=tuple(t for t in temporaries if t != ABSENT) if temporaries else (),
                calls=read_calls(table, code.name, subgraphs) if code.calls else (),
                elementwise=code.elementwise and len(outputs) == 1,
                random=code.random,
                resource=code.resource,
                custom=code.custom,
                options=options_of(table, code.name, custom=code.custom),
                beta=1.0 if code.custom else beta_of(table, code.name),
            )
        )
    return tuple(ops), read


def _indices(table: Table, field: Field, code: Code, tensors: int) -> tuple[int, ...]:
    indices = table.integers(field)
    if not indices:
        return ()
    if min(indices) < ABSENT or max(indices) >= tensors:
        position, wrong = next((p, t) for p, t in enumerate(indices) if not ABSENT <= t < tensors)
        fault = f"{code.name} names tensor {wrong} as entry {position} of its {field.name}"
        raise ModelError(f"{fault}, but the subgraph has {tensors} tensors", where=table.where, hint=DAMAGED)
    return indices
