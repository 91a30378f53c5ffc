"""Commands on a model with an operator that TensorFlow Lite Micro does not run."""

import json

import pytest
from support.tflite_operators import CASES
from support.typed_operators import typed_model
from tmpass.frontends import tflite

SAID = "TensorFlow Lite Micro does not run CONV_2D of uint8 (operator 0)"


@pytest.fixture
def uint8(tmp_path):
    path = tmp_path / "net.tflite"
    path.write_bytes(typed_model(next(one for one in CASES if one.kind == "CONV_2D"), "UINT8", "UINT8", scaled=True))
    return path


def test_plan_says_it_with_exit_code_1_and_writes_no_model(run, uint8, tmp_path):
    planned = tmp_path / "planned.tflite"
    done = run("plan", uint8, "-t", "tflm", "-o", planned)
    assert done.code == 1
    assert done.out.startswith(f"fits         no; {SAID}\n")
    assert f"nothing is written to {planned}: the plan does not fit" in done.err
    assert not planned.exists()


def test_probe_says_it_with_exit_code_1(run, uint8, tmp_path, monkeypatch):
    monkeypatch.setattr(tflite, "measure", lambda *_: ("a meter", (512, 600, 1112), iter(())))
    done = run("probe", uint8, "-o", tmp_path / "kernels.toml")
    assert done.code == 1
    fault = "TensorFlow Lite Micro refuses CONV_2D of uint8 (operator 0)"
    said = f"tmpass: {uint8} does not run: {fault}; measured with a meter"
    assert done.err.splitlines()[0] == said
    monkeypatch.setattr(tflite, "measure", lambda *_: ("a meter", "no room", iter(())))
    assert "does not run: it cannot be set up: no room" in run("probe", uint8, "-o", tmp_path / "kernels.toml").err
    uint8.write_bytes(typed_model(next(one for one in CASES if one.kind == "ABS"), "INT8", "INT8", scaled=True))
    monkeypatch.setattr(tflite, "measure", lambda *_: ("a meter", (512, 600, 1112), iter(())))
    assert run("probe", uint8, "-o", tmp_path / "kernels.toml").code == 0


def test_verify_says_it_of_a_plan_that_is_right(run, uint8, tmp_path):
    plan = tmp_path / "plan.json"
    assert run("plan", uint8, "-t", "tflm", "-o", plan).code == 1
    done = run("verify", plan, uint8, "-t", "tflm")
    assert (done.code, done.err) == (0, "")
    assert f"does not fit: {SAID}" in done.out.splitlines()
    assert json.loads(run("verify", plan, uint8, "--json").out)["not_run"][0]["fault"] == "of uint8"
    data = json.loads(plan.read_text())
    del data["not_run"]
    plan.write_text(json.dumps({**data, "fits": True, "status": "optimal"}))
    done = run("verify", plan, uint8, "-t", "tflm")
    assert done.code == 5
    assert "does not run 'CONV_2D of uint8', which the plan does not say" in done.err


@pytest.mark.parametrize("command", ["explain", "split"])
def test_explain_and_split_say_it(run, uint8, command, tmp_path):
    done = run(command, uint8, "-t", "tflm")
    assert done.code == 1
    assert SAID in done.out
    assert "kernels      convert the model with int8 quantisation" in done.out
    assert json.loads(run(command, uint8, "-t", "tflm", "--json").out)["not_run"][0]["kind"] == "CONV_2D"
    if command == "split":
        done = run("split", uint8, "-t", "tflm", "-o", tmp_path / "split.tflite")
        assert "the model does not run on tflm" in done.err


def test_a_row_of_a_fleet_says_it(run, uint8):
    done = run("fleet", uint8, "-t", "tflm", "--json")
    row = json.loads(done.out.splitlines()[0])
    assert (row["fits"], row["not_run"], row["code"]) == (False, SAID, 1)
    assert SAID in run("fleet", uint8, "-t", "tflm").out
