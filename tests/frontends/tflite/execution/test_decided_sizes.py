"""A size that drawn values decide is a note on a right plan; one that given values decide is a fault of it."""

import numpy as np
import pytest
from tflite_writer import Operator, Subgraph, Tensor, write_model

import tmpass
from tmpass.api.execute import execute

pytest.importorskip("ai_edge_litert")
pytestmark = pytest.mark.runtime


def ints(name, *shape, **given):
    return Tensor(name, list(shape), "INT32", has_rank=True, **given)


def fill():
    """An array of [n, m] numbers; the file says [1, 1]."""
    one = Tensor("one", [], "FLOAT32", data=np.float32(1).tobytes())
    out = Tensor("out", [1, 1], "FLOAT32")
    return write_model([Subgraph([ints("n", 2), one, out], [Operator("FILL", [0, 1], [2])], [0], [2])])


def tile():
    """An array of 2 numbers, n times; the file says one."""
    tensors = [Tensor("x", [2], "FLOAT32"), ints("n", 1), Tensor("out", [1], "FLOAT32")]
    return write_model([Subgraph(tensors, [Operator("TILE", [0, 1], [2])], [0, 1], [2])])


def count():
    """The numbers from 0 to 20 in steps of n, which must not be 0; the file says one."""
    start, end = (ints(name, data=np.int32(number).tobytes()) for name, number in (("start", 0), ("end", 20)))
    return write_model(
        [Subgraph([start, end, ints("n"), ints("out", 1)], [Operator("RANGE", [0, 1, 2], [3])], [2], [3])]
    )


CASES = {"FILL": (fill, np.int32([2, 3])), "TILE": (tile, np.int32([3])), "RANGE": (count, np.int32(2))}


@pytest.mark.parametrize("kind", CASES)
def test_a_size_that_drawn_values_decide_is_a_note(kind):
    model = CASES[kind][0]()
    done = execute(tmpass.plan(model), model)
    assert done.violations == ()
    (note,) = done.notes
    assert note.startswith("tensor ")
    assert note.endswith(f"in the plan: values decide, and some were drawn ({kind} 'out')")


@pytest.mark.parametrize("kind", CASES)
def test_a_size_that_given_values_decide_is_a_violation(kind):
    build, number = CASES[kind]
    model = build()
    (found,) = execute(tmpass.plan(model), model, inputs={"n": number}).violations
    assert found.kind == "size"
    assert f"({kind} 'out') gives tensor " in found.message
