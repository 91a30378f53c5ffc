"""TFLite: reads `.tflite` files and the model objects of the generated schemas."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tmpass.graph.model import Graph

from .identity import IDENTIFIER, NAME

__all__ = [
    "NAME",
    "SUFFIXES",
    "accepts",
    "apply",
    "load",
    "load_to_plan",
    "measure",
    "other_files",
    "probe",
    "strip",
    "to_bytes",
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
    """Return the file that `source`, which `accepts` took, is or would be written as."""
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
        ModelError: the file is damaged, or breaks a law of the format.
        UsageError: a binding is negative.
    """
    from .model import read_model

    return read_model(data, bindings)


def load_to_plan(data: bytes, bindings: Mapping[str, int]) -> Graph:
    """Read the graph in `data` as `load` does, with the number of the file for open batches that are not bound.

    An open batch is the first dimension of an input, where its other ones are known: what exporters leave open whatever
    the model is for, and what interpreters allocate at the number of the file unless they are told another one.
    `Graph.batches` lists them.

    Raises:
        ModelError, UsageError: as `load` does.
    """
    from .model import read_model

    return read_model(data, bindings, batches=True)


def apply(
    data: bytes,
    orders: Sequence[Sequence[int]],
    offsets: Sequence[Sequence[int]],
    *,
    keeps_offsets: bool,
    bindings: Mapping[str, int],
    plan: str,
) -> bytes:
    """Return the file `data` with a plan in it, in the place of an older one.

    Args:
        data: the bytes of a file that `load` takes.
        orders: of each subgraph, the operators by their index in the original file, in the order in which they run.
        offsets: of each subgraph, the offset of each tensor in bytes, -1 where the runtime is to place it.
        keeps_offsets: whether the runtime that the file is for places tensors at `offsets`.
        bindings: not used: the sizes are the runtime's own.
        plan: not used: runtimes read offsets, and a microcontroller has no room for more.

    Raises:
        ModelError: what the file holds does not go with a plan, or not in that runtime.
    """
    from .rewrite import apply_plan

    del bindings, plan
    return apply_plan(data, orders, offsets, keeps_offsets=keeps_offsets)


def strip(data: bytes) -> bytes | None:
    """Return the original of a file that `apply` made, None where it made none of it.

    Raises:
        ModelError: the file was changed since.
    """
    from .mark import take_off

    return take_off(data)


def probe(data: bytes, graph: Graph) -> tuple[str, Iterator[tuple[int, int, int | str]]]:
    """Measure what the kernels of TensorFlow Lite Micro need besides tensors.

    Args:
        data: the bytes of the file.
        graph: what `load` made of it.

    Returns:
        What measures, and for each operator its subgraph, its index, and the bytes of scratch or why they are unknown.

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
