"""Inlining of the local functions of a file, so that a plan can move the nodes inside; and the way back.

The functions stay in the file, but nothing calls them any more. The original nodes are kept in the metadata of the
graph, as runs of consecutive nodes, each with the number of other fields before it: "0:<base64> 3:<base64>".
"""

import binascii
import zlib
from base64 import b64decode, b64encode

from tmpass.base.errors import ModelError

from . import schema
from .wire import Field, fields, write_bytes


def has_functions(data: bytes) -> bool:
    """Whether there are local functions in the file `data`.

    Raises:
        ModelError: the file is damaged.
    """
    return any(f.number == schema.MODEL_FUNCTION for f in fields(data, 0, len(data)))


def inline_file(data: bytes) -> bytes:
    """Return the file `data` with each call of a local function replaced by the nodes of the function.

    Raises:
        ModelError: the file cannot be read, or its functions cannot be inlined.
    """
    from ..functions import calls_functions, inline
    from ..read import read

    model = read(data, payloads=True)
    if not calls_functions(model):
        return data
    known = {opset.domain for opset in model.opset_import}
    model = inline(model)
    nodes = [write_bytes(schema.GRAPH_NODE, node.SerializeToString(deterministic=True)) for node in model.graph.node]
    more = [
        write_bytes(schema.MODEL_OPSET, opset.SerializeToString(deterministic=True))
        for opset in model.opset_import
        if opset.domain not in known
    ]
    parts: list[bytes] = []
    for f in fields(data, 0, len(data)):
        if f.number == schema.MODEL_GRAPH:
            parts.append(write_bytes(schema.MODEL_GRAPH, _graph(data, f, b"".join(nodes))))
        else:
            parts.append(data[f.start : f.end])
    entry = [_entry(schema.MODEL_METADATA, schema.IMPORTS, str(len(more)))] if more else []
    return b"".join([*parts, *more, *entry])


def before_inlining(data: bytes, *, exactly: bool) -> bytes:
    """Return the file from which `inline_file` made `data`; any other file as it is.

    Args:
        data: the bytes of a file.
        exactly: whether to restore the original nodes; else only the entries of metadata are removed.

    Raises:
        ModelError: the file is damaged.
    """
    if schema.NODES not in data:
        return data
    found = list(fields(data, 0, len(data)))
    marks = [f for f in found if f.number == schema.MODEL_METADATA and _key(data, f) == schema.IMPORTS]
    count = sum(int(_value(data, f) or b"0") for f in marks) if exactly else 0
    added = [f for f in found if f.number == schema.MODEL_OPSET][-count:] if count else []
    parts = []
    for f in found:
        if f.number == schema.MODEL_GRAPH:
            parts.append(write_bytes(schema.MODEL_GRAPH, _graph_before(data, f, exactly=exactly)))
        elif f not in marks and f not in added:
            parts.append(data[f.start : f.end])
    return b"".join(parts)


def _graph(data: bytes, graph: Field, nodes: bytes) -> bytes:
    """The body of `graph` with `nodes` in the place of its own, which are kept in an entry of metadata."""
    parts: list[bytes] = []
    runs: dict[int, bytes] = {}
    for f in fields(data, graph.value, graph.end):
        if f.number == schema.GRAPH_NODE:
            runs[len(parts)] = runs.get(len(parts), b"") + data[f.start : f.end]
        else:
            parts.append(data[f.start : f.end])
    first = min(runs, default=0)
    saved = " ".join(f"{at}:{b64encode(zlib.compress(run, 9)).decode()}" for at, run in runs.items())
    return b"".join([*parts[:first], nodes, *parts[first:], _entry(schema.GRAPH_METADATA, schema.NODES, saved)])


def _graph_before(data: bytes, graph: Field, *, exactly: bool) -> bytes:
    found = list(fields(data, graph.value, graph.end))
    saved = [f for f in found if f.number == schema.GRAPH_METADATA and _key(data, f) == schema.NODES]
    kept = [f for f in found if f not in saved]
    if not exactly or not saved:
        return b"".join(data[f.start : f.end] for f in kept)
    parts = [data[f.start : f.end] for f in kept if f.number != schema.GRAPH_NODE]
    runs = dict(_parse_run(word) for word in _value(data, saved[0]).split())
    made: list[bytes] = []
    for at in range(len(parts) + 1):
        made += [runs.get(at, b""), *parts[at : at + 1]]
    return b"".join(made)


def _parse_run(word: bytes) -> tuple[int, bytes]:
    at, _, text = word.partition(b":")
    try:
        return int(at), zlib.decompress(b64decode(text, validate=True))
    except (ValueError, binascii.Error, zlib.error):
        raise ModelError("the original nodes in it are damaged", hint="take the file that was planned") from None


def _entry(number: int, key: bytes, value: str) -> bytes:
    return write_bytes(number, write_bytes(schema.ENTRY_KEY, key) + write_bytes(schema.ENTRY_VALUE, value.encode()))


def _key(data: bytes, field: Field) -> bytes:
    return next(
        (data[f.value : f.end] for f in fields(data, field.value, field.end) if f.number == schema.ENTRY_KEY), b""
    )


def _value(data: bytes, field: Field) -> bytes:
    return next(
        (data[f.value : f.end] for f in fields(data, field.value, field.end) if f.number == schema.ENTRY_VALUE), b""
    )
