"""The project's own models are as they would be made, valid, and planned as worked out by hand."""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from make_models import FOLDER, differences, main, make
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator
from support.exact import busiest_step, cp_sat_peak

import tmpass
from tmpass.base.choices import Status
from tmpass.base.errors import UnknownSizeError
from tmpass.loading.load import Model
from tmpass.packing.problem import Problem
from tmpass.packing.problem_csv import read_problem
from tmpass.plans.plan import Plan

KIB = 1024

PEAKS = {
    # All three wide results wait: stem 8, a_wide, b_wide and c_wide 16 each, and a 4.
    "branchy.tflite": 60 * KIB,
    # The same, but c_wide's convolution and its ReLU are two tensors: 8 + 16 + 16 + 16 + 16.
    "branchy.onnx": 72 * KIB,
    # Units of 1 KiB: x, the heads of q, k and v, and the scores, which are twice as large: 4 + 2.
    "attention.tflite": 6 * KIB,
    "attention.onnx": 6 * KIB,
    # Four copies and four products of 256, x and y of 256; times takes one slot of 64, deep its byte on top.
    "control_flow.tflite": 8 * 256 + 2 * 256 + 64 + 1,
    "control_flow.onnx": 8 * 256 + 2 * 256 + 64 + 1,
    # The states of both signatures, what the LSTM reads, 8 frames of 16 numbers, and as many that it writes.
    "states.tflite": (256 + 64 + 64) + 2 * 8 * 16 * 4,
}
ONNX = [name for name in PEAKS if name.endswith(".onnx")]

LEAST = {"tight": 16 * KIB, "scattered": 47 * KIB, "unreachable": 7 * KIB, "pinned": 11 * KIB}
LIVE = {"tight": 16 * KIB, "scattered": 47 * KIB, "unreachable": 6 * KIB, "pinned": 9232}


def planned(name: str, **bind: int) -> Plan:
    if name == "attention.onnx" and not bind:
        bind = {"batch": 1, "seq": 16}
    return tmpass.plan(FOLDER / name, "pixel6-tpu", bind=bind, schedule="given", share="views")


def problem(name: str, capacity: int | None = None) -> Problem:
    path = FOLDER / "problems" / f"{name}.csv"
    return read_problem(path.read_text(), path.name, capacity=capacity)


# What the script writes.


def test_the_committed_files_are_what_the_script_makes() -> None:
    made = make()
    assert differences(made) == []
    assert {name for name in made if not name.startswith("problems/")} == set(PEAKS)
    assert {Path(name).stem for name in made if name.startswith("problems/")} == set(LEAST)


def test_the_files_do_not_depend_on_the_hash_seed() -> None:
    command = [sys.executable, str(FOLDER / "make_models.py"), "--check"]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_check_names_each_file_that_is_not_as_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    (tmp_path / "branchy.onnx").unlink()
    (tmp_path / "other.tflite").write_bytes(b"")
    path = tmp_path / "problems" / "tight.csv"
    path.write_bytes(path.read_bytes() + b"\n")
    assert main(["--check"], tmp_path) == 1
    assert capsys.readouterr().err.splitlines() == [
        "branchy.onnx: is missing",
        "other.tflite: is not made here",
        "problems/tight.csv: differs",
    ]
    assert path.read_bytes().endswith(b"\n\n")


def test_the_files_are_small() -> None:
    sizes = {name: len(data) for name, data in make().items()}
    assert max(sizes.values()) < 30_000
    assert sum(sizes.values()) < 100_000


# What plans say.


@pytest.mark.parametrize("name", PEAKS)
def test_a_model_fits_with_the_peak_that_was_worked_out_by_hand(name: str) -> None:
    made = planned(name)
    memory = made.memories[0]
    assert (made.fits, made.status, made.warnings) == (True, "optimal", ())
    assert memory.peak == memory.lower_bound == PEAKS[name]


def numbers_in_readme() -> dict[str, list[int]]:
    """Return the cells with nothing but a number, by the file that the row is about."""
    rows = re.findall(r"^\| `(.+?)` \| (.*) \|$", (FOLDER / "README.md").read_text(), re.MULTILINE)
    return {name: [int(cell) for cell in cells.split(" | ") if cell.isdecimal()] for name, cells in rows}


def test_the_readme_has_the_same_numbers() -> None:
    expected = {name: [peak] for name, peak in PEAKS.items()}
    for name, least in LEAST.items():
        quick = tmpass.allocate(problem(name), "first-fit").peak
        expected[f"problems/{name}.csv"] = [LIVE[name], quick, least]
    assert numbers_in_readme() == expected


@pytest.mark.parametrize(
    ("name", "peak"),
    [
        # stem 8, a and b 4 each, c_wide 16, and c 4.
        ("branchy.tflite", 36 * KIB),
        # stem 8, a and b 4 each, c_wide before and after its ReLU 16 each.
        ("branchy.onnx", 48 * KIB),
    ],
)
def test_branch_by_branch_branchy_needs_less(name: str, peak: int) -> None:
    loaded = tmpass.load(FOLDER / name)
    [main_graph] = loaded.graph.subgraphs
    branch = {"a_wide_linear": "a", "a_wide": "a", "b_wide_linear": "b", "b_wide": "b", "c_wide_linear": "c"}
    branch |= {"c_wide": "c", "a": "a", "b": "b", "c": "c"}
    results = [main_graph.tensors[op.outputs[0]].name for op in main_graph.ops]
    cell = [index for index, result in enumerate(results) if result in branch]
    by_branch = sorted(cell, key=lambda index: branch[results[index]])
    order = [*range(cell[0]), *by_branch, *range(cell[-1] + 1, len(results))]
    ops = tuple(main_graph.ops[index] for index in order)
    reordered = replace(loaded.graph, subgraphs=(replace(main_graph, ops=ops),))
    assert order != sorted(order) == list(range(len(results)))
    # In place, the ReLU of the second would take nothing.
    assert tmpass.plan(Model(loaded.info, reordered), share="views").memories[0].peak == peak


def test_attention_onnx_asks_for_its_dimensions() -> None:
    with pytest.raises(UnknownSizeError) as caught:
        tmpass.plan(FOLDER / "attention.onnx")
    assert caught.value.symbols == ("batch", "seq")


@pytest.mark.parametrize(("batch", "seq"), [(1, 4), (1, 8), (1, 16), (1, 32), (2, 64), (3, 16)])
def test_attention_onnx_grows_with_its_dimensions(batch: int, seq: int) -> None:
    tokens, scores = 64 * batch * seq, 8 * batch * seq * seq
    transposing = 5 * tokens  # x, q, k, v, and one of them turned
    multiplying = 4 * tokens + scores  # x, and the heads of q, k and v
    scaling = 2 * tokens + 2 * scores  # x, and the heads of v
    made = planned("attention.onnx", batch=batch, seq=seq)
    assert made.memories[0].peak == max(transposing, multiplying, scaling)


@pytest.mark.parametrize("name", ["attention.tflite", "attention.onnx"])
def test_in_attention_reshapes_share_and_transposes_do_not(name: str) -> None:
    buffers = {tensor.name: tensor.buffer for tensor in planned(name).tensors}
    for head in "qkv":
        assert buffers[head] == buffers[f"{head}_parts"] != buffers[f"{head}_heads"]
    assert buffers["turned"] == buffers["joined"] != buffers["mixed"]


@pytest.mark.parametrize(("name", "bodies"), [("control_flow.tflite", 4), ("control_flow.onnx", 4)])
def test_every_tensor_of_a_body_has_a_place(name: str, bodies: int) -> None:
    inside = [tensor for tensor in planned(name).tensors if tensor.subgraph and tensor.role != "constant"]
    assert {tensor.subgraph for tensor in inside} == set(range(1, 1 + bodies))
    assert {tensor.role for tensor in inside} == {"activation"}
    assert [tensor.name for tensor in inside if tensor.offset is None] == []


@pytest.mark.parametrize(
    ("name", "runs"),
    [
        # IF with both branches inside, WHILE with condition and body.
        ("control_flow.tflite", [0, 1, 1, 1, 2, 0, 3, 4, 4]),
        # If with both branches, else first as in the file, Loop and its body, Reshape, Scan and its body.
        ("control_flow.onnx", [0, 1, 2, 2, 2, 0, 3, 3, 0, 0, 4, 4]),
    ],
)
def test_bodies_run_inside_the_step_that_calls_them(name: str, runs: list[int]) -> None:
    assert [step.subgraph for step in planned(name).schedule] == runs


def test_the_branches_of_the_if_share_bytes() -> None:
    made = planned("control_flow.tflite")
    place = {tensor.name: (tensor.offset, tensor.bytes) for tensor in made.tensors}
    assert place["then/copies"] == (0, 4 * 256)
    assert place["else/x"] == (0, 256)


def test_states_stay_in_place_through_the_runs_of_both_signatures() -> None:
    made = planned("states.tflite")
    states = [tensor for tensor in made.tensors if tensor.role == "variable"]
    assert [state.bytes for state in states] == [256, 64, 64]
    homes = [made.buffers[state.buffer] for state in states if state.buffer is not None]
    assert [(home.lower, home.upper) for home in homes] == [(0, len(made.schedule))] * 3
    sounds = [tensor for tensor in made.tensors if tensor.name.endswith("/sound")]
    assert [sound.subgraph for sound in sounds] == [0, 1]


# What the models compute.


@pytest.mark.parametrize("name", ONNX)
def test_an_onnx_model_is_valid(name: str) -> None:
    onnx.checker.check_model(onnx.load(FOLDER / name), full_check=True)


def run_onnx(name: str, **inputs: NDArray[Any]) -> list[NDArray[Any]]:
    return list(ReferenceEvaluator(str(FOLDER / name)).run(None, inputs))


def run_litert(name: str, **inputs: NDArray[Any]) -> NDArray[Any]:
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    interpreter = litert.Interpreter(model_content=(FOLDER / name).read_bytes())
    interpreter.allocate_tensors()
    for detail in interpreter.get_input_details():
        interpreter.set_tensor(detail["index"], inputs[detail["name"]])
    interpreter.invoke()
    [output] = interpreter.get_output_details()
    return interpreter.get_tensor(output["index"])


def noise(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


def test_branchy_onnx_gives_shares() -> None:
    [scores] = run_onnx("branchy.onnx", image=noise(1, 4, 16, 16))
    assert scores.shape == (1, 4)
    assert np.isclose(scores.sum(), 1)
    assert scores.max() < 0.99  # not saturated: the input matters


def test_attention_onnx_runs_with_any_dimensions_and_keeps_the_sequences_of_a_batch_apart() -> None:
    x = noise(3, 5, 16)
    [together] = run_onnx("attention.onnx", x=x)
    apart = [run_onnx("attention.onnx", x=x[i : i + 1])[0] for i in range(3)]
    assert together.shape == x.shape
    assert np.allclose(together, np.concatenate(apart), atol=1e-5)
    assert np.isfinite(together).all()


DEEP = pytest.mark.parametrize(("deep", "factor"), [(True, 2.5), (False, -1)])
TIMES = pytest.mark.parametrize("times", [0, 1, 3])
X = np.arange(64, dtype=np.float32)[None]


@DEEP
@TIMES
def test_control_flow_onnx_computes_what_it_says(deep: bool, factor: float, times: int) -> None:
    total, running = run_onnx("control_flow.onnx", x=X, deep=np.array(deep), times=np.array(times))
    rows = ((factor + times) * X).reshape(8, 8)
    assert np.array_equal(running, rows.cumsum(axis=0))
    assert np.array_equal(total, rows.sum(axis=0))


@pytest.mark.runtime
@DEEP
@TIMES
def test_control_flow_tflite_computes_what_it_says(deep: bool, factor: float, times: int) -> None:
    z = run_litert("control_flow.tflite", x=X, deep=np.array([deep]), times=np.array([times], np.int32))
    assert np.array_equal(z, 2**times * factor * X)


@pytest.mark.runtime
def test_both_forms_of_branchy_are_one_network() -> None:
    image = noise(1, 16, 16, 4)
    [scores] = run_onnx("branchy.onnx", image=image.transpose(0, 3, 1, 2))
    assert np.allclose(run_litert("branchy.tflite", image=image), scores, atol=1e-5)


@pytest.mark.runtime
def test_both_forms_of_attention_are_one_block() -> None:
    x = noise(1, 16, 16)
    [y] = run_onnx("attention.onnx", x=x)
    assert np.allclose(run_litert("attention.tflite", x=x), y, atol=1e-4)


@pytest.mark.runtime
@pytest.mark.parametrize(("signature", "shape"), [("frame", (1, 16)), ("clip", (1, 8, 16))])
def test_states_remembers_what_it_heard(signature: str, shape: Sequence[int]) -> None:
    litert = pytest.importorskip("ai_edge_litert.interpreter")
    interpreter = litert.Interpreter(model_content=(FOLDER / "states.tflite").read_bytes())
    runner = interpreter.get_signature_runner(signature)
    first, second = (runner(sound=noise(*shape))["words"] for _ in range(2))
    assert np.allclose(first.sum(axis=-1), 1)
    assert np.allclose(second.sum(axis=-1), 1)
    assert not np.allclose(first, second)


# What the problems show.


@pytest.mark.parametrize("name", LEAST)
def test_a_problem_has_the_least_peak_that_the_readme_says(name: str) -> None:
    answer = tmpass.allocate(problem(name))
    assert (answer.status, answer.peak) == (Status.OPTIMAL, LEAST[name])
    assert busiest_step(problem(name)) == LIVE[name]


@pytest.mark.parametrize("name", LEAST)
def test_a_solver_that_knows_nothing_of_tmpass_finds_the_same_least_peak(name: str) -> None:
    assert cp_sat_peak(problem(name)) == LEAST[name]


def test_tight_has_no_spare_byte_at_any_step() -> None:
    tight = problem("tight")
    for step in range(tight.horizon):
        assert sum(b.size for b in tight.buffers if b.lower <= step < b.upper) == 16 * KIB


@pytest.mark.parametrize("name", ["tight", "scattered"])
def test_first_fit_misses_in_every_order_what_search_reaches(name: str) -> None:
    quick = tmpass.allocate(problem(name), "first-fit")
    assert quick.lower_bound == LEAST[name]
    assert quick.peak > 1.1 * LEAST[name]


def test_unreachable_does_not_fit_into_the_bytes_that_are_alive() -> None:
    answer = tmpass.allocate(problem("unreachable", capacity=6 * KIB))
    assert answer.status is Status.INFEASIBLE
    assert tmpass.allocate(problem("unreachable", capacity=7 * KIB)).status is Status.OPTIMAL
