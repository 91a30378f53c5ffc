"""The TFLite format: `.tflite` files, and the model objects of generated schemas."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tmpass.graph.model import Graph

from .identity import IDENTIFIER, NAME

if TYPE_CHECKING:
    from tmpass.graph.content import Content
    from tmpass.graph.dialect import Dialect
    from tmpass.graph.draft import Draft
    from tmpass.graph.layer import Layer
    from tmpass.loading.runner import Runner

__all__ = [
    "NAME",
    "SUFFIXES",
    "accepts",
    "apply",
    "content_of",
    "dialect",
    "front_of",
    "heading_in",
    "layers",
    "load",
    "load_to_plan",
    "measure",
    "offsets_in",
    "other_files",
    "probe",
    "runner",
    "strip",
    "to_bytes",
    "with_front",
    "write_draft",
]

SUFFIXES = (".tflite",)


def accepts(source: object) -> bool:
    """Whether `source` is the bytes of a TFLite file, or a `Model` or `ModelT` of a generated schema."""
    if isinstance(source, bytes):
        return source[4:8] == IDENTIFIER
    kind = type(source)
    generated = kind.__module__.split(".")[0] == "tflite" or kind.__module__.endswith("schema_py_generated")
    return generated and kind.__name__ in ("Model", "ModelT")


def to_bytes(source: Any) -> bytes:
    """Return the file of an accepted `source` as bytes."""
    if isinstance(source, bytes):
        return source
    if hasattr(source, "Pack"):
        import flatbuffers

        builder = flatbuffers.Builder(1024)
        builder.Finish(source.Pack(builder), IDENTIFIER)
        return bytes(builder.Output())
    return bytes(source._tab.Bytes)


def load(data: bytes, bindings: Mapping[str, int]) -> Graph:
    """Read the graph in `data`; `bindings` give numbers to open dimensions, by "tensor name:axis".

    Raises:
        ModelError: the file is damaged, or breaks a rule of the format.
        UsageError: a binding is negative.
    """
    from .model import read_model

    return read_model(data, bindings)


def load_to_plan(data: bytes, bindings: Mapping[str, int]) -> Graph:
    """Read the graph in `data` as `load` does, but take the number in the file for open batches that are not bound.

    An open batch is the first dimension of an input whose other dimensions are known. Exporters often leave it open
    without need, and interpreters allocate the number in the file unless they are given another one. `Graph.batches`
    lists the open batches.

    Raises:
        ModelError, UsageError: as `load` does.
    """
    from .model import read_model

    return read_model(data, bindings, batches=True)


def runner(data: bytes, graph: Graph, bindings: Mapping[str, int], folder: str) -> "Runner":
    """Return a Runner that executes the model in `data` with LiteRT.

    Args:
        data: the bytes of the file.
        graph: the result of `load(data, bindings)`, with numbers for all dimensions that follow from others.
        bindings: not used: the shapes of `graph` have them.
        folder: not used: weights are in the file.

    Raises:
        UsageError: LiteRT is not installed.
        ModelError: LiteRT cannot run the model, or not one operator at a time.
    """
    from .execution.engine import Engine

    del bindings, folder
    return Engine(data, graph)


def apply(
    data: bytes,
    orders: Sequence[Sequence[int]],
    offsets: Sequence[Sequence[int]],
    *,
    keeps_offsets: bool,
    bindings: Mapping[str, int],
    plan: str,
) -> bytes:
    """Return the file `data` with a plan in it, which replaces an older one.

    Args:
        data: the bytes of a file that `load` accepts.
        orders: for each subgraph, the operators by their index in the original file, in the order in which they run.
        offsets: for each subgraph, the offset of each tensor in bytes, -1 where the runtime places it.
        keeps_offsets: whether the file is for a runtime that places tensors at `offsets`.
        bindings: not used: the runtime itself computes sizes.
        plan: the heading of the plan, for tmpass itself: runtimes read offsets only, and a microcontroller has no room
            for more. Empty for none.

    Raises:
        ModelError: the file contains something that cannot be planned, or that the runtime does not support.
    """
    from .rewrite import apply_plan

    del bindings
    return apply_plan(data, orders, offsets, keeps_offsets=keeps_offsets, heading=plan.encode())


def strip(data: bytes) -> bytes | None:
    """Return the original of a file that `apply` made, or None for any other file.

    Raises:
        ModelError: the file has been changed since.
    """
    from .mark import take_off

    return take_off(data)


def front_of(data: bytes) -> bytes:
    """Return the bytes before the original in a file that `apply` made; none for any other file."""
    from .mark import front_of as find

    return find(data)


def with_front(front: bytes, original: bytes) -> bytes | None:
    """Return the file with the front `front` and the original `original`, None where `front` is of another original."""
    from .mark import with_front as put

    return put(front, original)


def offsets_in(data: bytes, graph: Graph) -> dict[tuple[int, int], int] | None:
    """Return the offsets of activations in the file's offline memory plan, whichever tool wrote it.

    Args:
        data: not used: the metadata of `graph` has them.
        graph: the result of `load`.

    Returns:
        (subgraph, tensor) -> offset in bytes, without the tensors that are left to the runtime; None without a plan.

    Raises:
        ModelError: the offline plan is damaged.
    """
    from .offline import offsets_in as find

    del data
    return find(graph.subgraphs, graph.metadata)


def heading_in(graph: Graph) -> bytes | None:
    """Return the heading of the plan that `apply` put into the file of which `load` made `graph`, or None."""
    from .schema import HEADING

    return graph.metadata.get(HEADING)


def layers(data: bytes, graph: Graph) -> "tuple[Layer | None, ...]":
    """Return the layer of each operator of the main subgraph of `graph`, None where it is not known how to split it.

    Raises:
        ModelError: the file is damaged, or has parts that tmpass cannot write again.
    """
    from .draft_file import check_file
    from .layer_facts import read_layers

    check_file(data)
    return read_layers(data, graph)


def content_of(data: bytes, graph: Graph) -> "Content":
    """Return all that decides what the model in `data` computes, of which `load` made `graph`.

    Raises:
        ModelError: the file is damaged, or has several subgraphs.
    """
    from .content import read_content
    from .draft_file import check_file

    check_file(data)
    return read_content(data, graph)


def dialect(data: bytes) -> "Dialect":
    """Return how TFLite writes what a draft adds; it is the same for each file."""
    from .added_kinds import DIALECT

    del data
    return DIALECT


def write_draft(data: bytes, graph: Graph, draft: "Draft", note: tuple[str, bytes] | None) -> bytes:
    """Return the file of a draft.

    Args:
        data: the bytes of the original.
        graph: what `load` made of it.
        draft: compact.
        note: the name and the content of a new entry of the metadata, if there is to be one.

    Raises:
        ModelError: the file has something that is not known well enough to be copied.
    """
    from .draft_file import write_draft

    return write_draft(data, graph, draft, note)


def probe(data: bytes, graph: Graph) -> tuple[str, Iterator[tuple[int, int, int | str]]]:
    """Measure the scratch of the kernels of TensorFlow Lite Micro.

    Args:
        data: the bytes of the file.
        graph: the result of `load`.

    Returns:
        The name of the engine; and for each operator its subgraph, its index, and the bytes of scratch, or a text that
        says why they are unknown.

    Raises:
        UsageError: the package tflite-micro is not installed.
    """
    from .tflm import probe_operators

    return probe_operators(data, graph)


def measure(
    data: bytes, graph: Graph
) -> tuple[str, tuple[int, int, int] | str, Iterator[tuple[int, int, tuple[bytes, int, int] | str]]]:
    """Measure what TensorFlow Lite Micro takes of its arena for the model, and for each operator alone.

    Args:
        data: the bytes of the file.
        graph: what `load` made of it.

    Returns:
        What measures; head, tail and least arena of the model in bytes, or why they are unknown; and for each operator
        its subgraph, its index, and the file of it alone with the bytes of its scratch and of its tail, or why these
        are unknown.

    Raises:
        UsageError: the package tflite-micro is not installed.
    """
    from .tflm import measure_operators

    return measure_operators(data, graph)
