"""What integers of 8 bits would give a model of floats: a plan of its graph with one byte for each float."""

import json
from dataclasses import replace

import pytest
from make_models import FOLDER
from support.graphs import Sketch, graph_of
from support.shared import SHARED

from tmpass.api.plan import plan
from tmpass.base.dtypes import FLOAT32, INT16
from tmpass.explanation.explain import explain
from tmpass.graph.model import Graph
from tmpass.loading.load import Model
from tmpass.plans.model_info import ModelInfo
from tmpass.report.json.explanation import to_json
from tmpass.report.terminal.explanation import change_table
from tmpass.targets import Memory, Sharing, Target


def drawn(*, dtype) -> Graph:
    sketch = Sketch()
    x = sketch.input((100,), dtype=dtype)
    y = sketch.op([x], (100,))
    sketch.tensors[y] = replace(sketch.tensors[y], dtype=dtype)
    sketch.outputs = [y]
    return graph_of(sketch)


def explained(graph, capacity=None):
    target = Target(
        "here", "", "", (Memory("m", capacity, 1, ("activations", "variables", "inputs_outputs")),), Sharing()
    )
    return explain(Model(ModelInfo("m", "test", "0" * 64), graph), target, share="none")


def test_floats_become_a_byte_each():
    known = explained(drawn(dtype=FLOAT32), capacity=500)
    assert known.peak_step.memory.peak == 800
    change = known.quantized
    assert (change.peak, change.saves, change.fits, change.proved) == (200, 600, True, False)
    assert "an estimate" in change.what


def test_a_model_of_integers_has_no_estimate():
    sketch = Sketch()
    sketch.outputs = [sketch.op([sketch.input(100)], 100)]
    assert explained(graph_of(sketch)).quantized is None
    assert explained(drawn(dtype=INT16)).quantized is None


def test_the_estimate_is_in_the_table_and_in_the_json():
    known = explain(FOLDER / "branchy.onnx", budget="20KiB")
    row = json.loads(to_json(known))["int8_estimate"]
    assert row["peak"] == known.quantized.peak == known.peak_step.memory.peak - row["saves"]
    table = change_table(known)
    assert "(int8)" in [cell for column in table.columns for cell in column.cells]
    assert f"~{row['peak']}" in [cell for column in table.columns for cell in column.cells]


@pytest.mark.parametrize(("budget", "fits"), [("24KiB", True), ("6KiB", False)])
def test_the_estimate_for_a_runtime_asks_for_room_and_not_for_scales(budget, fits):
    """The kernels of TensorFlow Lite Micro refuse integers without scales, which only the quantised model has."""
    known = explain(FOLDER / "branchy.tflite", "tflm", budget=budget)
    assert known.quantized is not None
    assert known.quantized.fits is fits
    assert json.loads(to_json(known))["int8_estimate"]["fits"] is fits


@pytest.mark.skipif(not (SHARED / "models").is_dir(), reason="there are no real models")
def test_the_estimate_for_a_real_model_is_the_peak_of_its_quantised_twin():
    one, other = (SHARED / f"models/tflite/mlperf_tiny_vww_96_{kind}.tflite" for kind in ("float", "int8"))
    made = plan(other, bind={"input_1_int8:0": 1})
    assert explain(one, bind={"input_1:0": 1}).quantized.peak == made.memories[0].peak == 55296
