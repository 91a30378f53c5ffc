"""Run a model with one input and its planned version in TensorFlow Lite Micro, and compare the outputs.

python run_in_tflm.py model.tflite planned.tflite
"""

import sys
from pathlib import Path

import numpy as np
from tflite_micro import runtime


def run(path: str) -> np.ndarray:
    """The output of the model for fixed random numbers."""
    interpreter = runtime.Interpreter.from_bytes(Path(path).read_bytes(), arena_size=1 << 20)
    detail = interpreter.get_input_details(0)
    interpreter.set_input(np.random.default_rng(0).integers(-9, 9, detail["shape"]).astype(detail["dtype"]), 0)
    interpreter.invoke()
    interpreter.print_allocations()  # to standard error; a plan fills the head of the arena
    return interpreter.get_output(0)


model, planned = sys.argv[1:]
np.testing.assert_array_equal(run(model), run(planned))
print("the same outputs, bit for bit")
