"""The ONNX format: model protobufs, with or without their external weight files.

    bytes -> read -> functions -> scopes -> arity -> dimensions -> inference, refine -> constants -> convert -> Graph

Weights are never read: planning needs only their types, so other files of the model need not exist.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from tmpass.base.errors import ModelError
from tmpass.base.packages import check_package
from tmpass.graph.model import Graph

if TYPE_CHECKING:
    from tmpass.graph.content import Content
    from tmpass.graph.dialect import Dialect
    from tmpass.graph.draft import Draft
    from tmpass.graph.layer import Layer
    from tmpass.loading.runner import Runner

NAME = "onnx"
SUFFIXES = (".onnx",)

_VARINT_TAGS = b"\x08\x28"
"""First bytes of ModelProto's numbers: ir_version and model_version."""
_LENGTH_TAGS = b"\x12\x1a\x22\x32\x3a\x42\x72\xa2\xca\xd2"
"""First bytes of ModelProto's strings and messages: producer, domain, graph, opset imports, functions, ..."""


_IN_MEMORY = {("onnx", "ModelProto"), ("onnx_ir", "Model"), ("torch", "ONNXProgram")}
"""The package and class of models in memory."""


def accepts(source: object) -> bool:
    """Whether `source` is a model in memory that `to_bytes` takes, or bytes that begin like an ONNX file."""
    if not isinstance(source, bytes):
        return _kind_of(source) in _IN_MEMORY
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
    """Return the file of an accepted `source` as bytes; the same model gives the same bytes.

    Args:
        source: bytes, an onnx.ModelProto, an onnx_ir.Model, or a torch.onnx.ONNXProgram, as torch.onnx.export returns.

    Raises:
        ModelError: the model is too large for one protobuf.
    """
    if isinstance(source, bytes):
        return source
    if _kind_of(source) == ("torch", "ONNXProgram"):
        source = source.model  # type: ignore[attr-defined]  # an onnx_ir.Model
    try:
        if _kind_of(source) == ("onnx_ir", "Model"):
            from onnx_ir import to_proto

            source = to_proto(source)  # type: ignore[call-overload]
        return bytes(source.SerializeToString(deterministic=True))  # type: ignore[attr-defined]
    except Exception as error:
        fault = str(error).partition("\n")[0]
        raise ModelError(f"the model cannot be serialised: {fault}", hint="move its weights to a file") from error


def load(data: bytes, bindings: Mapping[str, int]) -> Graph:
    """Return the graph of a model file.

    Bodies of If, Loop and Scan become subgraphs; local functions are inlined. Initialisers, and values computed from
    them alone, are constants. Operators that only compute constants are not listed in `Subgraph.ops`: a compiler folds
    them, so they never run. A branch of an If is left out if the bound shapes decide that it is never taken.

    A graph input with an initialiser is a constant: a caller who overrides it brings the memory for that.

    Args:
        data: the bytes of the file.
        bindings: numbers for open dimensions, by `dim_param` ("batch") or tensor and axis ("input:0").

    Returns:
        The graph. A dimension keeps its name if the file, the bindings and shape inference all leave it open.

    Raises:
        ModelError: the bytes are not a usable model, a node cannot run, or a binding contradicts the file.
    """
    _check_onnx("reading")
    from ..isolate import call_apart
    from .convert import convert

    return call_apart(convert, data, bindings)


def runner(data: bytes, graph: Graph, bindings: Mapping[str, int], folder: str) -> "Runner":
    """Return a Runner that executes the model in `data` with ONNX Runtime.

    Args:
        data: the bytes of the file.
        graph: the result of `load(data, bindings)`, with numbers for all dimensions that follow from others.
        bindings: as for `load`.
        folder: the folder of the files with its weights, "" if that is not known.

    Raises:
        UsageError: ONNX Runtime is not installed.
        ModelError: ONNX Runtime cannot run the model, or weights are missing.
    """
    _check_onnx("running")
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
    """Return the file `data` with a plan in it, which replaces an older one; `planned` describes the metadata.

    Args:
        data: the bytes of a file that `load` accepts.
        orders: for each subgraph, the operators by their index in the original file, in the order in which they run.
        offsets: for each subgraph, the offset of each tensor in bytes, -1 for a tensor without one.
        keeps_offsets: not used: no runtime reads the offsets, and every runtime runs any valid order.
        bindings: the bindings that `load` was given.
        plan: the whole plan as JSON.

    Raises:
        ModelError: the file cannot be read, or cannot hold a plan.
    """
    _check_onnx("writing")
    from .planned.emit import emit

    del keeps_offsets
    return emit(data, orders, offsets, plan, bindings)


def strip(data: bytes) -> bytes | None:
    """Return the original of a file that `apply` made, or None for any other file.

    If another program has changed the file since, its changes stay: only what `apply` added is removed.

    Raises:
        ModelError: the file is damaged.
    """
    _check_onnx("reading")
    from .planned.strip import strip as take_off

    return take_off(data)


def other_files(data: bytes) -> tuple[str, ...]:
    """Return the names of the files with weights of the model in `data`, relative to the folder of its own file.

    Raises:
        ModelError: the file is damaged.
    """
    _check_onnx("reading")
    from .planned.weights import other_files as find

    return find(data)


def dialect(data: bytes) -> "Dialect":
    """Return how the operator set of the model in `data` writes what a draft adds.

    Raises:
        ModelError: the file is damaged, or has more than one graph.
    """
    from ..isolate import call_apart
    from .splitting.dialect import find_dialect

    return call_apart(find_dialect, data)


def layers(data: bytes, graph: Graph) -> "tuple[Layer | None, ...]":
    """Return the layer of each operator of the main subgraph of `graph`, None where it is not known how to split it.

    Raises:
        ModelError: the file is damaged, or has more than one graph.
    """
    from ..isolate import call_apart
    from .splitting.layers import read_layers

    return call_apart(read_layers, data, graph)


def content_of(data: bytes, graph: Graph) -> "Content":
    """Return all that decides what the model in `data` computes, of which `load` made `graph`.

    Raises:
        ModelError: the file is damaged, or has more than one graph.
    """
    from ..isolate import call_apart
    from .splitting.content import read_content

    return call_apart(read_content, data, graph)


def write_draft(data: bytes, graph: Graph, draft: "Draft", note: tuple[str, bytes] | None) -> bytes:
    """Return the file of a draft.

    Args:
        data: the bytes of the original.
        graph: what `load` made of it.
        draft: compact.
        note: the name and the content of a new entry of the metadata, if there is to be one.

    Raises:
        ModelError: the file is damaged, or has more than one graph.
    """
    from ..isolate import call_apart
    from .splitting.write_draft import write_draft as write

    return call_apart(write, data, graph, draft, note)


def write_sizes(data: bytes, graph: Graph) -> bytes:
    """Return the file with numbers for its open dimensions.

    Args:
        data: the bytes of the original.
        graph: what `load` made of it, with all dimensions bound.

    Raises:
        ModelError: the file is damaged.
    """
    from ..isolate import call_apart
    from .splitting.write_sizes import write_sizes as write

    return call_apart(write, data, graph)


def plan_in(data: bytes) -> str | None:
    """Return the plan in a file that `apply` made, as JSON, or None for any other file.

    Raises:
        ModelError: the file is damaged.
    """
    from .planned.strip import plan_in as find

    return find(data)


def _kind_of(source: object) -> tuple[str, str]:
    """The package and the name of the class of `source`, which need not be imported for that."""
    return type(source).__module__.split(".")[0], type(source).__name__


def _check_onnx(doing: str) -> None:
    check_package("onnx", "onnx", f"{doing} an ONNX model")
