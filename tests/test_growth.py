"""Time that grows no faster than what goes in: families of problems and models at a size where a square would show."""

import time

import pytest
from onnx import TensorProto, helper
from support.planning import ALL

from tmpass.allocate import allocate
from tmpass.pipeline import plan
from tmpass.problem import Buffer, Gap, Problem
from tmpass.verify.allocation import check_offsets

SECONDS = 12.0
"""Of processor time, ten times what each takes on an idle machine; a square takes minutes."""


def gaps(many, buffers=20):
    cut = tuple(Gap(2 * i + 1, 2 * i + 2) for i in range(many))
    return Problem(tuple(Buffer(str(i), 0, 2 * many + 1, 100 + i, gaps=cut) for i in range(buffers)))


def windows(many, buffers=20):
    cut = tuple(Gap(2 * i + 1, 2 * i + 2, 0, i % 64) for i in range(many))
    return Problem(tuple(Buffer(str(i), 0, 2 * many + 1, 100 + i, gaps=cut) for i in range(buffers)))


def alive_at_once(count):
    return Problem(tuple(Buffer(str(i), 0, 10, 64 + i) for i in range(count)))


def star(count):
    return Problem(
        tuple(Buffer(str(i), 0, 10, 64) for i in range(count)), shared=tuple((0, i) for i in range(1, count))
    )


def links(count):
    buffers = tuple(Buffer(str(i), i, i + 2, 64 + i % 7) for i in range(count))
    return Problem(buffers, shared=tuple((i - 1, i) for i in range(1, count)))


def shared_gaps(many, buffers=60):
    return Problem(gaps(many, buffers).buffers, shared=tuple((0, i) for i in range(1, buffers)))


def apart_from_one(count):
    buffers = (Buffer("0", 0, count + 3, 64), *(Buffer(str(i), i, i + 3, 64) for i in range(1, count)))
    return Problem(buffers, apart=tuple((0, i) for i in range(1, count)))


@pytest.mark.slow
@pytest.mark.parametrize(
    "problem",
    [gaps(10_000), windows(5_000), alive_at_once(20_000), star(20_000), links(20_000), shared_gaps(2_000),
     apart_from_one(20_000)],
    ids=["gaps", "windows", "alive at once", "star", "links", "shared gaps", "apart from one"],
)  # fmt: skip
def test_a_problem_is_allocated_and_checked_in_seconds(problem):
    begin = time.process_time()
    found = allocate(problem)
    assert check_offsets(problem, found.offsets) == []
    assert time.process_time() - begin < SECONDS
    assert found.peak == found.lower_bound


@pytest.mark.slow
def test_a_wide_concat_is_planned_in_seconds():
    """Thousands of operators can run in any order, and none of these is better: the search for one must end."""
    count = 5_000
    nodes = [helper.make_node("Tanh", ["x"], [f"t{i}"]) for i in range(count)]
    nodes += [helper.make_node("Concat", [f"t{i}" for i in range(count)], ["y"], axis=0)]
    nodes += [helper.make_node("ReduceSum", ["y"], ["z"])]
    x, z = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [size]) for name, size in (("x", 4), ("z", 1)))
    graph = helper.make_graph(nodes, "wide", [x], [z])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    begin = time.process_time()
    made = plan(model, ALL)
    assert time.process_time() - begin < 3 * SECONDS
    assert made.memories[0].peak < 16 * count + 64
