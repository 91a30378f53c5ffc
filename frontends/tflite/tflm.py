"""Measurement of the arena that a model takes in TensorFlow Lite Micro, and of what each kernel needs and keeps."""

import os
import re
import tempfile
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from tmpass.base.errors import ModelError, UsageError
from tmpass.base.packages import install_command
from tmpass.graph.model import Graph

from ..isolate import call_apart
from .single_operator import Operators, SingleOperator

PACKAGE = "tflite-micro"

_FIGURES = re.compile(rb"Arena allocation head (\d+) bytes.*?Arena allocation tail (\d+) bytes", re.DOTALL)
_STEP = 16
"""What the runtime aligns to. With an arena of another size the tail would have padding at its end."""
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
    return _engine(), _probe(Operators(data, graph), graph)


def measure_operators(
    data: bytes, graph: Graph
) -> tuple[str, tuple[int, int, int] | str, Iterator[tuple[int, int, tuple[bytes, int, int] | str]]]:
    """What measures; head, tail and least arena of the whole model; and each operator alone.

    Returns:
        The figures of the model are in bytes, or say why they are unknown. The least arena is that in which it can be
        prepared. For each operator there are its subgraph, its index, and the model of it alone with the bytes of its
        scratch and of its tail, or why they are unknown. Operators that call subgraphs are left out.

    Raises:
        UsageError: the package is not installed.
    """
    engine = _engine()
    whole: tuple[int, int, int] | str
    try:
        head, tail = call_apart(used_in, data, _room(graph), package=PACKAGE)
        whole = head, tail, _least_arena(data, head, head + 2 * tail + _ROOMS[0])
    except ModelError as error:
        whole = str(error)
    return engine, whole, _measure(Operators(data, graph), graph)


def _measure(operators: Operators, graph: Graph) -> Iterator[tuple[int, int, tuple[bytes, int, int] | str]]:
    for s, subgraph in enumerate(graph.subgraphs):
        for index, op in enumerate(subgraph.ops):
            if op.calls:
                continue
            try:
                alone = operators.cut_out(s, index)
                head, tail = call_apart(used_in, alone.data, alone.packed, package=PACKAGE, size=len(alone.data))
                yield s, index, (alone.data, head - alone.packed, tail)
            except ModelError as error:
                yield s, index, str(error)


def _room(graph: Graph) -> int:
    """The bytes of all tensors."""
    return sum(tensor.bytes or 0 for subgraph in graph.subgraphs for tensor in subgraph.tensors)


def _least_arena(data: bytes, low: int, high: int) -> int:
    """The least multiple of 16 from `low` to `high` in which the model in `data` can be prepared; `high` is enough."""
    low, high = low // _STEP, -(-high // _STEP)
    while low < high:
        middle = (low + high) // 2
        try:
            call_apart(used_in_exactly, data, middle * _STEP, package=PACKAGE)
            high = middle
        except ModelError:
            low = middle + 1
    return high * _STEP


def _engine() -> str:
    """The package that measures, and its version.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import_module("tflite_micro").runtime  # noqa: B018  # imported here, so that forked children need not import it
        engine = f"{PACKAGE} {version('tflite_micro')}"
    except (ImportError, PackageNotFoundError, AttributeError) as error:
        raise UsageError(f"{PACKAGE} cannot be imported: {error}", hint=install_command("tflm")) from None
    return engine


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
    return used_in(model.data, model.packed)[0] - model.packed


def used_in(model: bytes, packed: int) -> tuple[int, int]:
    """The bytes in the head and the tail of an arena with room for `packed` bytes of tensors, and more.

    Raises:
        ModelError: it cannot be set up, and why.
    """
    runtime, packed = import_module("tflite_micro").runtime, -(-packed // _STEP) * _STEP
    for room in _ROOMS[:-1]:
        try:
            return allocations_of(runtime, model, packed + room)
        except ModelError:
            continue
    return allocations_of(runtime, model, packed + _ROOMS[-1])


def used_in_exactly(model: bytes, arena_size: int) -> tuple[int, int]:
    """The bytes in the head and the tail of an arena of `arena_size` bytes.

    Raises:
        ModelError: it cannot be set up in it.
    """
    return allocations_of(import_module("tflite_micro").runtime, model, arena_size)


def head_of(runtime: Any, model: bytes, arena_size: int) -> int:
    """The bytes in the head of the arena, as `allocations_of` has them."""
    return allocations_of(runtime, model, arena_size)[0]


def allocations_of(runtime: Any, model: bytes, arena_size: int) -> tuple[int, int]:
    """The bytes in the head and the tail of the arena once `model` is set up; it may crash the process.

    Raises:
        ModelError: it cannot be set up in an arena of that size, or not at all.
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
    found = _FIGURES.search(text)
    if fault or found is None:
        lines = text.decode(errors="backslashreplace").split("\n")
        raise ModelError(next((line.strip() for line in lines if line.strip()), fault or "it prints no allocations"))
    return int(found[1]), int(found[2])
