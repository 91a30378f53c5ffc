"""`tmpass plan -o MODEL` and `tmpass strip`: there and back."""

from tmpass.loading import load
from tmpass.pipeline import plan
from tmpass.planned_model import planned_model


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
    assert done.out.startswith("model ")
    assert written.read_text() == plan(model, "tflm").to_json()
    assert run("verify", written, planned).code == 5  # a plan is for the original
    assert load(planned).graph.metadata


def test_what_does_not_fit_is_not_written(run, model, tmp_path):
    planned = tmp_path / "planned.tflite"
    done = run("plan", model, "-t", "tflm", "--budget", 16, "-o", planned)
    assert done.code == 1
    assert done.err == f"tmpass: nothing is written to {planned}: the plan does not fit\n"
    assert not planned.exists()


def test_offsets_for_another_target_are_told(run, model, tmp_path):
    done = run("plan", model, "-o", tmp_path / "planned.tflite")
    assert done.code == 0
    assert done.err == "tmpass: the offsets are for pixel6-tpu: for TensorFlow Lite Micro plan with --target tflm\n"


def test_a_model_without_a_plan_is_told(fails, model, tmp_path):
    assert (
        fails(2, "strip", model, "-o", tmp_path / "x") == f"{model.name}: tmpass put no plan into it; it is as it came"
    )
