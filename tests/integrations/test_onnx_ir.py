"""The pass for onnx_ir does to a model in memory what tmpass plan does to its file."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import checker, parser
from support.onnx_outputs import session, some_inputs

import tmpass
from tmpass.api.planned_model import original_model, planned_model
from tmpass.base.errors import TmpassError

ir = pytest.importorskip("onnx_ir")
PlanMemory = pytest.importorskip("tmpass.integrations.onnx_ir").PlanMemory

MODELS = Path(__file__).parent.parent.parent / "models"
LATE = """<ir_version: 8, opset_import: ["": 17]> g (float[64] x) => (float[1] y) {
    a = Concat <axis = 0> (x, x, x, x)
    b = Concat <axis = 0> (x, x, x, x)
    c = ReduceMean (a)
    d = ReduceMean (b)
    y = Add (c, d)
}"""


def through(data, *arguments, **options):
    """The file that comes of a model through the pass, and what the pass says."""
    model = ir.from_proto(onnx.load_model_from_string(data))
    result = PlanMemory(*arguments, **options)(model)
    assert result.model is model
    return ir.to_proto(model), result


def props(message):
    return {entry.key: entry.value for entry in message.metadata_props if entry.key != "tmpass.plan"}


def annotated(graph):
    """What is said of nodes and values, in their order, bodies inside."""
    found = []
    for node in graph.node:
        found.append((node.op_type, tuple(node.output), props(node)))
        for attribute in node.attribute:
            found += annotated(attribute.g) if attribute.HasField("g") else []
    values = {v.name: props(v).get("tmpass.offset") for v in (*graph.input, *graph.output, *graph.value_info)}
    return [*found, {name: offset for name, offset in values.items() if offset is not None}]


@pytest.mark.parametrize(
    ("name", "bind"), [("branchy", {}), ("control_flow", {}), ("attention", {"batch": 1, "seq": 16})]
)
def test_the_metadata_are_those_of_the_planned_file(name, bind):
    data = (MODELS / f"{name}.onnx").read_bytes()
    made, _ = through(data, bind=bind, share="none")
    file = onnx.load_model_from_string(planned_model(tmpass.plan(data, bind=bind, share="none"), data))
    assert annotated(made.graph) == annotated(file.graph)
    checker.check_model(made)
    assert made.ir_version == 10


def test_nodes_are_put_in_the_planned_order_and_compute_the_same():
    data = parser.parse_model(LATE).SerializeToString()
    made, result = through(data)
    assert result.modified
    assert [node.output[0] for node in made.graph.node] in (["a", "c", "b", "d", "y"], ["b", "d", "a", "c", "y"])
    before, after = session(data), session(made.SerializeToString())
    inputs = some_inputs(before)
    np.testing.assert_array_equal(before.run(None, inputs)[0], after.run(None, inputs)[0])


def test_the_plan_is_on_the_model():
    made, _ = through(parser.parse_model(LATE).SerializeToString(), "tflm", alignment=32)
    (text,) = (entry.value for entry in made.metadata_props if entry.key == "tmpass.plan")
    plan = tmpass.parse_plan(text)
    assert (plan.target.name, plan.memories[0].alignment) == ("tflm", 32)


def test_the_plan_is_of_the_nodes_in_their_new_order():
    model = ir.from_proto(parser.parse_model(LATE))
    assert PlanMemory()(model).modified
    plan = tmpass.parse_plan(model.metadata_props["tmpass.plan"])
    assert [step.op for step in plan.schedule] == list(range(5))
    assert not PlanMemory()(model).modified


def test_a_pass_manager_comes_to_an_end():
    model = ir.from_proto(parser.parse_model(LATE))
    again = []

    class Counted(PlanMemory):
        def call(self, model):
            again.append(None)
            return super().call(model)

    ir.passes.PassManager([Counted()], steps=9)(model)
    assert len(again) == 2  # once to plan, once to see that nothing changes


def test_weights_are_not_read_and_not_changed():
    weights = np.arange(1 << 16, dtype=np.float32)
    model = parser.parse_model(
        '<ir_version: 10, opset_import: ["": 17]> g (float[65536] x) => (float[65536] y) { y = Add(x, w) }'
    )
    model.graph.initializer.append(onnx.numpy_helper.from_array(weights, "w"))
    made, _ = through(model.SerializeToString())
    np.testing.assert_array_equal(onnx.numpy_helper.to_array(made.graph.initializer[0]), weights)


def test_tmpass_takes_the_plan_off_the_saved_file_again():
    made, _ = through((MODELS / "branchy.onnx").read_bytes())
    left = original_model(made.SerializeToString())
    assert b"tmpass." not in left
    assert tmpass.plan(left).memories == tmpass.plan(MODELS / "branchy.onnx").memories


def test_an_error_of_tmpass_is_one_and_leaves_the_model_as_it_was():
    data = (MODELS / "attention.onnx").read_bytes()
    model = ir.from_proto(onnx.load_model_from_string(data))
    before = ir.to_proto(model).SerializeToString(deterministic=True)
    with pytest.raises(TmpassError, match="bind batch=N"):
        PlanMemory()(model)
    assert ir.to_proto(model).SerializeToString(deterministic=True) == before


@pytest.mark.parametrize("target", ["pixel6-tpu", "tflm"])
def test_the_plan_has_the_constants_of_the_file(target):
    data = (MODELS / "branchy.onnx").read_bytes()
    made, _ = through(data, target)
    text = next(entry.value for entry in made.metadata_props if entry.key == "tmpass.plan")
    inside, of_file = tmpass.parse_plan(text), tmpass.plan(data, target)
    assert [(m.name, m.constants, m.loaded) for m in inside.memories] == [
        (m.name, m.constants, m.loaded) for m in of_file.memories
    ]
    assert len(inside.constants) == len(of_file.constants) > 0
    assert any(row.use == "resident" for row in inside.constants) is (target == "pixel6-tpu")
