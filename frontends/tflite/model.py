"""Reading of a whole TFLite file into a graph."""

from collections.abc import Mapping
from dataclasses import replace

from tmpass.base.errors import ModelError
from tmpass.base.record import maker
from tmpass.graph.model import Graph, Op, Subgraph, Tensor

from . import schema
from .buffers import Buffers
from .entries import make_entries, read_signatures
from .flatbuffer import DAMAGED, Table, root_table
from .identity import IDENTIFIER, NAME
from .moves import MOVING, read_moves
from .offline import find_fixed
from .operators import read_codes
from .passing import check_counts
from .resized import find_resized
from .settle import Settling, SubgraphShapes
from .shapes import Shapes
from .stored import find_stored
from .subgraphs import ReadSubgraph, read_subgraph

_LFS_POINTER = b"version https://git-lfs"


def read_model(data: bytes, bindings: Mapping[str, int], *, batches: bool = False) -> Graph:
    """Read the graph in the file `data`, with every subgraph, tensor and operator at its index in the file.

    With `batches`, open batches of inputs that are not bound have the number in the file.

    Raises:
        ModelError: the file is damaged, or breaks a rule of the format.
        UsageError: a binding is negative.
    """
    _check_header(data)
    model = root_table(data, "model")
    version = model.scalar(schema.Model.VERSION)
    if version != schema.VERSION:
        fault = f"the schema version is {version}, but only {schema.VERSION} is known"
        raise ModelError(fault, where=model.where, hint="convert the model again")
    buffers = Buffers(model, data)
    codes = read_codes(model)
    tables = list(model.tables(schema.Model.SUBGRAPHS, "subgraph"))
    read = [read_subgraph(table, buffers, codes, len(tables)) for table in tables]
    check_counts(read)
    shapes = Shapes(bindings, file_size=len(data))
    settling = Settling(read, buffers, shapes, batches=batches)
    shapes.check_bindings()
    bodies = settling.bodies
    subgraphs = tuple(_finish(subgraph, body, buffers) for subgraph, body in zip(read, bodies, strict=True))
    metadata = {
        table.string(schema.Metadata.NAME) or "": buffers.content(table.scalar(schema.Metadata.BUFFER), table)
        for table in model.tables(schema.Model.METADATA, "metadata")
    }
    fixed, notes = find_fixed(subgraphs, metadata)
    return Graph(
        format=NAME,
        subgraphs=subgraphs,
        entries=make_entries(subgraphs, read_signatures(model, subgraphs)),
        metadata=metadata,
        symbols=tuple(shapes.symbols),
        other_symbols=tuple(symbol for symbol in shapes.other_symbols if symbol not in shapes.symbols),
        warnings=(*notes, *settling.warnings),
        causes=settling.causes,
        resized=find_resized(read, bodies),
        batches=settling.batches,
        fixed=fixed,
        stored=find_stored(read, buffers),
        handles=settling.handles,
    )


def _check_header(data: bytes) -> None:
    if not data:
        raise ModelError("the file is empty", hint="fetch or convert the model again")
    if data.startswith(_LFS_POINTER):
        fault = "the file is a Git LFS pointer, not the model itself"
        raise ModelError(fault, hint="fetch the model with: git lfs pull")
    if data[4:8] != IDENTIFIER:
        found = repr(data[4:8])[1:]
        hint = "give a .tflite file" if len(data) >= 8 else DAMAGED
        raise ModelError(f"not a TFLite file: bytes 4..8 are {found}, not {IDENTIFIER.decode()!r}", hint=hint)


def _finish(read: ReadSubgraph, body: SubgraphShapes, buffers: Buffers) -> Subgraph:
    made = maker(Tensor)
    tensors = tuple(
        [
            made(declared.name, declared.dtype, shape, kind, None, *declared.scaling)
            for declared, shape, kind in zip(read.tensors, body.planned, read.kinds, strict=True)
        ]
    )
    ops = tuple(
        _with_moves(op, table, read, body, buffers) if op.kind in MOVING or body.disputed else op
        for op, table in zip(read.ops, read.tables, strict=True)
    )
    return Subgraph(read.name, tensors, ops, read.inputs, read.outputs)


def _with_moves(op: Op, table: Table, read: ReadSubgraph, body: SubgraphShapes, buffers: Buffers) -> Op:
    """Return `op` with the bytes that it only passes on."""
    if not body.disputed.isdisjoint((*op.inputs, *op.outputs)):
        return replace(op, elementwise=False)  # its size is in dispute, and storage of its own is right for both sizes
    if op.custom or op.kind not in MOVING:
        return op
    moves = read_moves(table, op.kind, op.inputs, op.outputs, read.tensors, body.planned, buffers)
    return replace(op, moves=moves) if moves is not None else op
