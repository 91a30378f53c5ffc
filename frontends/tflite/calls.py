"""Calls: the operators that run other subgraphs, and the fields of their options that name these."""

from struct import Struct

from tmpass.base.errors import ModelError
from tmpass.base.record import record
from tmpass.graph.model import Call

from . import schema
from .flatbuffer import Field, Scalar, Table

_INT32, _UINT32 = Struct("<i"), Struct("<I")


@record
class Options:
    """The options table of an operator that calls subgraphs.

    Fields:
        name: in the schema.
        number: in the union BuiltinOptions.
        callees: the fields with a subgraph index, or a vector of them, each with the role of the subgraph.
        repeats: whether a subgraph may run many times.
        second: whether `number` is in the union BuiltinOptions2.
        once: whether a subgraph runs only for the first operator that calls it.
    """

    name: str
    number: int
    callees: tuple[tuple[Scalar | Field, str], ...]
    second: bool = False
    repeats: bool = False
    once: bool = False


def _index(number: int, name: str) -> Scalar:
    return Scalar(number, name + "_subgraph_index", _INT32)


_LOOP = ((_index(0, "cond"), "cond"), (_index(1, "body"), "body"))

CALLING: dict[str, Options] = {
    "IF": Options("IfOptions", 92, ((_index(0, "then"), "then"), (_index(1, "else"), "else"))),
    "WHILE": Options("WhileOptions", 93, _LOOP, repeats=True),
    "CALL_ONCE": Options("CallOnceOptions", 103, ((_index(0, "init"), "init"),), once=True),
    "CALL": Options("CallOptions", 16, ((Scalar(0, "subgraph", _UINT32), "call"),)),
    "STABLEHLO_COMPOSITE": Options(
        "StableHLOCompositeOptions", 21, ((_index(1, "decomposition"), "decomposition"),), second=True
    ),
    "STABLEHLO_WHILE": Options("StablehloWhileOptions", 15, _LOOP, second=True, repeats=True),
    "STABLEHLO_CASE": Options(
        "StablehloCaseOptions", 23, ((Field(0, "branch_subgraph_indices"), "branch"),), second=True
    ),
    "STABLEHLO_REDUCE": Options("StablehloReduceOptions", 6, ((_index(1, "body"), "body"),), second=True, repeats=True),
    "STABLEHLO_SCATTER": Options(
        "StablehloScatterOptions",
        7,
        ((_index(6, "update_computation"), "update"),),
        second=True,
        repeats=True,
    ),
    "STABLEHLO_REDUCE_WINDOW": Options(
        "StablehloReduceWindowOptions", 13, ((_index(5, "body"), "body"),), second=True, repeats=True
    ),
    "STABLEHLO_SORT": Options(
        "StablehloSortOptions", 14, ((_index(2, "comparator"), "comparator"),), second=True, repeats=True
    ),
    "STABLEHLO_CUSTOM_CALL": Options(
        "StablehloCustomCallOptions",
        5,
        ((Field(4, "called_computations"), "computation"),),
        second=True,
        repeats=True,
    ),
}
"""The options of every operator that runs subgraphs, by its name."""


def read_calls(operator: Table, kind: str, subgraphs: int) -> tuple[Call, ...]:
    """Read the calls of an operator.

    Args:
        operator: its table.
        kind: its kind, one of CALLING.
        subgraphs: the number of subgraphs in the model.

    Raises:
        ModelError: its options are absent or have another type, or name a subgraph that does not exist.
    """
    options = CALLING[kind]
    if options.second:
        type_field, field = schema.Operator.BUILTIN_OPTIONS_2_TYPE, schema.Operator.BUILTIN_OPTIONS_2
    else:
        type_field, field = schema.Operator.BUILTIN_OPTIONS_TYPE, schema.Operator.BUILTIN_OPTIONS
    number, table = operator.scalar(type_field), operator.table(field, "options")
    if table is None or number != options.number:
        found = "none" if table is None else f"options of type {number}"
        fault = f"{kind} needs {options.name} (type {options.number}), but has {found}"
        raise ModelError(fault, where=operator.where, hint="convert the model again")
    calls = []
    for callee, role in options.callees:
        many = isinstance(callee, Field)
        indices = (table.integers(callee) or ()) if isinstance(callee, Field) else (table.scalar(callee),)
        for position, index in enumerate(indices):
            if not 0 <= index < subgraphs:
                fault = f"{kind} names subgraph {index} as its {role}, but the file has {subgraphs} subgraphs"
                raise ModelError(fault, where=operator.where, hint="convert the model again")
            name = f"{role} {position}" if many else role
            calls.append(Call(index, name, options.repeats, options.once))
    return tuple(calls)
