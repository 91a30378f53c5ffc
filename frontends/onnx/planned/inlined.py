"""Files whose local functions are inlined, so that the nodes inside may stand in any order; and the same files before.

The functions stay in the file, and nothing calls them any more. The nodes that were there are kept in the metadata of
the graph, as runs of them with the number of other fields in front: "0:<base64> 3:<base64>".
"""

import binascii
import zlib
from base64 import b64decode, b64encode

from tmpass.base.errors import ModelError

from .schema import (
    ENTRY_KEY,
    ENTRY_VALUE,
    GRAPH_METADATA,
    GRAPH_NODE,
    IMPORTS,
    MODEL_FUNCTION,
    MODEL_GRAPH,
    MODEL_METADATA,
    MODEL_OPSET,
    NODES,
)
from .wire import Field, fields, write_bytes


def has_functions(data: bytes) -> bool:
    """Whether there are local functions in the file `data`.

    Raises:
        ModelError: it is damaged.
    """
    return any(f.number == MODEL_FUNCTION for f in fields(data, 0, len(data)))


def inline_file(data: bytes) -> bytes:
    """Return the file `data` with the nodes of its local functions in the place of their calls; `data` without any.

    Raises:
        ModelError: the file cannot be read, or its functions not be inlined.
    """
    from ..functions import calls_functions, inline
    from ..read import read

    model = read(data, payloads=True)
    if not calls_functions(model):
        return data
    known = {opset.domain for opset in model.opset_import}
    model = inline(model)
    nodes = [write_bytes(GRAPH_NODE, node.SerializeToString(deterministic=True)) for node in model.graph.node]
    more = [
        write_bytes(MODEL_OPSET, opset.SerializeToString(deterministic=True))
        for opset in model.opset_import
        if opset.domain not in known
    ]
    parts: list[bytes] = []
    for f in fields(data, 0, len(data)):
        if f.number == MODEL_GRAPH:
            parts.append(write_bytes(MODEL_GRAPH, _graph(data, f, b"".join(nodes))))
        else:
            parts.append(data[f.start : f.end])
    entry = [_entry(MODEL_METADATA, IMPORTS, str(len(more)))] if more else []
    return b"".join([*parts, *more, *entry])


def before_inlining(data: bytes, *, exactly: bool) -> bytes:
    """Return what `inline_file` was given, where `data` is what it made; with `exactly` off, only without its marks.

    Raises:
        ModelError: the file is damaged.
    """
    if NODES not in data:
        return data
    found = list(fields(data, 0, len(data)))
    marks = [f for f in found if f.number == MODEL_METADATA and _key(data, f) == IMPORTS]
    count = sum(int(_value(data, f) or b"0") for f in marks) if exactly else 0
    added = [f for f in found if f.number == MODEL_OPSET][-count:] if count else []
    parts = []
    for f in found:
        if f.number == MODEL_GRAPH:
            parts.append(write_bytes(MODEL_GRAPH, _graph_before(data, f, exactly=exactly)))
        elif f not in marks and f not in added:
            parts.append(data[f.start : f.end])
    return b"".join(parts)


def _graph(data: bytes, graph: Field, nodes: bytes) -> bytes:
    """The body of `graph` with `nodes` in the place of the first of its own, which are kept in an entry at the end."""
    parts: list[bytes] = []
    runs: dict[int, bytes] = {}
    for f in fields(data, graph.value, graph.end):
        if f.number == GRAPH_NODE:
            runs[len(parts)] = runs.get(len(parts), b"") + data[f.start : f.end]
        else:
            parts.append(data[f.start : f.end])
    first = min(runs, default=0)
    told = " ".join(f"{at}:{b64encode(zlib.compress(run, 9)).decode()}" for at, run in runs.items())
    return b"".join([*parts[:first], nodes, *parts[first:], _entry(GRAPH_METADATA, NODES, told)])


def _graph_before(data: bytes, graph: Field, *, exactly: bool) -> bytes:
    found = list(fields(data, graph.value, graph.end))
    told = [f for f in found if f.number == GRAPH_METADATA and _key(data, f) == NODES]
    kept = [f for f in found if f not in told]
    if not exactly or not told:
        return b"".join(data[f.start : f.end] for f in kept)
    parts = [data[f.start : f.end] for f in kept if f.number != GRAPH_NODE]
    runs = dict(_run(word) for word in _value(data, told[0]).split())
    made: list[bytes] = []
    for at in range(len(parts) + 1):
        made += [runs.get(at, b""), *parts[at : at + 1]]
    return b"".join(made)


def _run(word: bytes) -> tuple[int, bytes]:
    at, _, text = word.partition(b":")
    try:
        return int(at), zlib.decompress(b64decode(text, validate=True))
    except (ValueError, binascii.Error, zlib.error):
        raise ModelError("the nodes that it had before are damaged", hint="take the file that was planned") from None


def _entry(number: int, key: bytes, value: str) -> bytes:
    return write_bytes(number, write_bytes(ENTRY_KEY, key) + write_bytes(ENTRY_VALUE, value.encode()))


def _key(data: bytes, field: Field) -> bytes:
    return next((data[f.value : f.end] for f in fields(data, field.value, field.end) if f.number == ENTRY_KEY), b"")


def _value(data: bytes, field: Field) -> bytes:
    return next((data[f.value : f.end] for f in fields(data, field.value, field.end) if f.number == ENTRY_VALUE), b"")
