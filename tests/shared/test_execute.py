"""Real ONNX models run in the bytes of their plans; those that cannot be run say why."""

import pytest
from shared.test_models import BINDINGS, OPEN
from support.shared import parametrize

import tmpass
from tmpass.api.execute import execute
from tmpass.base.errors import ModelError

pytest.importorskip("onnxruntime")

REFUSED = {
    "burn_data_types.onnx": "Could not find an implementation for Add",  # of bfloat16
    "burn_nested_if_loop_if_scan.onnx": "subgraph has 3 inputs and requires 3",  # branches of an If have none
    "onnx_node_affine_grid_3d_align_corners_expanded.onnx": "on drawn inputs",  # an input is a shape
}
WITHOUT_WEIGHTS = "which is not there; put the file beside the model"
"""All torch_*.onnx but those below keep their weights in files that are not beside them."""

WHOLE = {"torch_cond_cnn.onnx"}

UNREACHED = {"silero_vad.onnx": 72, "silero_vad_op18_ifless.onnx": 43}
"""Steps for a sampling rate of 16000, which no drawn number is; the bound shapes are those for the other one."""


@parametrize("models/onnx/*.onnx")
def test_a_real_model_runs_in_the_bytes_of_its_plan(path):
    plan = tmpass.plan(path, bind=BINDINGS.get(path.name), allow_unplanned=path.name in OPEN)
    message = REFUSED.get(path.name, "")
    if path.name.startswith("torch_") and path.name not in WHOLE:
        message = WITHOUT_WEIGHTS
    if message:
        with pytest.raises(ModelError) as error:
            execute(plan, path)
        assert message in str(error.value)
        assert str(error.value).isprintable()
        return
    done = execute(plan, path)
    assert (done.violations, done.notes) == ((), ())
    assert len(done.unreached) == UNREACHED.get(path.name, 0)
