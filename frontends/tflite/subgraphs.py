"""Subgraphs as they are in the file, before their shapes are settled."""

from tmpass.base.errors import ModelError, brief
from tmpass.base.record import record
from tmpass.graph.model import Op, TensorKind

from . import schema
from .buffers import Buffers
from .dataflow import check_reads, find_writers
from .flatbuffer import DAMAGED, Field, Table
from .operators import Code, read_operators
from .tensors import Declared, kinds, read_tensors


@record
class ReadSubgraph:
    """A subgraph of the file; `tables` are the tables of its operators."""

    name: str
    tensors: list[Declared]
    kinds: list[TensorKind]
    ops: tuple[Op, ...]
    tables: list[Table]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_subgraph(table: Table, buffers: Buffers, codes: list[Code], subgraphs: int) -> ReadSubgraph:
    """Read the subgraph `table` in a model with `subgraphs` subgraphs.

    Raises:
        ModelError: it is damaged, or breaks a rule of the format.
    """
    tensors = read_tensors(table, buffers)
    inputs = _boundary(table, schema.SubGraph.INPUTS, len(tensors))
    outputs = _boundary(table, schema.SubGraph.OUTPUTS, len(tensors))
    ops, tables = read_operators(table, codes, tensors, subgraphs)
    writers = find_writers(ops, tensors, inputs, table.where)
    made = {*writers, *(temporary for op in ops for temporary in op.temporaries)}
    tensor_kinds = kinds(tensors, inputs, made, table.where)
    check_reads(ops, tensors, tensor_kinds, inputs, writers, table.where)
    _check_untouched(tensors, {*inputs, *outputs, *made, *(t for op in ops for t in op.inputs)})
    name = table.string(schema.SubGraph.NAME) or (f"subgraph {table.index}" if table.index else "main")
    return ReadSubgraph(name, tensors, tensor_kinds, ops, tables, inputs, outputs)


def _check_untouched(tensors: list[Declared], touched: set[int]) -> None:
    """Check that each unused tensor has a valid shape, since interpreters check all tensors when they load a file."""
    for index, tensor in enumerate(tensors):
        if tensor.shape and index not in touched and min(tensor.shape) < 0:
            fault = f"{brief(tensor.name)} has {min(tensor.shape)} in its shape, and nothing says what this means"
            raise ModelError(fault, where=tensor.table.where, hint="convert the model again")


def _boundary(subgraph: Table, field: Field, tensors: int) -> tuple[int, ...]:
    indices = subgraph.integers(field) or ()
    for position, index in enumerate(indices):
        if not 0 <= index < tensors:
            fault = f"entry {position} of its {field.name} is tensor {index}, but it has {tensors} tensors"
            raise ModelError(fault, where=subgraph.where, hint=DAMAGED)
    return indices
