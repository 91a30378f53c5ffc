"""A model with a signature for each of its entries, so that an interpreter can run any of them.

front   Model ── signatures ── "0" ── names ──> tensors of subgraph 0
                               "1" ── ...
old     subgraphs, buffers, metadata, signatures of the file
"""

from collections.abc import Sequence
from struct import Struct

from tmpass.graph.model import Graph

from .. import schema
from ..flatbuffer import root_table
from ..front import Front
from ..mark import put_before
from ..rewrite import copy_table, counting_places

_UINT32 = Struct("<I")


def signed(data: bytes, graph: Graph) -> bytes:
    """Return the file `data`, from which `graph` was read, with a signature for each entry.

    The signature of subgraph n is named "n"; its inputs are "i0", "i1", ..., its outputs "o0", "o1", ...

    Raises:
        ModelError: the file has objects that cannot be kept.
    """
    model = root_table(data, "model")
    subgraphs = model.tables(schema.Model.SUBGRAPHS, "subgraph")
    operators = [list(table.tables(schema.SubGraph.OPERATORS, "operator")) for table in subgraphs]
    places = counting_places(list(model.tables(schema.Model.BUFFERS, "buffer")), operators)
    front = Front(4 * 2)
    root, links = copy_table(front, model, "model", schema.Model, ("SIGNATURE_DEFS",))
    front.link(0, root)
    at, slots = front.vector(len(graph.entries))
    front.link(links[schema.Model.SIGNATURE_DEFS.number], at)
    fields = schema.SignatureDef
    for slot, entry in zip(slots, graph.entries, strict=True):
        subgraph = graph.subgraphs[entry.subgraph]
        at, parts = front.table(
            {fields.SUBGRAPH_INDEX.number: _UINT32.pack(entry.subgraph)},
            dict.fromkeys((fields.INPUTS.number, fields.OUTPUTS.number, fields.SIGNATURE_KEY.number), None),
        )
        front.link(slot, at)
        _link_names(front, parts[fields.INPUTS.number], "i", subgraph.inputs)
        _link_names(front, parts[fields.OUTPUTS.number], "o", subgraph.outputs)
        front.link(parts[fields.SIGNATURE_KEY.number], front.bytes(str(entry.subgraph).encode()))
    return put_before(front, data, places)


def _link_names(front: Front, place: int, letter: str, tensors: Sequence[int]) -> None:
    at, slots = front.vector(len(tensors))
    front.link(place, at)
    for number, (slot, tensor) in enumerate(zip(slots, tensors, strict=True)):
        scalars = {schema.TensorMap.TENSOR_INDEX.number: _UINT32.pack(tensor)}
        at, parts = front.table(scalars, {schema.TensorMap.NAME.number: None})
        front.link(slot, at)
        front.link(parts[schema.TensorMap.NAME.number], front.bytes(f"{letter}{number}".encode()))
