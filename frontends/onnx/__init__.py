"""The ONNX format: model protobufs, with or without their external weight files.

    bytes -> read -> functions -> scopes -> arity -> dimensions -> inference, refine -> constants -> convert -> Graph

Weights are never read: planning needs only their types, so files beside the model need not exist.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tmpass.base.errors import ModelError
from tmpass.graph.model import Graph

if TYPE_CHECKING:
    from tmpass.loading.runner import Runner

NAME = "onnx"
SUFFIXES = (".onnx",)

_VARINT_TAGS = b"\x08\x28"
"""ModelProto's numbers: ir_version and model_version."""
_LENGTH_TAGS = b"\x12\x1a\x22\x32\x3a\x42\x72\xa2\xca\xd2"
"""First bytes of ModelProto's strings and messages: producer, domain, graph, opset imports, functions, ..."""


def accepts(source: object) -> bool:
    """Whether `source` is an onnx.ModelProto, or bytes that begin like the file of one."""
    if not isinstance(source, bytes):
        kind = type(source)
        return kind.__name__ == "ModelProto" and kind.__module__.split(".")[0] == "onnx"
    if not source or source[4:8] == b"TFL3":
        return False
    if source[0] in _LENGTH_TAGS:
        return True
    # A number comes first in most files; it must end, and a field of a model must follow it.
    end = next((i for i in range(1, min(11, len(source))) if source[i] < 0x80), None)
    if source[0] not in _VARINT_TAGS or end is None:
        return False
    return end + 1 == len(source) or source[end + 1] in _VARINT_TAGS + _LENGTH_TAGS


def to_bytes(source: object) -> bytes:
    """Return the bytes of the file of an accepted `source`, the same ones for the same model.

    Raises:
        ModelError: the model is too large for one protobuf.
    """
    if isinstance(source, bytes):
        return source
    try:
        return bytes(source.SerializeToString(deterministic=True))  # type: ignore[attr-defined]
    except Exception as error:
        fault = str(error).partition("\n")[0]
        raise ModelError(f"the model cannot be serialised: {fault}", hint="move its weights to a file") from error


def load(data: bytes, bindings: Mapping[str, int]) -> Graph:
    """Return the graph of a model file.

    Bodies of If, Loop and Scan become subgraphs; local functions are inlined. Initialisers and what is
    computable from them alone are constants, and operators that only compute constants are not listed in
    `Subgraph.ops`: a compiler folds them, they never run. Nor is a branch of an If called when the shapes,
    once they are bound, decide that the other one is taken.

    A graph input with an initialiser is a constant: a caller who overrides it brings the memory for that.

    Args:
        data: the bytes of the file.
        bindings: numbers for open dimensions, by `dim_param` ("batch") or tensor and axis ("input:0").

    Returns:
        The graph; dimensions that neither file, bindings nor shape inference settle keep a name.

    Raises:
        ModelError: the bytes are no usable model, a node cannot run, or a binding contradicts the file.
    """
    from ..isolate import call_apart
    from .convert import convert

    return call_apart(convert, data, bindings)


def runner(data: bytes, graph: Graph, bindings: Mapping[str, int], folder: str) -> "Runner":
    """Return what executes the model in `data` with ONNX Runtime.

    Args:
        data: the bytes of the file.
        graph: what `load(data, bindings)` returned, with numbers for all dimensions that follow from others.
        bindings: as for `load`.
        folder: where the files with its weights are, "" if that is not known.

    Raises:
        UsageError: ONNX Runtime is not installed.
        ModelError: it cannot run the model, or weights are missing.
    """
    from .execution.engine import Engine

    return Engine(data, graph, bindings, folder)


def apply(
    data: bytes,
    orders: Sequence[Sequence[int]],
    offsets: Sequence[Sequence[int]],
    *,
    keeps_offsets: bool,
    bindings: Mapping[str, int],
    plan: str,
) -> bytes:
    """Return the file `data` with a plan in it, in the place of an older one; `planned` says where in the file.

    Args:
        data: the bytes of a file that `load` takes.
        orders: of each subgraph, the operators by their index in the original file, in the order in which they run.
        offsets: of each subgraph, the offset of each tensor in bytes, -1 where it has none.
        keeps_offsets: not used: no runtime reads the offsets, and all run any order that is right.
        bindings: those that `load` was given.
        plan: all of the plan.

    Raises:
        ModelError: the file cannot be read, or does not go with a plan.
    """
    from .planned.emit import emit

    del keeps_offsets
    return emit(data, orders, offsets, plan, bindings)


def strip(data: bytes) -> bytes | None:
    """Return the original of a file that `apply` made, None where it made none of it.

    Where another program changed the file since, its changes stay, and only what `apply` added goes.

    Raises:
        ModelError: the file is damaged.
    """
    from .planned.strip import strip as take_off

    return take_off(data)


def other_files(data: bytes) -> tuple[str, ...]:
    """Return the names of the files that hold weights of the model in `data`, relative to where its own file is.

    Raises:
        ModelError: the file is damaged.
    """
    from .planned.weights import other_files as find

    return find(data)
