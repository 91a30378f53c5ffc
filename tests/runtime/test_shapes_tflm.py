"""What is known of shapes and fused activations that TensorFlow Lite Micro refuses, in the real interpreter."""

from importlib import import_module

import numpy as np
import pytest
from support.kernel_runs import RUNS, why_not
from tflite_writer import Operator, Options, Subgraph, Tensor, options, write_model
from tmpass.frontends.isolate import call_apart

from tmpass.base.errors import ModelError
from tmpass.loading.load import load
from tmpass.targets import find_not_run, load_target

pytestmark = pytest.mark.runtime

_NUMPY = {"FLOAT32": "f4", "INT8": "i1", "INT16": "i2", "INT32": "i4", "BOOL": "?"}
_COMPARE = ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")
_OPTIONS = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions", "DIV": "DivOptions"}
KINDS = [
    *((kind, dtype) for kind in ("ADD", "SUB", "MUL", "DIV", "MAXIMUM", "SQUARED_DIFFERENCE") for dtype in _NUMPY),
    *((kind, dtype) for kind in _COMPARE for dtype in ("FLOAT32", "INT8", "INT32")),
    ("FLOOR_DIV", "FLOAT32"),
    ("FLOOR_MOD", "FLOAT32"),
    ("LOGICAL_AND", "BOOL"),
    ("LOGICAL_OR", "BOOL"),
]


@pytest.fixture(autouse=True)
def installed():
    pytest.importorskip("tflite_micro")


def refused(data: bytes) -> bool:
    return any(fault.known for _, _, fault in find_not_run(load(data).graph, load_target("tflm")))


def model(kind, first, second, made, dtype, how: Options | None = None) -> bytes:
    how = options(_OPTIONS[kind]) if how is None and kind in _OPTIONS else how
    types = (dtype, dtype, "BOOL" if kind in _COMPARE else dtype)
    tensors = [
        Tensor(n, s, t, has_rank=True, scales=(4.0 if n == "c" else 0.5,) if t in ("INT8", "INT16") else ())
        for n, s, t in zip("abc", (first, second, made), types, strict=True)
    ]
    return write_model([Subgraph(tensors, [Operator(kind, [0, 1], [2], how)], [0, 1], [2])])


def output(data: bytes, *inputs: np.ndarray) -> bytes | None:
    """What the interpreter gives; None where it refuses the model, or ends."""
    try:
        return call_apart(_output, import_module("tflite_micro").runtime, data, inputs, package="tflite-micro")
    except ModelError:
        return None


def _output(runtime, data, inputs):
    try:
        interpreter = runtime.Interpreter.from_bytes(data, arena_size=1 << 20)
        for number, values in enumerate(inputs):
            interpreter.set_input(values, number)
        interpreter.invoke()
    except RuntimeError:
        return None
    return interpreter.get_output(0).tobytes()


@pytest.mark.parametrize(("kind", "dtype"), KINDS)
def test_what_is_taken_gives_the_values_of_one_axis(kind, dtype):
    """No model of up to 8 axes is taken that is wrong; up to 7, none is refused."""
    draws = np.random.default_rng(7)
    for axes in (1, 4, 6, 7, 8):
        full = [2 if at % 2 == 0 else 3 for at in range(axes)]
        stretched = [1 if at % 2 == 0 else 3 for at in range(axes)]
        for second in (full, [], [1], stretched, full[-1:]):
            data = model(kind, full, second, full, dtype)
            a, b = (draws.integers(1, 5, shape).astype(_NUMPY[dtype]) for shape in (full, second))
            wide = np.broadcast_to(b, full).reshape(-1).copy()
            right = output(model(kind, [a.size], [a.size], [a.size], dtype), a.reshape(-1).copy(), wide)
            if right is None:  # a type that the kernel does not take
                assert refused(data)
                continue
            assert axes == 8 or not refused(data)
            assert refused(data) or output(data, a, b) == right, (axes, second)


@pytest.mark.parametrize("activation", range(6))
@pytest.mark.parametrize("dtype", ["FLOAT32", "INT8", "INT16"])
def test_a_fused_activation_of_a_concatenation(activation, dtype):
    how = options("ConcatenationOptions", axis=1, fused_activation_function=activation)
    tensors = [
        Tensor(n, s, dtype, scales=(0.5,) if dtype != "FLOAT32" else ())
        for n, s in zip("abc", ([2, 3], [2, 3], [2, 6]), strict=True)
    ]
    data = write_model([Subgraph(tensors, [Operator("CONCATENATION", [0, 1], [2], how)], [0, 1], [2])])
    assert refused(data) == (why_not(data) != RUNS)
