"""Removal of a plan from a file."""

from collections.abc import Sequence
from hashlib import sha256

from . import schema
from .inlined import before_inlining
from .wire import Field, fields, write_bytes, write_number

_METADATA = {
    schema.GRAPH_NODE: schema.NODE_METADATA,
    **dict.fromkeys((schema.GRAPH_INPUT, schema.GRAPH_OUTPUT, schema.GRAPH_VALUE), schema.VALUE_METADATA),
}


def strip(data: bytes) -> bytes | None:
    """Return the original of a planned file, or None if there is no plan in the file `data`.

    If another program has changed the file since, its changes and the order of the nodes stay: only what tmpass added
    is removed.

    Raises:
        ModelError: the file is damaged.
    """
    entries = _entries(data)
    if schema.PLAN not in entries:
        return None
    version, _, digest = entries.get(schema.ORIGINAL, b"").decode("ascii", "replace").partition(" ")
    if version.isdigit() and len(version) < 10:
        found = before_inlining(_Stripper(data, int(version)).model(), exactly=True)
        if sha256(found).hexdigest() == digest:
            return found
    return before_inlining(_Stripper(data, None).model(), exactly=False)


def plan_in(data: bytes) -> str | None:
    """Return the plan in the file `data` as JSON, or None for a file without a plan.

    Raises:
        ModelError: the file is damaged.
    """
    found = _entries(data).get(schema.PLAN)
    return None if found is None else found.decode("utf-8", "replace")


def _entries(data: bytes) -> dict[bytes, bytes]:
    """The metadata of a model; empty without looking for it where no plan can be among it."""
    if schema.PLAN not in data:
        return {}
    return dict(_entry(data, f) for f in fields(data, 0, len(data)) if f.number == schema.MODEL_METADATA)


class _Stripper:
    """Writes one file without its plan.

    Args:
        data: the planned file.
        version: the IR version of the original, to restore it exactly; None to keep version, order and inputs.
    """

    def __init__(self, data: bytes, version: int | None) -> None:
        self.data, self.version = data, version

    def model(self) -> bytes:
        parts = []
        for f in fields(self.data, 0, len(self.data)):
            if f.number == schema.MODEL_GRAPH:
                parts.append(self.graph(f))
            elif f.number == schema.MODEL_IR and self.version is not None and self.version < schema.METADATA_IR:
                parts.append(write_number(schema.MODEL_IR, self.version))
            elif f.number != schema.MODEL_METADATA or not self.is_ours(f):
                parts.append(self.data[f.start : f.end])
        return b"".join(parts)

    def graph(self, field: Field) -> bytes:
        if not self.may_hold_plan(field):
            return self.data[field.start : field.end]
        parts: list[bytes] = []
        nodes: list[bytes] = []
        places: list[int] = []
        order: Sequence[int] = ()
        for f in fields(self.data, field.value, field.end):
            if f.number == schema.GRAPH_NODE:
                places.append(len(parts))
                nodes.append(self.part(f))
                parts.append(b"")
            elif f.number in _METADATA:
                parts.append(self.part(f))
            elif f.number == schema.GRAPH_METADATA and self.is_ours(f):
                key, value = _entry(self.data, f)
                order = _numbers(value) if key == schema.ORDER and self.version is not None else order
            else:
                parts.append(self.data[f.start : f.end])
        if sorted(order) == list(range(len(nodes))):
            back = dict(zip(order, nodes, strict=True))
            nodes = [back[index] for index in range(len(nodes))]
        for place, node in zip(places, nodes, strict=True):
            parts[place] = node
        return write_bytes(field.number, b"".join(parts))

    def part(self, field: Field) -> bytes:
        """Return a node or a value without its entries of the plan; empty if the whole value was added."""
        if not self.may_hold_plan(field):
            return self.data[field.start : field.end]
        parts, number = [], field.number
        for f in fields(self.data, field.value, field.end):
            if f.number == _METADATA[field.number] and self.is_ours(f):
                key, _ = _entry(self.data, f)
                if key == schema.ADDED:
                    return b""
                if key == schema.INPUT and self.version is not None:
                    number = schema.GRAPH_INPUT
            elif field.number == schema.GRAPH_NODE and f.number == schema.NODE_ATTRIBUTE and self.may_hold_plan(f):
                parts.append(self.attribute(f))
            else:
                parts.append(self.data[f.start : f.end])
        return write_bytes(number, b"".join(parts))

    def attribute(self, field: Field) -> bytes:
        parts = [
            self.graph(f)
            if f.number in (schema.ATTRIBUTE_GRAPH, schema.ATTRIBUTE_GRAPHS)
            else self.data[f.start : f.end]
            for f in fields(self.data, field.value, field.end)
        ]
        return write_bytes(schema.NODE_ATTRIBUTE, b"".join(parts))

    def may_hold_plan(self, field: Field) -> bool:
        """Whether a field may hold a part of the plan. Any other field keeps its bytes, however they are encoded."""
        return self.data.find(schema.PREFIX, field.value, field.end) >= 0

    def is_ours(self, field: Field) -> bool:
        key = _entry(self.data, field)[0]
        return key.startswith(schema.PREFIX) and key not in (schema.NODES, schema.IMPORTS, schema.SPLIT)


def _entry(data: bytes, field: Field) -> tuple[bytes, bytes]:
    """The key and the value of an entry of metadata."""
    found = {f.number: data[f.value : f.end] for f in fields(data, field.value, field.end)}
    return found.get(schema.ENTRY_KEY, b""), found.get(schema.ENTRY_VALUE, b"")


def _numbers(text: bytes) -> list[int]:
    words = text.split()
    return [int(word) for word in words] if all(word.isdigit() and len(word) < 10 for word in words) else []
