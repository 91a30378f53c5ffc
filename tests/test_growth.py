"""Time that grows no faster than what goes in: families of problems and models at a size where a square would show."""

import random
import time

import pytest
from onnx import TensorProto, helper
from support.graphs import Sketch, graph_of
from support.planning import ALL, INFO

from tmpass.api.plan import plan
from tmpass.loading.load import Model
from tmpass.packing.allocate import allocate
from tmpass.packing.check import check_offsets
from tmpass.packing.problem import Buffer, Gap, Problem

SECONDS = 30.0
"""Of processor time, ten times or more of what each takes on an idle machine; a square takes minutes."""


def gaps(many, buffers=20):
    cut = tuple(Gap(2 * i + 1, 2 * i + 2) for i in range(many))
    return Problem(tuple(Buffer(str(i), 0, 2 * many + 1, 100 + i, gaps=cut) for i in range(buffers)))


def windows(many, buffers=20):
    cut = tuple(Gap(2 * i + 1, 2 * i + 2, 0, i % 64) for i in range(many))
    return Problem(tuple(Buffer(str(i), 0, 2 * many + 1, 100 + i, gaps=cut) for i in range(buffers)))


def alive_at_once(count):
    return Problem(tuple(Buffer(str(i), 0, 10, 64 + i) for i in range(count)))


def alive_beside_gaps(count):
    """Some have a gap, and one has many."""
    cut = tuple(Gap(2 * i + 1, 2 * i + 2, 0, 64) for i in range(count // 4))
    first = Buffer("0", 0, count, 128, gaps=cut)
    few = (Gap(3, 4),)
    return Problem(
        (first, *(Buffer(str(i), 0, count, 64 + i % 97, gaps=few if i % 1000 == 0 else ()) for i in range(1, count)))
    )


def crowded(count):
    """Random live ranges, each a third of all steps or more: no packing meets the bound."""
    drawn = random.Random(1)
    rows = ((drawn.randrange(count), drawn.randrange(count // 3, count * 2 // 3)) for _ in range(count))
    return Problem(tuple(Buffer(str(i), a, a + b, drawn.randint(1, 5000)) for i, (a, b) in enumerate(rows)))


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
    [gaps(10_000), windows(5_000), alive_at_once(20_000), alive_at_once(100_000), alive_beside_gaps(40_000),
     star(20_000), links(20_000), links(200_000), shared_gaps(2_000), apart_from_one(20_000)],
    ids=["gaps", "windows", "alive at once", "100,000 at once", "alive beside gaps", "star", "links", "200,000 links",
         "shared gaps", "apart from one"],
)  # fmt: skip
def test_a_problem_is_allocated_and_checked_in_seconds(problem):
    begin = time.process_time()
    found = allocate(problem)
    assert check_offsets(problem, found.offsets) == []
    assert time.process_time() - begin < SECONDS
    assert found.peak == found.lower_bound


@pytest.mark.slow
def test_a_crowd_that_no_method_packs_at_its_bound_takes_time_in_proportion_to_its_size():
    """The searches spend all their nodes here, so the time on an idle machine is near a limit in seconds."""
    taken = []
    for count in (10_000, 20_000):
        problem = crowded(count)
        begin = time.process_time()
        found = allocate(problem)
        assert check_offsets(problem, found.offsets) == []
        taken.append(time.process_time() - begin)
        assert found.peak < 1.1 * found.lower_bound
    assert taken[1] < 3 * taken[0]


def _graph(nodes, given, taken):
    ends = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [size]) for name, size in side]
        for side in (given, taken)
    ]
    graph = helper.make_graph(nodes, "grown", *ends)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def _node(kind, given, taken, **attributes):
    return helper.make_node(kind, given, taken, **attributes)


def joined_inputs(count):
    nodes = [_node("Concat", [f"t{i}" for i in range(count)], ["y"], axis=0), _node("Abs", ["y"], ["z"])]
    return _graph(nodes, [(f"t{i}", 4) for i in range(count)], [("z", 4 * count)])


def joined_results(count):
    nodes = [_node("Tanh", ["x"], [f"t{i}"]) for i in range(count)]
    nodes += [_node("Concat", [f"t{i}" for i in range(count)], ["y"], axis=0), _node("Abs", ["y"], ["z"])]
    return _graph(nodes, [("x", 4)], [("z", 4 * count)])


def split_and_joined(count):
    pieces = [f"t{i}" for i in range(count)]
    nodes = [_node("Split", ["x"], pieces, axis=0), _node("Concat", pieces, ["y"], axis=0)]
    return _graph(nodes, [("x", 4 * count)], [("y", 4 * count)])


def chain(count):
    return _graph([_node("Abs", [f"t{i}"], [f"t{i + 1}"]) for i in range(count)], [("t0", 4)], [(f"t{count}", 4)])


def joins_of_joins(count):
    nodes, last = [], "x"
    for i in range(count):
        nodes += [_node("Tanh", ["x"], [f"n{i}"]), _node("Concat", [last, f"n{i}"], [f"c{i}"], axis=0)]
        last = f"c{i}"
    return _graph(nodes, [("x", 4)], [(last, 4 * count + 4)])


def made_and_then_read(count):
    """As many tensors alive at once, of which any order may make any first."""
    nodes = [_node("ReduceSum", ["x"], [f"t{i}"]) for i in range(count)]
    nodes += [_node("ReduceSum", [f"t{i}"], [f"u{i}"]) for i in reversed(range(count))]
    return _graph(nodes, [("x", 4)], [("u0", 1)])


@pytest.mark.slow
@pytest.mark.parametrize("target", [ALL, "pixel6-tpu", "litert-cpu"], ids=["all", "pixel6-tpu", "litert-cpu"])
@pytest.mark.parametrize(
    "model",
    [joined_inputs(20_000), joined_results(20_000), split_and_joined(20_000), chain(20_000), joins_of_joins(6_000),
     made_and_then_read(10_000)],
    ids=["joined inputs", "joined results", "split and joined", "chain", "joins of joins", "made and then read"],
)  # fmt: skip
def test_a_model_is_planned_in_seconds(model, target):
    begin = time.process_time()
    plan(model, target)
    assert time.process_time() - begin < SECONDS


def tied_apart(count):
    """As many caches, each updated by an operator of its own."""
    sketch = Sketch()
    past, step = [sketch.input(4) for _ in range(count)], sketch.input(4)
    sketch.outputs = [sketch.op([x, step], 4, kind="ScatterND") for x in past]
    return sketch, past


def tied_by_views(count):
    sketch = Sketch()
    past = [sketch.input(4) for _ in range(count)]
    sketch.outputs = [sketch.view(sketch.unary(sketch.view(sketch.view(x)))) for x in past]
    return sketch, past


def tied_pieces(count, *, unary=True):
    """Outputs that are pieces of one tensor, tied to inputs that are pieces of another one, or of the same."""
    sketch = Sketch()
    past = [sketch.input(4) for _ in range(count)]
    whole = sketch.concat(*past)
    first = sketch.split(sketch.unary(whole) if unary else whole, *[4] * count)
    sketch.outputs = list(range(first, first + count))
    return sketch, past


def tied_results(count):
    """Outputs that are read by one operator as pieces of a larger tensor."""
    sketch = Sketch()
    past = [sketch.input(4) for _ in range(count)]
    made = [sketch.unary(x) for x in past]
    sketch.outputs = [*made, sketch.op([sketch.concat(*made)], 4)]
    return sketch, past


def read_after(count):
    """Inputs that the file reads after all outputs are written."""
    sketch = Sketch()
    past, step = [sketch.input(4) for _ in range(count)], sketch.input(4)
    made = [sketch.op([step], 4) for _ in past]
    sketch.outputs = [*made, *(sketch.op([x], 1) for x in past)]
    return sketch, past


@pytest.mark.slow
@pytest.mark.parametrize(
    "drawn",
    [tied_apart(10_000), tied_by_views(5_000), tied_pieces(10_000), tied_pieces(10_000, unary=False),
     tied_results(10_000), tied_results(4_000), read_after(10_000)],
    ids=["apart", "by views", "pieces", "the same pieces", "results", "fewer results", "read after"],
)  # fmt: skip
def test_many_ties_are_planned_in_seconds(drawn):
    sketch, past = drawn
    names = [tensor.name for tensor in sketch.tensors]
    ties = {names[output]: names[given] for output, given in zip(sketch.outputs, past, strict=False)}
    begin = time.process_time()
    made = plan(Model(INFO, graph_of(sketch)), ALL, tie=ties, states=1000)
    assert time.process_time() - begin < SECONDS
    rows = {row.name: (row.buffer, row.offset) for row in made.tensors}
    assert all(rows[output] == rows[given] for output, given in ties.items())


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
