"""Every real model gives a verified plan, or the error or list that says why not."""

import json
import os
import subprocess
import sys

import pytest
from support.planning import ALL
from support.shared import SHARED, TFLITE_BINDINGS, parametrize

import tmpass
from tmpass.base.errors import ModelError, UnknownSizeError
from tmpass.loading.load import load, load_to_plan

BINDINGS = {
    **TFLITE_BINDINGS,
    "silero_vad.onnx": {"input:0": 1, "input:1": 256, "state:1": 1},
    "silero_vad_op18_ifless.onnx": {"batch": 1, "sequence": 576},
    "torch_bert_dynamic.onnx": {"batch": 1, "seq": 128},
    "burn_rank_inference_propagation.onnx": {"input:0": 1, "input:1": 16},
}
"""What has to be bound in the models with open dimensions."""

OPEN = {
    "coral_bodypix_075_512_512_decoder.tflite",  # the file states no shapes for what a custom operator makes
    "coral_posenet_075_721_1281_decoder.tflite",  # as above
    "tflite_call_once_mul.tflite",  # its input may be a scalar, or of unknown rank
    "onnx_node_affine_grid_3d_align_corners_expanded.onnx",  # shapes follow the values of an input
    "onnx_node_loop16_seq_none.onnx",  # a slice whose end is an input
}
"""Models in which sizes stay unknown unless whole shapes are bound."""

LEGAL = {
    "burn_external_data.onnx": "only lacks its weight file, as all torch_*.onnx do",
    "tflite_zero_size_constant.tflite": "the interpreter runs it: a constant of no elements needs no data",
}
"""Files in invalid/ that are whole models."""

EMPTY = {
    "burn_empty_graph.onnx",
    "burn_zero_sized_dims.onnx",
    "tflite_0_subgraphs.tflite",
    "tflite_2_subgraphs.tflite",
    "tflite_empty_model.tflite",
}
"""Files in invalid/ that are legal, with no operator or no byte to place."""

PEAKS = {
    "tflm_person_detect.tflite": 55296,
    "tflm_mobilenet_v2_from_pytorch_int8.tflite": 2451840,
    "keras_EfficientNetB0_int8.tflite": 3612672,
}
"""At 16-byte alignment, in file order and without sharing."""


def planned(model, name=None, **options):
    name = name or model.name
    return tmpass.plan(model, bind=BINDINGS.get(name), allow_unplanned=name in OPEN, **options)


@pytest.mark.parametrize("share", ["auto", "views", "none"])
@parametrize("models/[to]*/*.*")
def test_a_real_model_gives_a_verified_plan(path, share):
    plan = planned(path, share=share)
    assert tmpass.verify(plan, path) == ()
    assert (path.name in OPEN) == any("not known" in t.reason for t in plan.tensors)


@parametrize("models/[to]*/*.*")
def test_where_everything_may_share_a_real_model_never_takes_more(path):
    loaded = load(path, bindings=BINDINGS.get(path.name, {}))
    auto, views = (planned(loaded, target=ALL, name=path.name, share=share, nodes=1000) for share in ("auto", "views"))
    assert auto.memories[0].peak <= views.memories[0].peak


@parametrize("models/[to]*/*.*")
def test_what_cannot_be_known_is_an_error_that_lists_it(path):
    batch = load_to_plan(path, {}).graph.batches if path.name in BINDINGS else {}
    if path.name in {*BINDINGS, *OPEN} and not batch:
        with pytest.raises(UnknownSizeError) as error:
            tmpass.plan(path)
        assert error.value.tensors
        assert "--allow-unplanned" in str(error.value)
        assert set(BINDINGS.get(path.name, ())) <= set(error.value.symbols)
    else:
        made = tmpass.plan(path)
        assert made.status in ("optimal", "feasible", "infeasible")
        assert made.options.bind == batch
        assert len(made.warnings) >= len(batch)


@parametrize("models/invalid/*.*")
def test_a_file_that_is_no_model_ends_in_one_line_and_exit_code_3(path):
    run = subprocess.run([sys.executable, "-m", "tmpass", "plan", path], capture_output=True, text=True, timeout=60)
    if path.name in LEGAL or path.name in EMPTY:
        plan = tmpass.plan(path)
        assert (run.returncode, tmpass.verify(plan, path)) == (0, ())
        assert path.name in LEGAL or not plan.schedule or plan.memories[0].peak == 0
        return
    assert run.returncode == 3
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1
    assert path.name in run.stderr
    with pytest.raises(ModelError):
        tmpass.plan(path)


@parametrize("models/tflite/*.tflite")
def test_known_peaks(path):
    if path.name in PEAKS:
        plan = tmpass.plan(path, alignment=16, share="none")
        assert (plan.memories[0].peak, plan.status) == (PEAKS[path.name], "optimal")


def test_nine_of_ten_models_reach_their_lower_bound():
    paths = sorted(SHARED.glob("models/[to]*/*.*"))
    if not paths:
        if os.environ.get("TMPASS_REQUIRE_SHARED") == "1":
            pytest.fail(f"{SHARED} is missing")
        pytest.skip("the shared models are missing")
    plans = [planned(path, share="none", alignment=16) for path in paths]
    tight = sum(plan.memories[0].peak == plan.memories[0].lower_bound for plan in plans)
    assert tight >= 0.9 * len(plans)


@parametrize("models/tflite/tflm_person_detect.tflite")
def test_the_same_plan_whatever_the_hash_seed(path):
    def text(seed: str) -> str:
        command = [sys.executable, "-m", "tmpass", "plan", path, "--json"]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout

    assert text("1") == text("2")
    assert json.loads(text("3"))["model"]["file"] == path.name
