"""Measurement of the scratch that kernels of TensorFlow Lite Micro need, by the size of its arena."""

import os
import re
import tempfile
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tmpass.base.errors import ModelError, UsageError
from tmpass.graph.model import Graph

from ..isolate import call_apart
from .single_operator import Operators, SingleOperator

PACKAGE = "tflite-micro"

_HEAD = re.compile(rb"Arena allocation head (\d+) bytes")
_ROOMS = (1 << 20, 1 << 26)
"""Bytes of arena beyond the tensors. The second number is tried if the first is not enough."""


def probe_operators(data: bytes, graph: Graph) -> tuple[str, Iterator[tuple[int, int, int | str]]]:
    """Return the name of the engine, and the scratch of each operator.

    The scratch comes as (subgraph, operator, bytes), with a text in the place of bytes that says why they are unknown.
    Operators that call subgraphs are left out: in TensorFlow Lite Micro they need no scratch, and the operators in
    their bodies are measured one by one.

    Raises:
        UsageError: the package is not installed.
    """
    try:
        import_module("tflite_micro").runtime  # noqa: B018  # imported here, so that forked children need not import it
        engine = f"{PACKAGE} {version('tflite_micro')}"
    except (ImportError, PackageNotFoundError, AttributeError) as error:
        raise UsageError(f"{PACKAGE} cannot be imported: {error}", hint="pip install 'tmpass[tflm]'") from None
    return engine, _probe(Operators(data, graph), graph)


def _probe(operators: Operators, graph: Graph) -> Iterator[tuple[int, int, int | str]]:
    for s, subgraph in enumerate(graph.subgraphs):
        for index, op in enumerate(subgraph.ops):
            if op.calls:
                continue
            try:
                model = operators.cut_out(s, index)
                yield s, index, call_apart(scratch_of, model, package=PACKAGE, size=len(model.data))
            except ModelError as error:
                yield s, index, str(error)


def scratch_of(model: SingleOperator) -> int:
    """The bytes in the head of the arena besides the tensors of a model.

    Raises:
        ModelError: the model does not run.
    """
    runtime = import_module("tflite_micro").runtime
    for room in _ROOMS[:-1]:
        try:
            return head_of(runtime, model.data, model.packed + room) - model.packed
        except ModelError:
            continue
    return head_of(runtime, model.data, model.packed + _ROOMS[-1]) - model.packed


def head_of(runtime: Any, model: bytes, arena_size: int) -> int:
    """The bytes in the head of the arena once `model` is set up. A model may crash this process.

    Raises:
        ModelError: the model cannot be set up in `arena_size` bytes, or not at all.
    """
    # Native code prints the figures to file descriptor 2. There is no other way to get them.
    with tempfile.TemporaryFile() as said:
        before = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            runtime.Interpreter.from_bytes(model, arena_size=arena_size).print_allocations()
            fault = ""
        except RuntimeError as error:
            fault = str(error)
        finally:
            os.dup2(before, 2)
            os.close(before)
        said.seek(0)
        text = said.read()
    found = _HEAD.search(text)
    if fault or found is None:
        lines = text.decode(errors="backslashreplace").split("\n")
        raise ModelError(next((line.strip() for line in lines if line.strip()), fault or "it prints no allocations"))
    return int(found[1])
