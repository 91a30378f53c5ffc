"""Real interpreters run a model, each in a child process: some crash on some models."""

import os
import re
import signal
import tempfile
from collections import Counter
from dataclasses import dataclass
from importlib import import_module
from zlib import crc32

import numpy as np
from tmpass.frontends.isolate import call_apart
from tmpass.frontends.tflite.tflm import head_of

from tmpass.base.errors import ModelError
from tmpass.loading.load import load

ROOM = 1 << 26
"""Bytes of arena: more than any of the models needs."""

PATIENCE = 20
"""Seconds of computing after which a run counts as one without end."""


@dataclass(frozen=True)
class Ran:
    """What came of runs one after the other with inputs drawn anew: the bytes of every output of every run, and the
    bytes of the arena that hold activations.
    """

    arena: int
    outputs: tuple[tuple[bytes, ...], ...]


def draw(shape, dtype, seed) -> np.ndarray:
    """The same values for the same seed, within reach of a loop's counter."""
    rng = np.random.default_rng(seed)
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if kind.itemsize == 1:
        return rng.integers(np.iinfo(kind).min, np.iinfo(kind).max, shape, dtype=kind, endpoint=True)
    if kind.kind in "iu":
        return rng.integers(0, 10, shape, dtype=kind)
    return rng.normal(0, 2, shape).astype(kind)


def run_tflm(model: bytes, runs: int = 2) -> Ran:
    """`model` in TensorFlow Lite Micro.

    Raises:
        ModelError: it does not run there.
    """
    return call_apart(_tflm, import_module("tflite_micro").runtime, model, runs, package="tflite-micro")


def _tflm(runtime, model: bytes, runs: int) -> Ran:
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    head = head_of(runtime, model, ROOM)
    interpreter = runtime.Interpreter.from_bytes(model, arena_size=ROOM)
    main = load(model).graph.subgraphs[0]
    made = []
    for turn in range(runs):
        try:
            _feed(interpreter, len(main.inputs), turn)
            interpreter.invoke()
        except RuntimeError as error:
            raise ModelError(str(error)) from None
        made.append(tuple(np.array(interpreter.get_output(i)).tobytes() for i in range(len(main.outputs))))
    return Ran(head, tuple(made))


def _feed(interpreter, inputs: int, turn: int) -> None:
    for index in range(inputs):
        details = interpreter.get_input_details(index)
        interpreter.set_input(draw(details["shape"], details["dtype"], (turn, index)), index)


def tflm_used(model: bytes) -> tuple[int, int]:
    """The bytes of head and tail once `model` is set up in the interpreter, in a process of its own.

    Raises:
        ModelError: it cannot be set up.
    """
    return call_apart(_tflm_used, model, package="tflite-micro")


def _tflm_used(model: bytes) -> tuple[int, int]:
    with tempfile.TemporaryFile() as said:
        before = os.dup(2)
        os.dup2(said.fileno(), 2)
        try:
            import_module("tflite_micro").runtime.Interpreter.from_bytes(model, arena_size=ROOM).print_allocations()
        finally:
            os.dup2(before, 2)
            os.close(before)
        said.seek(0)
        text = said.read()
    head, tail = (int(re.search(rb"allocation %s (\d+)" % part, text)[1]) for part in (b"head", b"tail"))  # type: ignore[index]
    return head, tail


def tflm_used_of_each(models: list[bytes], together: int = 32) -> list[tuple[int, int] | None]:
    """`tflm_used` of many small models, None where one cannot be set up.

    One process sets up `together` of them, since starting it takes longer than a small model does. Where one ends the
    process, each has its own.
    """
    if together == 1:
        return [_used_or_none(model) for model in models]
    found: list[tuple[int, int] | None] = []
    for start in range(0, len(models), together):
        batch = models[start : start + together]
        try:
            found += call_apart(_each_used, batch, package="tflite-micro")
        except ModelError:
            found += tflm_used_of_each(batch, 1)
    return found


def _each_used(models: list[bytes]) -> list[tuple[int, int] | None]:
    return [_tflm_used_or_none(model) for model in models]


def _tflm_used_or_none(model: bytes) -> tuple[int, int] | None:
    try:
        return _tflm_used(model)
    except RuntimeError:
        return None


def _used_or_none(model: bytes) -> tuple[int, int] | None:
    try:
        return tflm_used(model)
    except ModelError:
        return None


def least_arena(model: bytes, head: int) -> int:
    """The fewest bytes, in steps of 16, with which TensorFlow Lite Micro sets up and runs `model`, whose `head` is
    known. It must run.
    """
    low, high = head, head + 1024
    while not fits_arena(model, high):
        low, high = high, head + 2 * (high - head)
        assert high < ROOM
    while high - low > 16:
        middle = low + (high - low) // 32 * 16
        low, high = (low, middle) if fits_arena(model, middle) else (middle, high)
    assert fits_arena(model, high, run=True)
    return high


def fits_arena(model: bytes, size: int, *, run: bool = False) -> bool:
    """Whether TensorFlow Lite Micro sets up `model`, and runs it where `run` says so, in an arena of `size` bytes."""
    runtime, inputs = import_module("tflite_micro").runtime, len(load(model).graph.subgraphs[0].inputs)
    try:
        call_apart(_once, runtime, model, inputs, size, run, package="tflite-micro")
    except ModelError:
        return False
    return True


def _once(runtime, model: bytes, inputs: int, size: int, run: bool) -> None:
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    try:
        interpreter = runtime.Interpreter.from_bytes(model, arena_size=size)
        if run:
            _feed(interpreter, inputs, 0)
            interpreter.invoke()
    except RuntimeError as error:
        raise ModelError(str(error)) from None


def run_litert(model: bytes, runs: int = 2, *, reference: bool = False) -> Ran:
    """`model` in LiteRT without delegates; the arena is the stretch of addresses that its tensors take.

    With `reference`, its reference kernels run. The others may add floats in another order for other shapes.

    Raises:
        ModelError: it does not run there.
    """
    package = import_module("ai_edge_litert.interpreter")
    return call_apart(_litert, package, model, runs, reference, package="ai-edge-litert")


def _litert(package, model: bytes, runs: int, reference: bool) -> Ran:
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    known = package.OpResolverType
    kernels = known.BUILTIN_REF if reference else known.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    try:
        interpreter, other = (
            package.Interpreter(model_content=model, experimental_op_resolver_type=kernels, num_threads=1)
            for _ in range(2)
        )
        interpreter.allocate_tensors()
        other.allocate_tensors()
        arena = _extent(interpreter, other, load(model).graph.subgraphs[0])
        made = []
        for turn in range(runs):
            for details in interpreter.get_input_details():
                seed = (turn, crc32(details["name"].encode()))
                interpreter.set_tensor(details["index"], draw(details["shape"], details["dtype"], seed))
            interpreter.invoke()
            outputs = interpreter.get_output_details()
            made.append(tuple(np.asarray(interpreter.get_tensor(o["index"])).tobytes() for o in outputs))
    except (RuntimeError, ValueError) as error:
        raise ModelError(str(error)) from None
    return Ran(arena, tuple(made))


def _extent(first, second, main) -> int:
    """From the lowest to the highest byte of the main subgraph's activations in the arena of the interpreter `first`.

    `second` has the same model: what is as far from there as most is in the arena, and what is not has a piece of the
    heap to itself.
    """
    spans, distances = {}, Counter()
    for index in sorted(main.used):
        if main.tensors[index].kind != "activation" or main.tensors[index].dtype.bits is None:
            continue
        try:
            one, other = first.tensor(index)(), second.tensor(index)()
        except ValueError:  # LiteRT has no memory for it: nobody reads it, or its size is not known yet
            continue
        address, mirrored = (array.__array_interface__["data"][0] for array in (one, other))
        if one.nbytes:
            spans[index] = (address, address + one.nbytes, mirrored - address)
            distances[mirrored - address] += 1
    arena = max(distances, key=distances.__getitem__, default=0)
    inside = [(low, high) for low, high, distance in spans.values() if distance == arena]
    return max((high for _, high in inside), default=0) - min((low for low, _ in inside), default=0)
