"""A command never overwrites its inputs, under any name."""

import json
import os
import subprocess
import sys

import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from support.policies import NEVER

from tmpass.packing.learning.policy import policy_text

numpy = pytest.importorskip("numpy")

TARGET = """
name = "own"
summary = "a target in a file"
standing = "assumed"
[[memory]]
name = "sram"
capacity = { value = "1MiB", source = "test" }
alignment = { value = 16, source = "test" }
holds = ["activations", "variables", "inputs_outputs"]
"""


@pytest.fixture
def place(model, monkeypatch):
    """A folder with a model, its plan, a target, a scratch file, a problem and a policy."""
    tmp_path = model.parent
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.toml").write_text(TARGET)
    (tmp_path / "scratch.json").write_text('{"schema": "tmpass.scratch/1", "scratch": []}')
    (tmp_path / "problem.csv").write_text("id,lower,upper,size\na,0,1,8\n")
    (tmp_path / "policy.json").write_text(policy_text(NEVER))
    return tmp_path


@pytest.fixture
def plan_file(place, run):
    assert run("plan", "net.tflite", "-o", "plan.json").code == 0
    return place / "plan.json"


def names_of(place, name):
    """Other names for the file `name` in the folder `place`, which is the current one."""
    (place / "soft").symlink_to(name)
    (place / "softer").symlink_to(place / "soft")
    os.link(place / name, place / "hard")
    (place / "folder").mkdir()
    (place / "elsewhere").symlink_to(place)
    yield from (
        name,
        f"./{name}",
        f"folder/../{name}",
        str(place / name),
        "soft",
        "softer",
        "hard",
        f"elsewhere/{name}",
    )
    if os.path.isdir("/proc/self/fd"):
        with open(place / name) as opened:
            yield f"/proc/self/fd/{opened.fileno()}"


COMMANDS = [
    ("net.tflite", "the model itself", ["plan", "net.tflite", "-o"]),
    ("net.tflite", "the model itself", ["plan", "net.tflite", "--emit-model"]),
    ("net.tflite", "the model itself", ["plan", "net.tflite", "-o", "new.json", "--emit"]),
    ("net.tflite", "the model itself", ["strip", "net.tflite", "-o"]),
    ("net.tflite", "the model itself", ["probe", "net.tflite", "-o"]),
    ("net.tflite", "the model itself", ["probe-scratch", "net.tflite", "-o"]),
    ("scratch.json", "the scratch file itself", ["plan", "net.tflite", "--scratch", "scratch.json", "-o"]),
    ("own.toml", "the target itself", ["plan", "net.tflite", "-t", "own.toml", "-o"]),
    ("own.toml", "the target itself", ["plan", "net.tflite", "-t", "own.toml", "--emit"]),
    ("problem.csv", "the problem itself", ["allocate", "problem.csv", "-o"]),
    ("policy.json", "the policy itself", ["allocate", "problem.csv", "--policy", "policy.json", "-o"]),
    ("plan.json", "the plan itself", ["emit", "plan.json", "-f", "csv", "-o"]),
    ("before.json", "the plan before itself", ["emit", "plan.json", "-f", "html", "--before", "before.json", "-o"]),
]


@pytest.mark.parametrize(("name", "what", "words"), COMMANDS, ids=[" ".join(words) for _, _, words in COMMANDS])
def test_an_input_is_refused_as_an_output_by_all_its_names(place, plan_file, run, name, what, words):
    (place / "before.json").write_bytes(plan_file.read_bytes())
    content = (place / name).read_bytes()
    before = None
    for other in names_of(place, name):
        before = before or sorted(os.listdir(place))
        form = "csv=" if words[-1] == "--emit" else ""
        done = run(*words, form + other)
        assert (done.code, done.out) == (2, ""), other
        assert done.err.count("\n") == 1
        assert f"{other} is {what}: name another file" in done.err
        assert (place / name).read_bytes() == content
        assert sorted(os.listdir(place)) == before


@pytest.mark.usefixtures("place")
def test_a_file_system_that_does_not_tell_cases_apart_is_asked(run, monkeypatch):
    real = os.stat

    def alike(path, *rest, **more):
        return real(path.lower() if path == "NET.TFLITE" else path, *rest, **more)

    monkeypatch.setattr(os, "stat", alike)
    done = run("plan", "net.tflite", "-o", "NET.TFLITE")
    assert done.code == 2
    assert "NET.TFLITE is the model itself" in done.err


def test_a_file_that_comes_as_standard_input_is_an_input_too(place, plan_file):
    content = plan_file.read_bytes()
    command = f"{sys.executable} -m tmpass emit - -f csv -o plan.json < plan.json"
    done = subprocess.run(command, shell=True, capture_output=True, cwd=place, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"plan.json is the plan itself" in done.stderr
    assert plan_file.read_bytes() == content


def test_standard_output_may_not_be_put_behind_an_input(place, plan_file):
    content = plan_file.read_bytes()
    command = f"{sys.executable} -m tmpass emit plan.json -f csv >> plan.json"
    done = subprocess.run(command, shell=True, capture_output=True, cwd=place, timeout=60, check=False)
    assert (done.returncode, b"standard output is the plan itself" in done.stderr) == (2, True)
    assert plan_file.read_bytes() == content


@pytest.fixture
def scattered(place):
    """A model whose weights are in files beside it and in a folder; one of them is named in the body of an If."""

    def outside(name, location):
        tensor = numpy_helper.from_array(numpy.ones(4, numpy.float32), name)
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=location)
        return tensor

    (place / "more").mkdir()
    for name in ("weights.bin", "more/body.bin"):
        (place / name).write_bytes(numpy.ones(4, numpy.float32).tobytes())
    x, y, z = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in "xyz")
    c = helper.make_tensor_value_info("c", TensorProto.BOOL, [])
    body = helper.make_graph(
        [helper.make_node("Add", ["x", "v"], ["y"])], "b", [], [y], [outside("v", "more/body.bin")]
    )
    other = helper.make_graph([helper.make_node("Add", ["x", "w"], ["z"])], "o", [], [z])
    branch = helper.make_node("If", ["c"], ["r"], then_branch=body, else_branch=other)
    r = helper.make_tensor_value_info("r", TensorProto.FLOAT, [4])
    graph = helper.make_graph([branch], "g", [c, x], [r], [outside("w", "weights.bin")])
    onnx.save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), place / "net.onnx")
    return place


@pytest.mark.parametrize("name", ["weights.bin", "more/body.bin", "./more/../weights.bin"])
@pytest.mark.parametrize("words", [("plan", "net.onnx", "--emit"), ("plan", "net.onnx", "--emit-model")])
def test_files_with_weights_are_inputs(scattered, run, name, words):
    content = (scattered / name).read_bytes()
    done = run(*words, f"csv={name}" if words[-1] == "--emit" else name)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"tmpass: {name} is a file with weights of the model: name another file\n"
    assert (scattered / name).read_bytes() == content


def test_files_that_are_not_inputs_are_replaced(scattered, run):
    (scattered / "plan.json").write_text("old")
    (scattered / "tflm").write_text("not the target of that name")
    assert run("plan", "net.onnx", "-o", "plan.json").code == 0
    assert json.loads((scattered / "plan.json").read_text())["model"]["file"] == "net.onnx"
    assert run("plan", "net.tflite", "-t", "tflm", "--emit", "csv=tflm").code == 0
