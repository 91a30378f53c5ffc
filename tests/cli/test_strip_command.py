"""`tmpass plan -o MODEL` and `tmpass strip`: a round trip."""

import numpy as np
import onnx
import onnx.numpy_helper
import onnx.parser

from tmpass.api.plan import plan
from tmpass.api.planned_model import planned_model
from tmpass.loading.load import load


def test_there_and_back(run, model, tmp_path):
    planned, again, back = (tmp_path / f"{name}.tflite" for name in ("planned", "again", "back"))
    assert run("plan", model, "-t", "tflm", "-o", planned).code == 0
    assert planned.read_bytes() == planned_model(plan(model, "tflm"), model)
    assert run("plan", planned, "-t", "tflm", "-o", again).code == 0
    assert again.read_bytes() == planned.read_bytes()
    done = run("strip", planned, "-o", back)
    assert (done.code, done.out, done.err) == (0, "", "")
    assert back.read_bytes() == model.read_bytes()


def test_plan_and_model_in_one_go(run, model, tmp_path):
    written, planned = tmp_path / "plan.json", tmp_path / "planned.bin"
    done = run("plan", model, "-t", "tflm", "-o", written, "--emit-model", planned)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("fits ")
    assert written.read_text() == plan(model, "tflm").to_json()
    assert run("verify", written, planned).code == 5  # a plan is for the original
    assert load(planned).graph.metadata


def test_a_plan_that_does_not_fit_is_not_written(run, model, tmp_path):
    planned = tmp_path / "planned.tflite"
    done = run("plan", model, "-t", "tflm", "--budget", "16B", "-o", planned)
    assert done.code == 1
    assert done.err == f"tmpass: nothing is written to {planned}: the plan does not fit\n"
    assert not planned.exists()


def test_offsets_for_another_target_give_a_warning(run, model, tmp_path):
    done = run("plan", model, "-o", tmp_path / "planned.tflite")
    assert done.code == 0
    assert done.err == "tmpass: the offsets are for pixel6-tpu: for TensorFlow Lite Micro plan with --target tflm\n"


def test_a_model_without_a_plan_is_an_error(fails, model, tmp_path):
    message = fails(2, "strip", model, "-o", tmp_path / "x")
    assert message == f"{model}: it has no plan of tmpass; it is an original already"


def test_an_onnx_model_there_and_back(run, open_model, tmp_path):
    planned, again, back = (tmp_path / f"{name}.onnx" for name in ("planned", "again", "back"))
    assert run("plan", open_model, "--bind", "batch=2", "-o", planned).err == ""
    assert run("plan", planned, "--bind", "batch=2", "-o", again).code == 0
    assert again.read_bytes() == planned.read_bytes()
    assert run("strip", planned, "-o", back).code == 0
    assert back.read_bytes() == open_model.read_bytes()


def test_a_planned_model_away_from_its_weights_gives_a_warning(run, tmp_path):
    model = onnx.parser.parse_model(
        '<ir_version: 10, opset_import: ["": 17]> g (float[256] x) => (float[256] y) { a = Add(x, v) y = Mul(a, w) }'
    )
    for name in "vw":
        model.graph.initializer.append(onnx.numpy_helper.from_array(np.ones(256, np.float32), name))
    path = tmp_path / "net.onnx"
    onnx.save(model, path, save_as_external_data=True, all_tensors_to_one_file=False, size_threshold=0)
    assert run("plan", path, "-o", tmp_path / "beside.onnx").err == ""
    (tmp_path / "other").mkdir()
    away = tmp_path / "other" / "away.onnx"
    assert run("plan", path, "-o", away).err == f"tmpass: {away} needs its weights beside it: v and 1 more\n"
    assert away.exists()
