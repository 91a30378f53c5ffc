"""Model files with a plan in them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper
from sketch import Sketch
from tflite_writer import Tensor, write_model

from tmpass.api.plan import plan
from tmpass.api.planned_model import operator_orders, original_model, planned_model, tensor_offsets
from tmpass.base.errors import UsageError, VerificationError
from tmpass.graph.model import TensorKind
from tmpass.loading.load import load
from tmpass.loading.registry import names_model


def late_reader() -> bytes:
    """Two long tensors, of which the file makes both before it shortens one: another order needs less."""
    main = Sketch()
    x = main.input("x", [1])
    shape = main.constant("n", np.array([1600], "int32"))
    axis = main.constant("axis", np.array([0], "int32"))
    a, b = (main.op("BROADCAST_TO", [x, shape], name, [1600]) for name in "ab")
    c, d = (main.op("SUM", [t, axis], name, [1]) for t, name in ((a, "c"), (b, "d")))
    main.outputs = [main.op("ADD_N", [c, d], "y", [1])]
    main.tensors.append(Tensor("nobody reads this", [8]))
    return write_model([main.subgraph()])


def test_the_order_of_the_plan_is_the_order_of_the_file():
    data = late_reader()
    made = plan(data, "tflm")
    assert made.order.method == "least-peak"
    planned = planned_model(made, data)
    assert [op.name for op in load(planned).graph.subgraphs[0].ops] == [row.name for row in made.schedule]
    # What the file then says of itself is as small.
    assert plan(planned, "tflm", schedule="given").memories[0].peak == made.memories[0].peak
    assert original_model(planned) == data


def test_a_plan_goes_into_a_file_that_carries_one():
    data = late_reader()
    given, best = plan(data, "tflm", schedule="given"), plan(data, "tflm")
    assert planned_model(best, planned_model(given, data)) == planned_model(best, data)


def test_a_planned_file_is_not_its_original():
    data = late_reader()
    planned = planned_model(plan(data, "tflm"), data)
    with pytest.raises(UsageError, match="before it was planned this one has"):
        planned_model(plan(planned, "tflm"), planned)
    with pytest.raises(UsageError, match="it has no plan of tmpass"):
        original_model(data)


def test_a_wrong_plan_stays_out():
    data = late_reader()
    made = plan(data, "tflm")
    wrong = replace(made, buffers=tuple(replace(b, offset=0) for b in made.buffers))
    with pytest.raises(VerificationError, match="the plan is wrong"):
        planned_model(wrong, data)


def test_a_plan_that_does_not_fit_stays_out():
    data = late_reader()
    least = plan(data, "tflm").memories[0].needed
    assert planned_model(plan(data, "tflm", budget=least), data)
    small = plan(data, "tflm", budget=least - 16)
    with pytest.raises(UsageError, match=r"the plan does not fit: 16 B are missing in arena; plan it for a larger"):
        planned_model(small, data)


def test_orders_and_offsets_are_those_of_the_plan():
    data = late_reader()
    made, graph = plan(data, "tflm"), load(data).graph
    assert operator_orders(made, graph) == [[row.op for row in made.schedule]]
    (offsets,) = tensor_offsets(made, graph)
    for row in made.tensors:
        constant = graph.tensor((row.subgraph, row.index)).kind is TensorKind.CONSTANT
        untouched = row.name == "nobody reads this"
        assert offsets[row.index] == (-1 if constant else 0 if untouched else row.offset)


def test_an_onnx_model_carries_a_plan_and_gives_it_back():
    x, y = (helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [4]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Tanh", ["x"], ["y"])], "g", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    made = planned_model(plan(model), model)
    assert planned_model(plan(model), made) == made
    assert original_model(made) == model.SerializeToString(deterministic=True)


def test_the_plan_in_a_file_names_no_file_so_that_planning_again_gives_the_same(tmp_path):
    path = Path(__file__).parents[2] / "models" / "branchy.onnx"
    other = tmp_path / "other.onnx"
    other.write_bytes(path.read_bytes())
    assert planned_model(plan(path), path) == planned_model(plan(other), other)


@pytest.mark.parametrize(
    ("path", "expected"), [("a.tflite", True), ("a.TFLITE", True), ("a.onnx", True), ("a.json", False), ("-", False)]
)
def test_the_suffix_tells_the_kind_of_file(path, expected):
    assert names_model(path) is expected
