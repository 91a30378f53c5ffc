"""Entries, where a run can start: the main subgraph, signatures, and subgraphs that nothing else reaches."""

from collections.abc import Iterable

from tmpass.base.errors import ModelError
from tmpass.base.record import record
from tmpass.graph.model import Entry, Subgraph

from . import schema
from .flatbuffer import DAMAGED, Table


@record
class Signature:
    """A `SignatureDef`: a key, a subgraph, and the public names of its inputs and outputs, with tensor indices."""

    key: str
    subgraph: int
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]


def read_signatures(model: Table, subgraphs: tuple[Subgraph, ...]) -> list[Signature]:
    """Read the signatures, in the order of the file.

    Raises:
        ModelError: a signature names a subgraph or a tensor that does not exist.
    """
    signatures = []
    for table in model.tables(schema.Model.SIGNATURE_DEFS, "signature"):
        index = table.scalar(schema.SignatureDef.SUBGRAPH_INDEX)
        if index >= len(subgraphs):
            fault = f"names subgraph {index}, but the file has {len(subgraphs)} subgraphs"
            raise ModelError(fault, where=table.where, hint=DAMAGED)
        key = table.string(schema.SignatureDef.SIGNATURE_KEY) or ""
        tensors = len(subgraphs[index].tensors)
        inputs = _tensor_map(table.tables(schema.SignatureDef.INPUTS, "input"), tensors)
        outputs = _tensor_map(table.tables(schema.SignatureDef.OUTPUTS, "output"), tensors)
        signatures.append(Signature(key, index, inputs, outputs))
    return signatures


def make_entries(subgraphs: tuple[Subgraph, ...], signatures: list[Signature]) -> tuple[Entry, ...]:
    """Make one entry for each subgraph where a run can start.

    These are subgraph 0, the subgraphs of signatures, then those that no other entry reaches. The first signature of a
    subgraph names its entry. Without a signature, the names of the subgraph and of its tensors are used.
    """
    if not subgraphs:
        return ()
    signed: dict[int, Signature] = {}
    for signature in signatures:
        signed.setdefault(signature.subgraph, signature)
    starts = list(dict.fromkeys([0, *signed]))
    called = {call.subgraph for subgraph in subgraphs for op in subgraph.ops for call in op.calls}
    starts += [i for i in range(len(subgraphs)) if i not in called and i not in signed and i != 0]
    # Subgraphs that are still not reached call each other in a cycle. As entries, they fail the check for recursion.
    reached = _reach(starts, subgraphs, set())
    for index in range(len(subgraphs)):
        if index not in reached:
            starts.append(index)
            _reach([index], subgraphs, reached)
    named = unique((_entry_name(index, subgraphs, signed), index) for index in starts)
    return tuple(_entry(name, index, subgraphs, signed) for name, index in named.items())


def unique(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return `pairs` as a mapping; a name that is taken gets a suffix "#1", "#2", ..."""
    result: dict[str, int] = {}
    uses: dict[str, int] = {}
    for name, value in pairs:
        free = name
        while free in result:
            uses[name] = uses.get(name, 0) + 1
            free = f"{name}#{uses[name]}"
        result[free] = value
    return result


def _tensor_map(tables: Iterable[Table], tensors: int) -> tuple[tuple[str, int], ...]:
    pairs = []
    for table in tables:
        index = table.scalar(schema.TensorMap.TENSOR_INDEX)
        if index >= tensors:
            fault = f"names tensor {index}, but its subgraph has {tensors} tensors"
            raise ModelError(fault, where=table.where, hint=DAMAGED)
        pairs.append((table.string(schema.TensorMap.NAME) or "", index))
    return tuple(pairs)


def _reach(starts: list[int], subgraphs: tuple[Subgraph, ...], reached: set[int]) -> set[int]:
    """Add to `reached` all subgraphs that a run from `starts` can reach, and return it."""
    waiting = list(starts)
    while waiting:
        index = waiting.pop()
        if index not in reached:
            reached.add(index)
            waiting.extend(call.subgraph for op in subgraphs[index].ops for call in op.calls)
    return reached


def _entry_name(index: int, subgraphs: tuple[Subgraph, ...], signed: dict[int, Signature]) -> str:
    key = signed[index].key if index in signed else ""
    return key or subgraphs[index].name


def _entry(name: str, index: int, subgraphs: tuple[Subgraph, ...], signed: dict[int, Signature]) -> Entry:
    if index in signed:
        return Entry(name, index, unique(signed[index].inputs), unique(signed[index].outputs))
    subgraph = subgraphs[index]
    inputs = unique((subgraph.tensors[t].name, t) for t in dict.fromkeys(subgraph.inputs))
    outputs = unique((subgraph.tensors[t].name, t) for t in dict.fromkeys(subgraph.outputs))
    return Entry(name, index, inputs, outputs)
