"""Planned models in TensorFlow Lite Micro: the same results, bit for bit, in an arena as large as the plan says."""

from pathlib import Path

import pytest
from sketch import Sketch
from support.interpreters import run_tflm
from support.shared import parametrize, tflite_bindings
from tflite_writer import options, write_model
from tmpass.frontends import tflite

import tmpass
from tmpass.api.planned_model import tensor_offsets
from tmpass.api.probe import probe_scratch
from tmpass.base.errors import ModelError

pytestmark = pytest.mark.runtime

UNRUN = {
    "coral_bodypix_075_512_512_decoder.tflite": "a custom operator",
    "coral_deeplabv3_mnv2_dm05.tflite": "convolutions of 8 bits without a sign",
    "coral_mobilenet_v1_025_128_uint8.tflite": "the same",
    "coral_mobilenet_v2_10_224_uint8.tflite": "the same",
    "coral_posenet_075_721_1281_decoder.tflite": "a custom operator",
    "coral_split_concat.tflite": "CONCATENATION of 8 bits without a sign",
    "dtln_model_quant_2.tflite": "floats times integers",
    "keras_EfficientNetB0_int8.tflite": "it aborts",
    "keras_MobileNetV2_int8.tflite": "it aborts",
    "keras_MobileNetV3Small_int8.tflite": "it aborts",
    "keras_gru_lstm_while.tflite": "the loop does not end",
    "litert_simple_group_norm_op.tflite": "STABLEHLO_COMPOSITE",
    "mediapipe_face_detector_edgetpu.tflite": "a custom operator",
    "states.tflite": "it crashes",
    "tflite_conv_huge_im2col.tflite": "780 MB of activations",
    "tflite_dynamic_shapes.tflite": "TILE",
    "tflite_odml_sdpa_composite_gqa.tflite": "STABLEHLO_COMPOSITE",
    "tflite_unidirectional_sequence_lstm.tflite": "an LSTM without tensors for its states",
    "tflm_person_detect_vela.tflite": "an operator of an accelerator",
    "ultraface_rfb_320.tflite": "a batch that it does not know",
}
"""What TensorFlow Lite Micro cannot run, planned or not, and why."""

MODELS = sorted((Path(__file__).parents[2] / "models").glob("*.tflite"))


@pytest.fixture(autouse=True)
def installed():
    pytest.importorskip("tflite_micro")


def check(path) -> None:
    model = path.read_bytes()
    try:
        before = run_tflm(model)
    except ModelError as error:
        assert path.name in UNRUN
        pytest.skip(f"TensorFlow Lite Micro does not run the original: {error}")
    assert path.name not in UNRUN
    plan = tmpass.plan(path, "tflm", bind=tflite_bindings(path), scratch=probe_scratch(path).rules)
    after = run_tflm(tmpass.planned_model(plan, path))
    assert after.outputs == before.outputs
    assert after.arena == plan.memories[0].peak
    assert after.arena <= before.arena


@parametrize("models/tflite/*.tflite")
def test_a_real_model_runs_as_before_in_the_planned_arena(path):
    check(path)


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_a_model_of_the_project_runs_as_before_in_the_planned_arena(path):
    check(path)


def test_variables_in_a_body_keep_their_place():
    main = Sketch()
    c, x = main.input("c", [1], "BOOL"), main.input("x", [64])
    e = main.op("EXP", [x], "e", [64])
    branches = options("IfOptions", then_subgraph_index=1, else_subgraph_index=2)
    main.outputs = [main.op("IF", [c, e], "y", [64], branches)]
    bodies = []
    for name in ("then", "else"):
        body = Sketch(name)
        a, v = body.input("a", [64]), body.variable("v", [64])
        body.outputs = [body.op("ADD", [a, v], "b", [64], options("AddOptions", fused_activation_function=0))]
        bodies.append(body.subgraph())
    model = write_model([main.subgraph(), *bodies])
    plan = tmpass.plan(model, "tflm")
    assert run_tflm(tmpass.planned_model(plan, model)) == run_tflm(model)
    # With an offset at the index of the variable TensorFlow Lite Micro does not allocate it.
    graph = tmpass.load(model).graph
    orders = [list(range(len(subgraph.ops))) for subgraph in graph.subgraphs]
    with pytest.raises(ModelError, match="crashed"):
        run_tflm(tflite.apply(model, orders, tensor_offsets(plan, graph), keeps_offsets=False, bindings={}, plan=""))


def test_a_plan_that_is_wrong_shows():
    path = next(path for path in MODELS if path.name == "branchy.tflite")
    model = path.read_bytes()
    graph = tmpass.load(path).graph
    orders = [list(range(len(subgraph.ops))) for subgraph in graph.subgraphs]
    together = tflite.apply(
        model,
        orders,
        [[0] * len(subgraph.tensors) for subgraph in graph.subgraphs],
        keeps_offsets=True,
        bindings={},
        plan="",
    )
    assert run_tflm(together).outputs != run_tflm(model).outputs
