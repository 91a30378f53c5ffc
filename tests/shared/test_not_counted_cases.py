"""Small inputs that earlier versions answered wrongly in silence: kernels in place, ties, inputs outside the arena."""

import pytest
from support.shared import SHARED

import tmpass
from tmpass.api.execute import execute
from tmpass.base.errors import TargetError, UsageError

CASES = SHARED / "cases"
pytestmark = pytest.mark.skipif(not CASES.exists(), reason="there are no cases beside the project")


def test_tensorflow_lite_micro_has_no_inputs_outside_its_arena():
    with pytest.raises(UsageError, match="has all inputs and outputs in its arena"):
        tmpass.plan(CASES / "08_big_input.tflite", "tflm", io="external")


def test_kernels_in_place_are_honoured_and_kinds_that_no_format_has_are_refused(tmp_path):
    profile = (CASES / "15_in_place_kernels.toml").read_text()
    with pytest.raises(TargetError, match="'NoSuchOperator' is not an operator of TFLite or ONNX"):
        tmpass.plan(CASES / "14_inverted_residual.tflite", str(CASES / "15_in_place_kernels.toml"))
    (tmp_path / "p.toml").write_text(profile.replace(', "NoSuchOperator"', ""))
    made = tmpass.plan(CASES / "14_inverted_residual.tflite", str(tmp_path / "p.toml"))
    assert (made.memories[0].peak, made.status) == (36864, "optimal")
    assert tmpass.verify(made, CASES / "14_inverted_residual.tflite", target=str(tmp_path / "p.toml")) == ()
    assert tmpass.verify(made, CASES / "14_inverted_residual.tflite") == ()


def test_a_cache_is_tied_to_its_past():
    model = CASES / "17_kv_cache.onnx"
    assert tmpass.plan(model, share_io=True).memories[0].peak == 1050632
    for options in ({"tie": {"present": "past"}}, {"tie": ["present=past"], "share_io": True}):
        made = tmpass.plan(model, **options)
        assert (made.memories[0].peak, made.status) == (526344, "optimal")
        assert tmpass.verify(made, model) == ()
        assert execute(made, model).violations == ()


def test_a_compiled_model_keeps_its_own_layout():
    model = CASES / "16_vela_layout.tflite"
    for target in ("ethos-u55", "tflm", "pixel6-tpu"):
        made = tmpass.plan(model, target)
        assert (made.memories[0].peak, made.status) == (4096, "optimal")
        assert tmpass.verify(made, model) == tmpass.verify(made, model, target=target) == ()
