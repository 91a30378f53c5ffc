"""Writing of a plan into a TFLite file: the order of the operators, and the offsets for TensorFlow Lite Micro.

    front   Model ── subgraphs ── SubGraph ── operators ──┐ in the planned order
              │                                           │
              ├── buffers ────────┬── Buffers with offsets, and with the heading of the plan
              └── metadata ── Metadata of both            │
    old     Model, SubGraph, buffers, metadata, operators <┘    every byte as it was

The old Model, and the old tables of reordered SubGraphs, stay in the file, but nothing points to them any more.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from struct import Struct, error, pack

from tmpass.base.errors import ModelError

from . import schema
from .flatbuffer import Field, Scalar, Table, root_table
from .front import Front
from .mark import mark_size, put_in_front, take_off
from .offline import ADDRESSING
from .operators import read_codes

_VERSION = 1
_INSIDE = 1
_UINT32 = Struct("<I")


def apply_plan(
    data: bytes,
    orders: Sequence[Sequence[int]],
    offsets: Sequence[Sequence[int]],
    *,
    keeps_offsets: bool,
    heading: bytes = b"",
) -> bytes:
    """Return the file `data` with a plan in it, which replaces an older one.

    Args:
        data: the bytes of a file.
        orders: for each subgraph, the operators by their index in the original file, in the order in which they run.
        offsets: for each subgraph, the offset of each tensor in bytes, -1 where the runtime places it.
        keeps_offsets: whether the file is for a runtime that places tensors at `offsets`: TensorFlow Lite Micro.
        heading: of the plan; empty for none.

    Raises:
        ModelError: the file contains something that cannot be planned, or that the runtime does not support.
    """
    original = take_off(data)
    data = data if original is None else original
    model = root_table(data, "model")
    tables = list(model.tables(schema.Model.SUBGRAPHS, "subgraph"))
    buffers = list(model.tables(schema.Model.BUFFERS, "buffer"))
    operators = [list(table.tables(schema.SubGraph.OPERATORS, "operator")) for table in tables]
    _check_operators(model)
    places = counting_places(buffers, operators)
    if keeps_offsets:
        _check_weights(model, buffers)
        offsets = _around_variables(tables, offsets)
    front = Front(mark_size(len(places)))
    root, links = copy_table(front, model, "model", schema.Model, ("SUBGRAPHS", "BUFFERS", "METADATA"))
    front.link(0, root)
    _link_subgraphs(front, links[schema.Model.SUBGRAPHS.number], tables, operators, orders)
    names = [schema.OFFLINE_PLAN, *([schema.HEADING] if heading else [])]
    contents = [offline_plan(offsets), *([heading] if heading else [])]
    index = link_buffers(front, links[schema.Model.BUFFERS.number], buffers, contents)
    kept = [
        table
        for table in model.tables(schema.Model.METADATA, "metadata")
        if table.string(schema.Metadata.NAME) not in (schema.OFFLINE_PLAN, schema.HEADING)
    ]
    link_metadata(front, links[schema.Model.METADATA.number], kept, index, names)
    made = front.finish()
    made[4:8] = data[4:8]
    return put_in_front(made, data, places)


def copy_table(
    front: Front, table: Table, kind: str, fields: type, replaced: Iterable[str]
) -> tuple[int, dict[int, int]]:
    """Write a copy of `table` into `front`.

    Args:
        front: the new objects.
        table: the old table.
        kind: its name in errors.
        fields: the class of the schema with its fields.
        replaced: the names of the fields that are linked later, instead of to the old objects.

    Returns:
        The position of the table, and the places of its links.
    """
    if table.fields_above(fields.FIELDS):  # type: ignore[attr-defined]
        fault = f"its {kind} has fields that this version of tmpass does not know, and cannot keep"
        raise ModelError(fault, where=table.where, hint="update tmpass, or convert the model with an older converter")
    scalars: dict[int, bytes] = {}
    links: dict[int, int | None] = {}
    for field in vars(fields).values():
        if isinstance(field, Scalar) and table.has(field):
            scalars[field.number] = field.code.pack(table.scalar(field))
        elif isinstance(field, Field) and table.has(field):
            links[field.number] = table.target(field)
    links |= dict.fromkeys(getattr(fields, name).number for name in replaced)
    return front.table(scalars, links)


def _link_subgraphs(
    front: Front,
    place: int,
    tables: Sequence[Table],
    operators: Sequence[Sequence[Table]],
    orders: Sequence[Sequence[int]],
) -> None:
    at, slots = front.vector(len(tables))
    front.link(place, at)
    for slot, table, own, order in zip(slots, tables, operators, orders, strict=True):
        if list(order) == list(range(len(own))):
            front.link_old(slot, table.position)
            continue
        at, links = copy_table(front, table, "subgraph", schema.SubGraph, ("OPERATORS",))
        front.link(slot, at)
        at, places = front.vector(len(own))
        front.link(links[schema.SubGraph.OPERATORS.number], at)
        for index, op in zip(places, order, strict=True):
            front.link_old(index, own[op].position)


def link_buffers(front: Front, place: int, buffers: Sequence[Table], contents: Sequence[bytes]) -> int:
    """Link the old buffers, and a new one behind them for each of `contents`; return the index of the first new one."""
    index = max(len(buffers), 1)  # buffer 0 has no data by definition: tensors without data name it
    at, slots = front.vector(index + len(contents))
    front.link(place, at)
    for slot, table in zip(slots, buffers, strict=False):
        front.link_old(slot, table.position)
    if not buffers:
        front.link(slots[0], front.table({}, {})[0])
    for slot, content in zip(slots[index:], contents, strict=True):
        at, links = front.table({}, {schema.Buffer.DATA.number: None})
        front.link(slot, at)
        front.link(links[schema.Buffer.DATA.number], front.bytes(content, alignment=16))
    return index


def offline_plan(offsets: Sequence[Sequence[int]]) -> bytes:
    """The content of the offline memory plan for these offsets.

    Raises:
        ModelError: an offset has more than 32 bits.
    """
    words = [word for own in offsets for word in own]
    try:
        return pack(f"<{3 + len(words)}i", _VERSION, len(offsets), len(words), *words)
    except error:
        fault = f"the plan reaches to byte {max(words)}, but offsets in the file have only 32 bits"
        raise ModelError(fault, hint="plan for a smaller memory") from None


def link_metadata(front: Front, place: int, kept: Sequence[Table], buffer: int, names: Sequence[str]) -> None:
    """Link the metadata `kept`, and behind it new entries of these names for the buffers from `buffer` on."""
    at, slots = front.vector(len(kept) + len(names))
    front.link(place, at)
    for slot, table in zip(slots, kept, strict=False):
        front.link_old(slot, table.position)
    for index, (slot, name) in enumerate(zip(slots[len(kept) :], names, strict=True), buffer):
        number = {schema.Metadata.BUFFER.number: _UINT32.pack(index)}
        at, links = front.table(number, {schema.Metadata.NAME.number: None})
        front.link(slot, at)
        front.link(links[schema.Metadata.NAME.number], front.bytes(name.encode()))


def counting_places(buffers: Iterable[Table], operators: Iterable[Iterable[Table]]) -> list[int]:
    """The places of all offsets from the start of the file, which grow by the length of the front."""
    fields = (
        *((table, schema.Buffer.OFFSET) for table in buffers),
        *((table, schema.Operator.LARGE_CUSTOM_OPTIONS_OFFSET) for own in operators for table in own),
    )
    places = sorted({table.place(field) for table, field in fields if table.scalar(field) > _INSIDE})
    if any(later - earlier < 8 for earlier, later in pairwise(places)):
        raise ModelError("two of its offsets from the start of the file overlap", hint="the file is damaged")
    return places


def _check_operators(model: Table) -> None:
    for code in read_codes(model):
        if code.custom and code.name in ADDRESSING:
            fault = f"its operator {code.name!r} has commands with arena addresses, which another compiler chose"
            raise ModelError(fault, hint="plan the model before that compiler, or let that compiler plan")


def _check_weights(model: Table, buffers: Iterable[Table]) -> None:
    outside = any(table.scalar(schema.Buffer.OFFSET) > _INSIDE for table in buffers)
    if outside or model.has(schema.Model.EXTERNAL_BUFFERS):
        fault = "its weights are outside the flatbuffer, where TensorFlow Lite Micro does not find them"
        raise ModelError(fault, hint="convert it with the weights inside, or plan for another target")


def _around_variables(tables: Sequence[Table], offsets: Sequence[Sequence[int]]) -> Sequence[Sequence[int]]:
    """Return `offsets` with -1 for tensors of subgraph 0 that have the index of a variable of a later subgraph.

    TensorFlow Lite Micro looks up the offset of such a variable under this index in subgraph 0, and only allocates the
    variable if it finds none. It places tensors with -1 itself.
    """
    variables = {
        index
        for table in tables[1:]
        for index, tensor in enumerate(table.tables(schema.SubGraph.TENSORS, "tensor"))
        if tensor.scalar(schema.Tensor.IS_VARIABLE)
    }
    if not variables or not offsets:
        return offsets
    return [[-1 if t in variables else offset for t, offset in enumerate(offsets[0])], *offsets[1:]]
