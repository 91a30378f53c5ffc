"""Which of the two files of `tmpass verify` is which: split models, and planned files with weights beside them."""

import numpy as np
import onnx
import pytest
from make_models import FOLDER as MODELS
from onnx import helper, numpy_helper
from tflite_writer import Operator, Subgraph, Tensor, options, write_model


@pytest.fixture
def pair(run, tmp_path):
    """An original that is large in the middle, and its split."""
    conv = options("Conv2DOptions", stride_w=1, stride_h=1, dilation_w_factor=1, dilation_h_factor=1)
    weights = [np.ones(shape, "<f4") for shape in ((64, 1, 1, 2), (64,), (2, 1, 1, 64), (2,))]
    tensors = [Tensor("x", [1, 16, 16, 2], has_rank=True)]
    tensors += [Tensor(f"w{n}", w.shape, data=w.tobytes(), has_rank=True) for n, w in enumerate(weights)]
    tensors += [Tensor("wide", [1, 16, 16, 64], has_rank=True), Tensor("y", [1, 16, 16, 2], has_rank=True)]
    ops = [Operator("CONV_2D", [0, 1, 2], [5], conv), Operator("CONV_2D", [5, 3, 4], [6], conv)]
    original, split = tmp_path / "original.tflite", tmp_path / "split.tflite"
    original.write_bytes(write_model([Subgraph(tensors, ops, [0], [6])]))
    assert run("split", original, "--budget", "64KiB", "-o", split).code == 0
    return original, split


def test_a_split_file_is_recognised_in_either_order(run, fails, pair):
    original, split = pair
    done = run("verify", split, original)
    assert done.code == 5
    assert f"{split} is a split model: tmpass verify --split {split} {original}" in done.err
    line = fails(2, "verify", original, split)
    assert "is a split model" in line
    assert f"tmpass verify --split {split} {original}" in line
    line = fails(2, "verify", "--split", original, split)
    assert "is the split model: it comes first" in line
    assert run("verify", "--split", split, original).code == 0


def test_a_planned_file_runs_with_the_weights_beside_it(run, tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    weights = numpy_helper.from_array(np.ones((64, 64), "f4"), "w")
    ends = [helper.make_tensor_value_info(name, 1, [4, 64]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", ends[:1], ends[1:], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    folder = tmp_path / "models"
    folder.mkdir()
    onnx.save(model, folder / "net.onnx", save_as_external_data=True, location="net.data", size_threshold=10)
    planned = folder / "planned.onnx"
    assert run("plan", folder / "net.onnx", "-o", planned).code == 0
    monkeypatch.chdir(tmp_path)
    done = run("verify", "--execute", planned)
    assert (done.code, done.err) == (0, "")
    assert "equal in all bits" in done.out
    (folder / "net.data").unlink()
    assert "which is not there" in run("verify", "--execute", planned).err


@pytest.mark.parametrize("model", ["branchy.onnx", "branchy.tflite"])
@pytest.mark.parametrize("target", [(), ("-t", "pixel6-tpu")])
def test_a_planned_file_goes_with_its_original_by_any_name(run, tmp_path, model, target):
    planned = tmp_path / f"planned_{model}"
    assert run("plan", MODELS / model, "-t", "pixel6-tpu", "-o", planned).code == 0
    for pair in ((planned,), (planned, MODELS / model), (planned, planned)):
        done = run("verify", *pair, *target)
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith(f"{planned} is right for {planned.name}: ")
