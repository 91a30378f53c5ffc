"""A model that runs only under a condition: each output says which."""

import json
from pathlib import Path

import pytest
from tflite_writer import Operator, Subgraph, Tensor, write_model

MODELS = Path(__file__).parents[2] / "models"
FORMAT = "if converted to tflite: TensorFlow Lite Micro does not read onnx"
KERNELS = "if TensorFlow Lite Micro has kernels for custom operator my_own"


@pytest.fixture(params=["format", "kernels"])
def conditional(request, tmp_path, onnx_model):
    """A model, its condition, and how `verify` begins the line on it."""
    if request.param == "format":
        return onnx_model, FORMAT, "format: it runs only "
    tensors = [Tensor("x", [4]), Tensor("y", [4])]
    path = tmp_path / "custom.tflite"
    path.write_bytes(write_model([Subgraph(tensors, [Operator("my_own", [0], [1], custom=True)], [0], [1])]))
    return path, KERNELS, "kernels: it runs only "


@pytest.fixture
def onnx_model(tmp_path):
    path = tmp_path / "net.onnx"
    path.write_bytes((MODELS / "branchy.onnx").read_bytes())
    return path


def test_each_output_says_the_condition(run, conditional, tmp_path):
    model, said, begins = conditional
    plan, page = tmp_path / "plan.json", tmp_path / "page.html"
    done = run("plan", model, "-t", "tflm", "-o", plan, "--emit", page)
    assert (done.code, done.out.splitlines()[0]) == (0, f"fits         yes, {said}")
    assert said in page.read_text()
    assert f"{begins}{said}" in run("verify", plan, model).out.splitlines()
    assert json.loads(run("verify", plan, model, "--json").out)["condition"] == said
    assert said in run("explain", model, "-t", "tflm").out
    assert json.loads(run("explain", model, "-t", "tflm", "--json").out)["condition"] == said
    row = json.loads(run("fleet", model, "-t", "tflm", "--json").out.splitlines()[0])
    assert (row["fits"], row["condition"], row["code"]) == (True, said, 0)


def test_a_plan_without_a_condition_has_none(run, tmp_path):
    model, plan = MODELS / "branchy.tflite", tmp_path / "plan.json"
    assert run("plan", model, "-t", "tflm", "-o", plan).code == 0
    assert "condition" not in json.loads(run("verify", plan, model, "--json").out)
    assert "runs only" not in run("verify", plan, model).out


def test_a_plan_that_does_not_fit_has_no_condition_under_which_it_would(run, conditional, tmp_path):
    model, said, _ = conditional
    plan = tmp_path / "plan.json"
    done = run("plan", model, "-t", "tflm", "--budget", 8, "-o", plan)
    assert done.code == 1
    assert "condition" not in json.loads(run("verify", plan, model, "--json").out)
    assert "condition" not in json.loads(run("explain", model, "-t", "tflm", "--budget", 8, "--json").out)
    assert said in " ".join(done.out.split()) + run("verify", plan, model).out
