"""TFLite: reads `.tflite` files and the model objects of the generated schemas."""

from collections.abc import Mapping
from typing import Any

from tmpass.graph import Graph

NAME = "tflite"
SUFFIXES = (".tflite",)
IDENTIFIER = b"TFL3"
"""Bytes 4..8 of every TFLite file."""


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
