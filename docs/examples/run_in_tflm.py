"""Run a model with one input and its planned version in TensorFlow Lite Micro, and compare outputs and arenas.

python run_in_tflm.py model.tflite planned.tflite
"""

import sys
from pathlib import Path

import numpy as np
from tflite_micro import runtime

LARGE = 1 << 26  # bytes of arena: 64 MiB, more than a microcontroller has


def run(path: str, arena: int = LARGE) -> np.ndarray:
    """The output of the model for fixed random numbers, in an arena of that many bytes."""
    interpreter = runtime.Interpreter.from_bytes(Path(path).read_bytes(), arena_size=arena)
    detail = interpreter.get_input_details(0)
    interpreter.set_input(np.random.default_rng(0).integers(-9, 9, detail["shape"]).astype(detail["dtype"]), 0)
    interpreter.invoke()
    interpreter.print_allocations()  # to standard error; a plan fills the head of the arena
    return interpreter.get_output(0)


def least_arena(path: str) -> int:
    """The bytes of the smallest arena in which the model runs."""
    low, high = 0, LARGE // 16  # in units of 16 bytes: too small, and large enough
    while high - low > 1:
        middle = (low + high) // 2
        try:
            run(path, 16 * middle)
            high = middle
        except RuntimeError:
            low = middle
    return 16 * high


model, planned = sys.argv[1:]
try:
    same = np.array_equal(run(model), run(planned))
except RuntimeError as error:  # the line above it, of the interpreter, says which operator or type it does not take
    sys.exit(f"TensorFlow Lite Micro does not run it: {error}")
if not same:
    sys.exit("the outputs differ")
print("the same outputs, bit for bit")
print(f"least arena {least_arena(model)} bytes, planned {least_arena(planned)}")
