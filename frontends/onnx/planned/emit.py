"""Writing of a plan into a file."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

from tmpass.base.errors import ModelError

from ...isolate import call_apart
from . import schema
from .inlined import has_functions, inline_file
from .layout import GraphLayout
from .strip import strip
from .wire import VARINT, Field, fields, read_varint, write_bytes, write_number


def emit(
    data: bytes,
    orders: Sequence[Sequence[int]],
    offsets: Sequence[Sequence[int]],
    plan_json: str,
    bindings: Mapping[str, int] | None = None,
) -> bytes:
    """Return the file `data` with a plan in it, which replaces an older one.

    Args:
        data: the bytes of a file.
        orders: for each subgraph that `load` makes of it, the operators in the order in which they run.
        offsets: for each subgraph, the offset of each tensor in bytes, -1 for a tensor without one.
        plan_json: the whole plan, for readers that need more than order and offsets.
        bindings: the bindings that `load` was given.

    Raises:
        ModelError: the file cannot be read, or cannot hold a plan.
    """
    original = strip(data)
    data = data if original is None else original
    moved = any(list(order) != sorted(order) for order in orders)
    written = call_apart(inline_file, data) if moved and has_functions(data) else data
    layouts = call_apart(_find, written, bindings or {}, orders, offsets)
    made = _Writer(written, layouts, sha256(data).hexdigest()).model(plan_json)
    if strip(made) != data:
        raise ModelError(
            "its bytes could not be restored from a planned file",
            hint="load it with onnx and save it again",
        )
    return made


def _find(*arguments: object) -> dict[int, GraphLayout]:
    from .find_layouts import find_layouts  # it imports onnx, which only the child needs

    return find_layouts(*arguments)  # type: ignore[arg-type]


class _Writer:
    """Writes one file with a plan in it. Graphs are counted as scopes are: each before those inside it.

    Args:
        data: the file, with its local functions inlined where the plan needs that.
        layouts: by the number of a graph.
        original: the SHA-256 of the original file.
    """

    def __init__(self, data: bytes, layouts: Mapping[int, GraphLayout], original: str) -> None:
        self.data, self.layouts, self.original, self.count = data, layouts, original, 0

    def model(self, plan_json: str) -> bytes:
        data = self.data
        found = list(fields(data, 0, len(data)))
        graph, version = _only(found, schema.MODEL_GRAPH, "graph"), _version(found)
        old = read_varint(data, version.value, version.end)[0] if version.kind == VARINT else 0
        if old < 3:
            raise ModelError(f"it has IR version {old}, which cannot hold a plan", hint="save it as a newer version")
        parts = []
        for f in found:
            if f is graph:
                parts.append(write_bytes(schema.MODEL_GRAPH, self.graph(f.value, f.end)))
            elif f is version and old < schema.METADATA_IR:
                parts.append(write_number(schema.MODEL_IR, schema.METADATA_IR))
            else:
                parts.append(data[f.start : f.end])
        parts.append(_entry(schema.MODEL_METADATA, schema.PLAN, plan_json))
        parts.append(_entry(schema.MODEL_METADATA, schema.ORIGINAL, f"{old} {self.original}"))
        return b"".join(parts)

    def graph(self, start: int, end: int) -> bytes:
        layout = self.layouts.get(self.count, GraphLayout())
        self.count += 1
        parts: list[bytes] = []
        nodes: list[bytes] = []
        places: list[int] = []
        for f in fields(self.data, start, end):
            if f.number == schema.GRAPH_NODE:
                places.append(len(parts))
                nodes.append(self.node(f, len(nodes), layout))
                parts.append(b"")
            elif f.number in (schema.GRAPH_INPUT, schema.GRAPH_OUTPUT, schema.GRAPH_VALUE):
                parts.append(self.value(f, layout))
            else:
                parts.append(self.data[f.start : f.end])
        for place, index in zip(places, layout.order or range(len(nodes)), strict=True):
            parts[place] = nodes[index]
        for value, offset in layout.types:
            marks = _entry(schema.VALUE_METADATA, schema.OFFSET, str(offset)) + _entry(
                schema.VALUE_METADATA, schema.ADDED, ""
            )
            parts.append(write_bytes(schema.GRAPH_VALUE, value + marks))
        if layout.order:
            parts.append(_entry(schema.GRAPH_METADATA, schema.ORDER, " ".join(map(str, layout.order))))
        return b"".join(parts)

    def node(self, field: Field, index: int, layout: GraphLayout) -> bytes:
        if index not in layout.inside and index not in layout.made:
            return self.data[field.start : field.end]
        body = self.data[field.value : field.end]
        if index in layout.inside:
            parts = [
                self.attribute(f) if f.number == schema.NODE_ATTRIBUTE else self.data[f.start : f.end]
                for f in fields(self.data, field.value, field.end)
            ]
            body = b"".join(parts)
        if index in layout.made:
            text = " ".join("-" if place < 0 else str(place) for place in layout.made[index])
            body += _entry(schema.NODE_METADATA, schema.OFFSET, text)
        return write_bytes(schema.GRAPH_NODE, body)

    def attribute(self, field: Field) -> bytes:
        found = list(fields(self.data, field.value, field.end))
        parts = {f.start: self.data[f.start : f.end] for f in found}
        for number in (schema.ATTRIBUTE_GRAPH, schema.ATTRIBUTE_GRAPHS):  # the order in which scopes are counted
            for f in found:
                if f.number == number:
                    parts[f.start] = write_bytes(number, self.graph(f.value, f.end))
        return write_bytes(schema.NODE_ATTRIBUTE, b"".join(parts.values()))

    def value(self, field: Field, layout: GraphLayout) -> bytes:
        body = self.data[field.value : field.end]
        names = [
            self.data[f.value : f.end]
            for f in fields(self.data, field.value, field.end)
            if f.number == schema.VALUE_NAME
        ]
        name = names[-1].decode() if names else ""
        if field.number == schema.GRAPH_INPUT and name in layout.demoted:
            return write_bytes(schema.GRAPH_VALUE, body + _entry(schema.VALUE_METADATA, schema.INPUT, ""))
        if name not in layout.offsets:
            return self.data[field.start : field.end]
        return write_bytes(field.number, body + _entry(schema.VALUE_METADATA, schema.OFFSET, str(layout.offsets[name])))


def _version(found: Sequence[Field]) -> Field:
    """The field that holds the IR version of a model with the fields `found`."""
    if all(f.number != schema.MODEL_IR for f in found):
        raise ModelError(
            "it has no ir_version, but a file with a plan needs one",
            hint="load it with onnx, set model.ir_version, for instance to 8, and save it again",
        )
    return _only(found, schema.MODEL_IR, "ir_version")


def _only(found: Sequence[Field], number: int, what: str) -> Field:
    fitting = [f for f in found if f.number == number]
    if len(fitting) != 1:
        raise ModelError(f"its {what} is stored {len(fitting)} times", hint="load it with onnx and save it again")
    return fitting[0]


def _entry(number: int, key: bytes, value: str) -> bytes:
    return write_bytes(number, write_bytes(schema.ENTRY_KEY, key) + write_bytes(schema.ENTRY_VALUE, value.encode()))
