"""Run a model and its planned version in TensorFlow Lite Micro, and compare outputs and arenas.

python run_in_tflm.py model.tflite planned.tflite

Each run is a child process: in an arena that is too small, the interpreter crashes on some models, as on those with
LSTMs, and never ends on others, as on those with loops.
"""

import itertools
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tflite_micro import runtime

LARGE = 1 << 26  # bytes of arena: 64 MiB, more than a microcontroller has
LONG = 120.0  # seconds for a run in that arena
FORK = multiprocessing.get_context("fork")


def ends(details: Callable[[int], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The details of all inputs, or of all outputs."""
    for index in itertools.count():
        try:
            yield details(index)
        except IndexError:
            return


def draw(numbers: np.random.Generator, shape: np.ndarray, dtype: type) -> np.ndarray:
    """Random values: over the whole range for integers of 8 and 16 bits, small for others, which may be indices.

    Some models of int8 end the interpreter where their inputs, and so all classes of a SOFTMAX, are nearly equal.
    """
    if np.issubdtype(dtype, np.integer) and np.dtype(dtype).itemsize <= 2:
        ends = np.iinfo(dtype)
        return numbers.integers(ends.min, ends.max, shape, dtype, endpoint=True)
    return numbers.integers(-9, 9, shape).astype(dtype)


def compute(path: str, arena: int) -> list[bytes]:
    """The outputs of the model for fixed random numbers, in an arena of that many bytes."""
    interpreter = runtime.Interpreter.from_bytes(Path(path).read_bytes(), arena_size=arena)
    numbers = np.random.default_rng(0)
    for index, detail in enumerate(ends(interpreter.get_input_details)):
        interpreter.set_input(draw(numbers, detail["shape"], detail["dtype"]), index)
    interpreter.invoke()
    interpreter.print_allocations()  # to standard error; a plan fills the head of the arena
    count = len(list(ends(interpreter.get_output_details)))
    return [interpreter.get_output(index).tobytes() for index in range(count)]


def run(path: str, arena: int = LARGE, seconds: float = LONG) -> list[bytes] | str:
    """The outputs of the model, or why there are none."""
    receiver, sender = FORK.Pipe(duplex=False)

    def answer() -> None:
        try:
            sender.send(compute(path, arena))
        except RuntimeError as error:
            sender.send(str(error))

    child = FORK.Process(target=answer)
    child.start()
    sender.close()  # so that the end of the child is the end of the file
    try:
        return receiver.recv() if receiver.poll(seconds) else f"a run has not ended within {seconds:.0f} s"
    except EOFError:
        child.join()
        return f"it crashed, with exit code {child.exitcode}"
    finally:
        child.kill()
        child.join()


def least_arena(path: str, seconds: float) -> int:
    """The bytes of the smallest arena in which the model runs; one in which it crashes or never ends is too small."""
    low, high = 0, LARGE // 16  # in units of 16 bytes: too small, and large enough
    while high - low > 1:
        middle = (low + high) // 2
        if isinstance(run(path, 16 * middle, seconds), str):
            low = middle
        else:
            high = middle
    return 16 * high


model, planned = sys.argv[1:]
start = time.monotonic()
outputs, again = run(model), run(planned)
taken = time.monotonic() - start
for path, made in ((model, outputs), (planned, again)):
    if isinstance(made, str):  # the line above it, of the interpreter, says which operator or type it does not take
        sys.exit(f"TensorFlow Lite Micro does not run {path} in {LARGE >> 20} MiB: {made}")
if outputs != again:
    sys.exit("the outputs differ")
print("the same outputs, bit for bit", flush=True)
patience = 2 + 20 * taken
print(f"least arena {least_arena(model, patience)} bytes, planned {least_arena(planned, patience)}")
