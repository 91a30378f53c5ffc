"""Every real ONNX model as a planned file: it can be taken back, checked, and run."""

import numpy as np
import onnx
import pytest
from shared.test_models import BINDINGS, OPEN
from support.onnx_outputs import ELEMENTS, session, some_inputs
from support.shared import parametrize

import tmpass
from tmpass.api.planned_model import original_model, planned_model


def planned(path):
    data = path.read_bytes()
    options = {"bind": BINDINGS.get(path.name), "allow_unplanned": path.name in OPEN}
    plan = tmpass.plan(data, budget=2**40, **options)  # what does not fit stays out of a file
    return data, plan, planned_model(plan, data)


def has_its_weights(data):
    return all(t.data_location != t.EXTERNAL for t in onnx.load_model_from_string(data).graph.initializer)


@parametrize("models/onnx/*.onnx")
def test_a_plan_is_put_on_and_taken_off(path):
    data, plan, made = planned(path)
    assert original_model(made) == data
    assert planned_model(plan, made) == made
    if has_its_weights(data):
        onnx.checker.check_model(made)


@parametrize("models/onnx/*.onnx")
def test_nodes_stand_in_the_order_of_the_plan(path):
    _, plan, made = planned(path)
    steps = [step for step in plan.schedule if step.subgraph == 0]
    names = [node.name or next(filter(None, node.output), "") for node in onnx.load_model_from_string(made).graph.node]
    inside = {step.name for step in steps}
    assert [name for name in names if name in inside] == [step.name for step in steps if step.name in names]


@parametrize("models/onnx/*.onnx")
def test_onnx_runtime_gives_the_same_outputs(path):
    pytest.importorskip("onnxruntime")
    data, _, made = planned(path)
    if not has_its_weights(data):
        pytest.skip("its weights are not here")
    try:
        before = session(data)
    except Exception as error:
        pytest.skip(f"ONNX Runtime does not take it: {str(error)[:80]}")
    if any(given.type not in ELEMENTS for given in before.get_inputs()):
        pytest.skip("it takes more than tensors")
    inputs = some_inputs(before, BINDINGS.get(path.name))
    try:
        wanted = before.run(None, inputs)
    except Exception as error:
        pytest.skip(f"it does not take drawn inputs: {str(error)[:80]}")
    for one, other in zip(wanted, session(made).run(None, inputs), strict=True):
        np.testing.assert_array_equal(one, other)
