"""Real TFLite models run in the bytes of their plans; those that cannot be run say why."""

import pytest
from support.collide import collided
from support.shared import parametrize, tflite_bindings

import tmpass
from tmpass.api.execute import execute
from tmpass.base.errors import BudgetError, ModelError

pytest.importorskip("ai_edge_litert")
pytestmark = pytest.mark.runtime

REFUSED = {
    "coral_bodypix_075_512_512_decoder.tflite": "no kernel for the custom operator 'PosenetDecoderOp'",
    "coral_posenet_075_721_1281_decoder.tflite": "no kernel for the custom operator 'PosenetDecoderOp'",
    "mediapipe_face_detector_edgetpu.tflite": "no kernel for the custom operator 'edgetpu-custom-op'",
    "tflite_conv_huge_im2col.tflite": "--execute-bytes",  # 780 MB
    "tflm_audio_preprocessor_int8.tflite": "no kernel for the custom operator 'SignalWindow'",
    "tflm_person_detect.tflite": "quantized_dimension must be in range",
    "tflm_person_detect_vela.tflite": "no kernel for the custom operator 'ethos-u'",
}

UNREACHED = {"tflite_nested_while.tflite": 4}
"""Steps of loops whose conditions hold for none of the drawn inputs."""

OTHER_SIZES = ("keras_gru_lstm_while.tflite", "tflite_dynamic_shapes.tflite")
"""Values decide sizes in them."""

SAME_BYTES = ("litert_simple_group_norm_op.tflite", "tflite_dynamic_shapes.tflite")
"""One computes x - x: zeros over zeros are not seen. In the other a tensor of planned size has no element."""

OPEN = ("coral_bodypix_075_512_512_decoder.tflite", "coral_posenet_075_721_1281_decoder.tflite")


@parametrize("models/tflite/*.tflite")
def test_a_real_model_runs_in_the_bytes_of_its_plan(path):
    plan = tmpass.plan(path, bind=tflite_bindings(path), allow_unplanned=path.name in OPEN)
    if path.name in REFUSED:
        with pytest.raises((BudgetError, ModelError)) as error:
            execute(plan, path)
        assert REFUSED[path.name] in str(error.value)
        assert str(error.value).isprintable()
        return
    done = execute(plan, path)
    assert done.violations == ()
    assert all("values decide, and some were drawn" in note or "may have more" in note for note in done.notes)
    assert bool(done.notes) == (path.name in OTHER_SIZES)
    assert len(done.unreached) == UNREACHED.get(path.name, 0)
    assert done.outputs == sum(map(len, _outputs(path))) * len(done.seeds)
    for wrong in () if path.name in SAME_BYTES else collided(plan):
        assert execute(wrong, path).violations, "two tensors that are alive at once lie over each other"


def _outputs(path):
    graph = tmpass.load(path).graph
    return [graph.subgraphs[entry.subgraph].outputs for entry in graph.entries]
