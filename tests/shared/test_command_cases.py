"""Small inputs on which commands once gave a wrong answer, or none: the right ones were measured in the runtimes.

Each kind has a family of inputs of its own in the tests of the stage that answers it.
"""

import gzip
import json
import resource
import subprocess
import sys

import pytest
from support.shared import SHARED

CASES = SHARED / "cases"
pytestmark = pytest.mark.skipif(not CASES.exists(), reason="there are no cases beside the project")
MOST_SECONDS = 30
"""Of processor time: ten times what is promised on a quiet machine, where the fault took minutes, or never ended."""


def tmpass(*words):
    """A command in a process of its own, whose time and memory are limited; names of cases are paths."""
    known = [str(CASES / word) if isinstance(word, str) and (CASES / word).is_file() else str(word) for word in words]

    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
        resource.setrlimit(resource.RLIMIT_DATA, (2**30, 2**30))

    return subprocess.run(
        [sys.executable, "-m", "tmpass", *known], capture_output=True, text=True, preexec_fn=limit, check=False
    )


def sizes(words, folder):
    """The bytes of each tensor, by name, in a plan that the verifier passes."""
    plan = folder / "plan.json"
    done = tmpass("plan", *words, "-o", plan)
    assert done.returncode == 0, done.stderr
    assert tmpass("verify", plan, words[0]).returncode == 0
    return {tensor["name"]: tensor["bytes"] for tensor in json.loads(plan.read_text())["tensors"]}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("06_while_grows.tflite", "-t", "litert-cpu"), 3, "the state of a loop must keep its shape"),
        (("07_where_dynamic.tflite", "-t", "litert-cpu"), 3, "give --bind idx:0=N"),
        (("f11_add_unknown_dimensions.tflite", "-t", "litert-cpu"), 3, "give --bind Placeholder:1=N"),
        (("f9_einsum_hang.onnx",), 3, "processor time"),
        (("hostile/gather.onnx",), 3, "node 0 (Gather): it has 1 input"),
        (("hostile/nest17name.tflite", "-t", "tflm"), 3, "take more than 50000 steps"),
        (("hostile/nest18.tflite", "-t", "tflm"), 3, "take more than 50000 steps"),
        (("18_open_batch.tflite", "--scratch", CASES / "hostile/s1.json"), 2, "half a surrogate pair"),
        (("18_open_batch.tflite", "--scratch", CASES / "hostile/a.json"), 2, "'1in0.bytes'"),
    ],
    ids=lambda value: str(value[0]) if isinstance(value, tuple) else None,
)
def test_what_cannot_be_planned_ends_in_one_line(words, code, said):
    done = tmpass("plan", *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
    assert said in done.stderr


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("07_where_dynamic.tflite", "--bind", "idx:0=64"), {"idx": 512, "picked": 256}),
        (("18_open_batch.tflite", "--bind", "x:0=4"), {"x": 256, "y": 256}),
        (("f11_add_unknown_dimensions.tflite", "--bind", "Placeholder:1=1"), {"add": 36}),
        (("f10_einsum_broadcast.onnx",), {"y": 96}),
        (("f14_zeros_of_batch.onnx", "--bind", "batch=4"), {"z": 128}),
        (("f3_branch_hint.onnx", "--bind", "batch=4"), {}),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_sizes_are_those_of_the_runtime(words, wanted, tmp_path):
    assert wanted.items() <= sizes(words, tmp_path).items()


def test_the_outputs_of_a_detection_have_the_sizes_that_its_options_say(tmp_path):
    found = sizes(("f11_detection_postprocess.tflite", "-t", "litert-cpu"), tmp_path)
    assert sorted(found.values())[:4] == [4, 40, 40, 160]


@pytest.mark.parametrize("name", ["f5_compress_0.onnx", "f7_conv_add_fp16.onnx", "f15_relu_with_optional.onnx"])
def test_executing_a_right_plan_gives_no_alarm(name, tmp_path):
    pytest.importorskip("onnxruntime")
    assert tmpass("plan", name, "-o", tmp_path / "plan.json").returncode == 0
    done = tmpass("verify", "--execute", tmp_path / "plan.json", name)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("name", "option"), [("hostile/loop.onnx", "--execute-trips"), ("hostile/cos29.onnx", "--execute-bytes")]
)
def test_executing_has_limits(name, option, tmp_path):
    pytest.importorskip("onnxruntime")
    assert tmpass("plan", name, "-o", tmp_path / "plan.json").returncode == 0
    done = tmpass("verify", "--execute", tmp_path / "plan.json", name)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (4, "", 1)
    assert option in done.stderr


@pytest.mark.parametrize("name", ["gaps", "shareall", "sharegaps"])
def test_problems_of_many_shares_and_gaps_are_solved_in_seconds(name, tmp_path):
    problem = tmp_path / "problem.csv"
    problem.write_bytes(gzip.decompress((CASES / f"hostile/{name}.csv.gz").read_bytes()))
    done = tmpass("allocate", problem, "-o", tmp_path / "solution.csv")
    assert done.returncode == 0, done.stderr


def test_nested_joins_are_planned_in_seconds():
    assert tmpass("plan", "hostile/dense2000.tflite").returncode == 0
