"""Models with a single operator, cut out of a model, to run it or to measure what an interpreter needs for it.

front   Model ── SubGraph ──┬── tensors ───> only those of the operator, with new indices
                            └── operators ── Operator with these indices
old     ... constants, options, operator codes, where they were
"""

from math import prod
from struct import pack

from tmpass.base.dtypes import packed_bytes
from tmpass.base.errors import ModelError
from tmpass.base.record import record
from tmpass.graph.model import ABSENT, Graph, Tensor, TensorKind

from . import schema
from .flatbuffer import Table, root_table
from .front import Front
from .mark import put_before
from .rewrite import copy_table, counting_places, link_buffers, link_metadata, offline_plan

_ROUNDING = 16
_INDICES = (schema.Operator.INPUTS, schema.Operator.OUTPUTS, schema.Operator.INTERMEDIATES)


@record
class SingleOperator:
    """A model with one operator.

    Fields:
        data: the bytes of its file.
        packed: the tensors are one after the other in the first `packed` bytes of the arena.
    """

    data: bytes
    packed: int


class Operators:
    """The operators of the file `data`, from which `graph` was read."""

    def __init__(self, data: bytes, graph: Graph) -> None:
        self._data, self._graph = data, graph
        self._model = root_table(data, "model")
        self._buffers = list(self._model.tables(schema.Model.BUFFERS, "buffer"))
        subgraphs = list(self._model.tables(schema.Model.SUBGRAPHS, "subgraph"))
        self._tensors = [list(table.tables(schema.SubGraph.TENSORS, "tensor")) for table in subgraphs]
        self._operators = [list(table.tables(schema.SubGraph.OPERATORS, "operator")) for table in subgraphs]
        self._places = counting_places(self._buffers, self._operators)

    def cut_out(self, s: int, op: int) -> SingleOperator:
        """Return a model with only operator `op` of subgraph `s`, whose tensors are packed one after the other.

        Raises:
            ModelError: the size of a tensor is not known.
        """
        known, used = self._graph.subgraphs[s], self._used(s, op)
        offsets, packed = list[int](), 0
        for t in used:
            tensor = known.tensors[t]
            placed = tensor.kind is TensorKind.ACTIVATION
            offsets.append(packed if placed else ABSENT)
            packed += -(-_size(self._tensors[s][t], tensor) // _ROUNDING) * _ROUNDING if placed else 0
        return SingleOperator(self._cut(s, op, used, offsets), packed)

    def alone(self, s: int, op: int) -> tuple[bytes, dict[int, int]]:
        """Return a model with only operator `op` of subgraph `s`, and the index in it of each of its tensors."""
        used = self._used(s, op)
        return self._cut(s, op, used, None), {t: number for number, t in enumerate(used)}

    def _used(self, s: int, op: int) -> list[int]:
        table = self._operators[s][op]
        return [t for t in dict.fromkeys(i for field in _INDICES for i in table.integers(field) or ()) if t != ABSENT]

    def _cut(self, s: int, op: int, used: list[int], offsets: list[int] | None) -> bytes:
        """A file with only that operator and the tensors `used`, with a plan of their `offsets` if there are any."""
        known, table = self._graph.subgraphs[s], self._operators[s][op]
        index = {t: number for number, t in enumerate(used)} | {ABSENT: ABSENT}
        front = Front(4 * 2)
        dropped = ("SUBGRAPHS", "BUFFERS", "METADATA", "SIGNATURE_DEFS", "METADATA_BUFFER")
        root, links = copy_table(front, self._model, "model", schema.Model, dropped)
        front.link(0, root)
        at, (slot,) = front.vector(1)
        front.link(links[schema.Model.SUBGRAPHS.number], at)
        reads, writes = ([index[t] for t in table.integers(field) or ()] for field in (_INDICES[0], _INDICES[1]))
        variable = {index[t] for t in used if known.tensors[t].kind is not TensorKind.ACTIVATION}
        fields = (schema.SubGraph.TENSORS, schema.SubGraph.INPUTS, schema.SubGraph.OUTPUTS, schema.SubGraph.OPERATORS)
        at, parts = front.table({}, dict.fromkeys((field.number for field in fields), None))
        front.link(slot, at)
        at, slots = front.vector(len(used))
        front.link(parts[schema.SubGraph.TENSORS.number], at)
        for slot, t in zip(slots, used, strict=True):
            front.link_old(slot, self._tensors[s][t].position)
        given = [t for t in dict.fromkeys(reads) if t != ABSENT and t not in variable and t not in writes]
        made = [t for t in writes if t != ABSENT and t not in variable]
        front.link(parts[schema.SubGraph.INPUTS.number], _integers(front, given))
        front.link(parts[schema.SubGraph.OUTPUTS.number], _integers(front, made))
        at, (slot,) = front.vector(1)
        front.link(parts[schema.SubGraph.OPERATORS.number], at)
        self._link_operator(front, slot, table, index)
        for field in (schema.Model.SIGNATURE_DEFS, schema.Model.METADATA_BUFFER):
            front.link(links[field.number], front.vector(0)[0])  # empty: they would name tensors that are not here
        content = offline_plan([offsets or []])
        buffer = link_buffers(front, links[schema.Model.BUFFERS.number], self._buffers, [content])
        if offsets is not None:
            link_metadata(front, links[schema.Model.METADATA.number], [], buffer, [schema.OFFLINE_PLAN])
        else:
            front.link(links[schema.Model.METADATA.number], front.vector(0)[0])
        return put_before(front, self._data, self._places)

    @staticmethod
    def _link_operator(front: Front, slot: int, table: Table, index: dict[int, int]) -> None:
        names = ("INPUTS", "OUTPUTS", "INTERMEDIATES")
        at, links = copy_table(front, table, "operator", schema.Operator, names)
        front.link(slot, at)
        for field in _INDICES:
            front.link(links[field.number], _integers(front, [index[t] for t in table.integers(field) or ()]))


def _size(table: Table, tensor: Tensor) -> int:
    """The bytes that TensorFlow Lite Micro allocates for a tensor: it takes the shape in the file, without bindings.

    Raises:
        ModelError: the file does not say its size.
    """
    shape = table.integers(schema.Tensor.SHAPE) or ()
    if tensor.dtype.bits is None or min(shape, default=0) < 0:
        raise ModelError(f"the size of tensor {tensor.name!r} is not known")
    return packed_bytes(prod(shape), tensor.dtype.bits)


def _integers(front: Front, values: list[int]) -> int:
    return front.bytes(pack(f"<{len(values)}i", *values), width=4)
