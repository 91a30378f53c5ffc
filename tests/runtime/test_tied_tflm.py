"""State in TensorFlow Lite Micro: an output that is tied to an input is there for the next run."""

import numpy as np
import pytest
from sketch import Sketch
from tflite_writer import options, write_model

import tmpass

pytestmark = pytest.mark.runtime


def accumulator() -> bytes:
    """Next = state + x, by way of a reshape; y = next * next."""
    main = Sketch()
    state, x = main.input("state", [1, 8]), main.input("x", [1, 8])
    added = main.op("ADD", [state, x], "next", [1, 8], options("AddOptions", fused_activation_function=0))
    main.outputs = [
        main.op("MUL", [added, added], "y", [1, 8], options("MulOptions", fused_activation_function=0)),
        added,
    ]
    return write_model([main.subgraph()])


def test_what_a_run_leaves_is_what_the_next_one_begins_with():
    runtime = pytest.importorskip("tflite_micro").runtime
    model = accumulator()
    plan = tmpass.plan(model, "tflm", tie={"next": "state"})
    assert plan.memories[0].peak == 64
    interpreter = runtime.Interpreter.from_bytes(tmpass.planned_model(plan, model), arena_size=1 << 16)
    x = np.arange(8, dtype=np.float32).reshape(1, 8)
    interpreter.set_input(np.zeros((1, 8), np.float32), 0)
    for run in (1, 2, 3):
        interpreter.set_input(x, 1)  # and the state stays where the last run has written it
        interpreter.invoke()
        assert (interpreter.get_output(0) == (run * x) ** 2).all()
        assert (interpreter.get_output(1) == run * x).all()


def test_without_the_tie_the_state_is_where_it_was():
    runtime = pytest.importorskip("tflite_micro").runtime
    model = accumulator()
    plan = tmpass.plan(model, "tflm")
    interpreter = runtime.Interpreter.from_bytes(tmpass.planned_model(plan, model), arena_size=1 << 16)
    x = np.arange(8, dtype=np.float32).reshape(1, 8)
    interpreter.set_input(np.zeros((1, 8), np.float32), 0)
    interpreter.set_input(x, 1)
    interpreter.invoke()
    places = {t.name: t.offset for t in plan.tensors}
    assert len({places["state"], places["next"]}) == 2
