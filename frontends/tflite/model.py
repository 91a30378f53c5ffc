"""Reads a whole TFLite file into a graph."""

from collections.abc import Mapping
from dataclasses import dataclass

from tmpass.errors import ModelError
from tmpass.graph import Graph, Op, Subgraph, Tensor, TensorKind

from . import IDENTIFIER, NAME, schema
from .buffers import Buffers
from .dataflow import check_reads, find_writers
from .entries import make_entries, read_signatures
from .flatbuffer import DAMAGED, Field, Table, root_table
from .operators import Code, read_codes, read_operators
from .passing import check_passing
from .shapes import Shapes
from .tensors import Declared, kinds, read_tensors

_LFS_POINTER = b"version https://git-lfs"


@dataclass(frozen=True, slots=True)
class _Read:
    """A subgraph before its shapes are settled, which takes a look at all subgraphs."""

    name: str
    tensors: list[Declared]
    kinds: list[TensorKind]
    ops: tuple[Op, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_model(data: bytes, bindings: Mapping[str, int]) -> Graph:
    """Read the graph in the file `data`, every subgraph, tensor and operator at its index in the file.

    Raises:
        ModelError: the file is damaged, or breaks a law of the format.
        UsageError: a binding is negative.
    """
    _check_header(data)
    model = root_table(data, "model")
    version = model.scalar(schema.Model.VERSION)
    if version != schema.VERSION:
        fault = f"the schema version is {version}, and only {schema.VERSION} is known"
        raise ModelError(fault, where=model.where, hint="convert the model again")
    buffers = Buffers(model, data)
    codes = read_codes(model)
    tables = list(model.tables(schema.Model.SUBGRAPHS, "subgraph"))
    read = [_read_subgraph(table, buffers, codes, len(tables)) for table in tables]
    modern = any(tensor.has_rank for subgraph in read for tensor in subgraph.tensors)
    shapes = Shapes(bindings, modern=modern, file_size=len(data))
    subgraphs = tuple(_finish(subgraph, shapes) for subgraph in read)
    shapes.check_bindings()
    check_passing(subgraphs, [subgraph.tensors for subgraph in read])
    metadata = {
        table.string(schema.Metadata.NAME) or "": buffers.content(table.scalar(schema.Metadata.BUFFER), table)
        for table in model.tables(schema.Model.METADATA, "metadata")
    }
    warning = "the file already holds an offline memory plan; tmpass ignores it"
    return Graph(
        format=NAME,
        subgraphs=subgraphs,
        entries=make_entries(subgraphs, read_signatures(model, subgraphs)),
        metadata=metadata,
        symbols=tuple(shapes.symbols),
        warnings=(warning,) if schema.OFFLINE_PLAN in metadata else (),
    )


def _check_header(data: bytes) -> None:
    if not data:
        raise ModelError("the file is empty", hint="fetch or convert the model again")
    if data.startswith(_LFS_POINTER):
        fault = "the file is a pointer of Git LFS, not the model itself"
        raise ModelError(fault, hint="fetch the model with: git lfs pull")
    if data[4:8] != IDENTIFIER:
        found = repr(data[4:8])[1:]
        hint = "give a .tflite file" if len(data) >= 8 else DAMAGED
        raise ModelError(f"not a TFLite file: bytes 4..8 are {found}, not {IDENTIFIER.decode()!r}", hint=hint)


def _read_subgraph(table: Table, buffers: Buffers, codes: list[Code], subgraphs: int) -> _Read:
    tensors = read_tensors(table, buffers)
    inputs = _boundary(table, schema.SubGraph.INPUTS, len(tensors))
    outputs = _boundary(table, schema.SubGraph.OUTPUTS, len(tensors))
    ops = read_operators(table, codes, tensors, buffers, subgraphs)
    writers = find_writers(ops, tensors, inputs, table.where)
    made = {*writers, *(temporary for op in ops for temporary in op.temporaries)}
    tensor_kinds = kinds(tensors, inputs, made, table.where)
    check_reads(ops, tensors, tensor_kinds, inputs, writers, table.where)
    name = table.string(schema.SubGraph.NAME) or (f"subgraph {table.index}" if table.index else "main")
    return _Read(name, tensors, tensor_kinds, ops, inputs, outputs)


def _boundary(subgraph: Table, field: Field, tensors: int) -> tuple[int, ...]:
    indices = subgraph.integers(field) or ()
    for position, index in enumerate(indices):
        if not 0 <= index < tensors:
            fault = f"entry {position} of its {field.name} is tensor {index}, but it has {tensors} tensors"
            raise ModelError(fault, where=subgraph.where, hint=DAMAGED)
    return indices


def _finish(read: _Read, shapes: Shapes) -> Subgraph:
    tensors = tuple(
        Tensor(tensor.name, tensor.dtype, shapes.shape(tensor, kind), kind)
        for tensor, kind in zip(read.tensors, read.kinds, strict=True)
    )
    return Subgraph(read.name, tensors, read.ops, read.inputs, read.outputs)
