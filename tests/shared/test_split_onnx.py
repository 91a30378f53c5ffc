"""Splits of real ONNX models: as small as promised, proved, and equal in ONNX Runtime up to rounding."""

import pytest
from support.onnx_sessions import common_names, drawn_inputs, largest_difference, run_onnx
from support.onnx_weights import with_weights
from support.shared import parametrize

import tmpass

pytest.importorskip("onnxruntime")

NEEDED = {
    "torch_mobilenetv3_small": 846_720,
    "torch_efficientnet_b0": 2_408_448,
    "onnx_light_squeezenet": 1_961_424,
}
"""Model -> the most bytes of its split on the target of tests/bench/split_table_onnx.py."""

ROUNDING = 1e-5
"""Of sums in another order; on the machine of docs/split.md the bits of these models are equal."""


@pytest.mark.slow
@pytest.mark.parametrize("name", NEEDED)
@parametrize("models/onnx/torch_mobilenetv3_small.onnx")
def test_a_split_is_as_small_as_promised_and_equal(path, name, request):
    model = with_weights(path.with_name(f"{name}.onnx").read_bytes())
    made = tmpass.split(model, str(request.config.rootpath / "tests" / "bench" / "split_onnx.toml"))
    assert made.macs[0] <= 1.05 * made.macs[1]
    assert made.plan.memories[0].needed <= NEEDED[name]
    names, inputs = common_names(model, made.data), drawn_inputs(model, 0)
    before, after = (run_onnx(data, names, inputs) for data in (model, made.data))
    assert largest_difference(before, after) < ROUNDING
    assert tmpass.execute(made.plan, made.data).violations == ()
