"""The other files that a file needs beside it."""

from .schema import ENTRY_KEY, ENTRY_VALUE, GRAPH_INITIALIZER, MODEL_GRAPH, TENSOR_EXTERNAL
from .wire import fields


def other_files(data: bytes) -> tuple[str, ...]:
    """Return the names of the files in which the main graph's weights are, relative to the one with `data`.

    Raises:
        ModelError: the file is damaged.
    """
    found: dict[str, None] = {}
    for graph in fields(data, 0, len(data)):
        for tensor in fields(data, graph.value, graph.end) if graph.number == MODEL_GRAPH else ():
            if tensor.number != GRAPH_INITIALIZER or data.find(b"location", tensor.value, tensor.end) < 0:
                continue
            for entry in fields(data, tensor.value, tensor.end):
                if entry.number == TENSOR_EXTERNAL:
                    parts = {f.number: data[f.value : f.end] for f in fields(data, entry.value, entry.end)}
                    if parts.get(ENTRY_KEY) == b"location":
                        found[parts.get(ENTRY_VALUE, b"").decode("utf-8", "replace")] = None
    return tuple(found)
