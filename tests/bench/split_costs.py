"""Times of the kernels of TensorFlow Lite Micro, from which `tmpass/targets/run_time.py` estimates a run.

python tests/bench/split_costs.py

A model has one operator or nine of them, and the difference is divided by eight. Processor time, in nanoseconds: for
each element of the result, and what the estimate gives.
"""

import sys
import time
from importlib import import_module
from math import prod
from pathlib import Path
from statistics import median

if __name__ == "__main__":
    sys.path[:0] = [str(Path(__file__).parent.parent), str(Path(__file__).parents[2] / "models")]

import numpy as np
from support.interpreters import ROOM, _feed
from tflite_writer import Operator, Subgraph, Tensor, options, write_model

from tmpass.graph.layer import Padding, Window
from tmpass.splitting.prices import count_taps
from tmpass.targets.run_time import TFLM_TIMES

SECONDS, MANY = 0.25, 9
SHAPES = ((16, 16, 8), (16, 16, 64), (48, 48, 16), (6, 6, 128), (96, 96, 1))
KINDS = (
    "CONV_2D 1",
    "CONV_2D 3",
    "DEPTHWISE_CONV_2D 3",
    "AVERAGE_POOL_2D 3",
    "SLICE",
    "CONCATENATION",
    "PAD",
    "ADD",
    "RELU",
)
_Q = {"scales": [0.05], "zero": 3}


class _Drawing:
    """A model of some equal operators that all read its input."""

    def __init__(self, kind: str, shape: tuple[int, int, int]) -> None:
        self.kind, _, size = kind.partition(" ")
        self.size, self.shape = int(size or 1), (1, *shape)
        self.tensors = [Tensor("x", self.shape, "INT8", **_Q)]
        self.operators: list[Operator] = []

    def file(self, count: int) -> bytes:
        """The file with `count` operators."""
        for _ in range(count):
            inputs, shape, how, version = self.described()
            self.tensors.append(Tensor("y", shape, "INT8", **_Q))
            self.operators.append(Operator(self.kind, inputs, [len(self.tensors) - 1], how, version=version))
        return write_model([Subgraph(self.tensors, self.operators, [0], [len(self.tensors) - 1])])

    def described(self) -> tuple[list[int], tuple[int, ...], bytes | None, int]:
        """The inputs of one more operator, the shape of its result, its options and its version."""
        one, rows, columns, channels = self.shape
        window = {"stride_w": 1, "stride_h": 1, "dilation_w_factor": 1, "dilation_h_factor": 1}
        if self.kind == "CONV_2D":
            return (
                self.weights((channels, self.size, self.size, channels)),
                self.shape,
                options("Conv2DOptions", **window),
                3,
            )
        if self.kind == "DEPTHWISE_CONV_2D":
            how = options("DepthwiseConv2DOptions", depth_multiplier=1, **window)
            return self.weights((1, self.size, self.size, channels)), self.shape, how, 3
        if self.kind == "AVERAGE_POOL_2D":
            how = options("Pool2DOptions", stride_w=1, stride_h=1, filter_width=self.size, filter_height=self.size)
            return [0], self.shape, how, 1
        if self.kind == "SLICE":
            less = (one, rows - 1, columns, channels)
            return [0, self.numbers([0, 0, 0, 0]), self.numbers(less)], less, None, 1
        if self.kind == "CONCATENATION":
            return [0, 0], (one, 2 * rows, columns, channels), options("ConcatenationOptions", axis=1), 1
        if self.kind == "PAD":
            pads = self.numbers([[0, 0], [1, 1], [1, 1], [0, 0]])
            return [0, pads], (one, rows + 2, columns + 2, channels), options("PadOptions"), 1
        return ([0, 0], self.shape, options("AddOptions"), 2) if self.kind == "ADD" else ([0], self.shape, None, 1)

    def weights(self, shape: tuple[int, ...]) -> list[int]:
        """An operator's input, weights and bias."""
        values = np.random.default_rng(0).integers(-100, 100, shape).astype("i1")
        self.tensors.append(Tensor("w", shape, "INT8", data=values.tobytes(), scales=[0.01]))
        bias = np.arange(self.shape[3], dtype="<i4")
        self.tensors.append(Tensor("b", [len(bias)], "INT32", data=bias.tobytes(), scales=[0.0005]))
        return [0, len(self.tensors) - 2, len(self.tensors) - 1]

    def numbers(self, values: object) -> int:
        """A constant of whole numbers."""
        array = np.array(values, "<i4")
        self.tensors.append(Tensor("n", array.shape, "INT32", data=array.tobytes()))
        return len(self.tensors) - 1

    @property
    def made(self) -> tuple[int, ...]:
        """The shape of the result."""
        return tuple(self.tensors[-1].shape or ())


def measured(model: bytes) -> float:
    """The median processor time of many runs, in seconds."""
    interpreter = import_module("tflite_micro").runtime.Interpreter.from_bytes(model, arena_size=ROOM)
    _feed(interpreter, 1, 0)
    took, end = list[float](), time.process_time() + SECONDS
    while time.process_time() < end:
        start = time.process_time()
        interpreter.invoke()
        took.append(time.process_time() - start)
    return median(took)


def estimated(drawing: _Drawing) -> float:
    """The nanoseconds of one operator, by the rules."""
    elements = prod(drawing.made)
    if not drawing.kind.endswith("2D"):
        return TFLM_TIMES.of(drawing.kind, elements, 0, 0) / 1000
    window = Window(drawing.size)
    _, rows, columns, channels = drawing.made
    taps = channels * prod(count_taps(window, Padding.SAME, length, length) for length in (rows, columns))
    return TFLM_TIMES.of(drawing.kind, elements, taps, taps * (channels if drawing.kind == "CONV_2D" else 1)) / 1000


if __name__ == "__main__":
    for kind in KINDS:
        for shape in SHAPES:
            drawing = _Drawing(kind, shape)
            took = (measured(drawing.file(MANY)) - measured(_Drawing(kind, shape).file(1))) / (MANY - 1) * 1e9
            count, guess = prod(drawing.made), estimated(drawing)
            print(f"{kind:20} {shape!s:14} {took / count:8.2f} measured {guess / count:8.2f} estimated", flush=True)
