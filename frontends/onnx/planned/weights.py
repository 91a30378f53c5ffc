"""The names of the other files that hold weights of a model."""

from collections.abc import Iterator

from . import schema
from .wire import fields

_INSIDE = {
    "model": {schema.MODEL_GRAPH: "graph", schema.MODEL_FUNCTION: "function"},
    "graph": {schema.GRAPH_INITIALIZER: "tensor", schema.GRAPH_NODE: "node"},
    "function": {schema.FUNCTION_NODE: "node"},
    "node": {schema.NODE_ATTRIBUTE: "attribute"},
    "attribute": {
        **dict.fromkeys((schema.ATTRIBUTE_TENSOR, schema.ATTRIBUTE_TENSORS), "tensor"),
        **dict.fromkeys((schema.ATTRIBUTE_GRAPH, schema.ATTRIBUTE_GRAPHS), "graph"),
    },
}
"""Message -> its fields that lead to tensors, and the kind of message in each."""


def other_files(data: bytes) -> tuple[str, ...]:
    """Return the names of the files with weights of the model in `data`, relative to the folder of its own file.

    Raises:
        ModelError: the file is damaged.
    """
    return tuple(dict.fromkeys(_named(data)))


def _named(data: bytes) -> Iterator[str]:
    todo = [("model", 0, len(data))]
    while todo:
        kind, start, end = todo.pop()
        if data.find(b"location", start, end) < 0:
            continue
        if kind == "tensor":
            yield from _locations(data, start, end)
            continue
        inside = [f for f in fields(data, start, end) if f.number in _INSIDE[kind]]
        todo += [(_INSIDE[kind][f.number], f.value, f.end) for f in reversed(inside)]


def _locations(data: bytes, start: int, end: int) -> Iterator[str]:
    for entry in fields(data, start, end):
        if entry.number == schema.TENSOR_EXTERNAL:
            parts = {f.number: data[f.value : f.end] for f in fields(data, entry.value, entry.end)}
            if parts.get(schema.ENTRY_KEY) == b"location":
                yield parts.get(schema.ENTRY_VALUE, b"").decode("utf-8", "replace")
