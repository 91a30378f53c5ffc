"""`tmpass verify`."""

import json
import re
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from make_models import FOLDER as MODELS
from tflite_writer import Operator, Subgraph, Tensor, write_model

from tmpass.cli import commands
from tmpass.cli.verify_command import execution_lines
from tmpass.execution.run import Execution


@pytest.fixture
def plan_file(run, model, tmp_path):
    assert run("plan", model, "-o", tmp_path / "plan.json", "--alignment", 1).code == 0
    return tmp_path / "plan.json"


def edit(path, change):
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


def test_a_plan_that_is_right(run, model, plan_file):
    done = run("verify", plan_file, model)
    assert (done.code, done.err) == (0, "")
    first, left_out, *believed = done.out.splitlines()
    assert first == f"{plan_file} is right for net.tflite: 3 tensors in 3 buffers, 2 steps"
    assert left_out == "not counted: scratch of kernels (unknown without --scratch)"
    assert believed == [
        "proved: order: no order has less than 4024 B alive at once",
        "on trust: the figures of pixel6-tpu: memories, capacity, runtime, sharing, scratch, source",
        "on trust: alignment: 'scratchpad' needs offsets that are multiples of 1 B",
        "on trust: not counted: 2 operators may need scratch: TANH",
        "figures on trust need a target: --target pixel6-tpu checks the plan against it",
    ]
    assert run("verify", "-", model, stdin=plan_file.read_text()).code == 0


def test_a_plan_that_does_not_fit_is_right_and_says_so(run, model, tmp_path):
    path = tmp_path / "small.json"
    planned = run("plan", model, "--budget", "16B", "-o", path)
    assert planned.code == 1
    said = planned.out.splitlines()[0].removeprefix("fits         no; ")
    done = run("verify", path, model)
    assert (done.code, done.out.splitlines()[1]) == (0, f"does not fit; {said}")
    facts = json.loads(run("verify", path, model, "--json").out)
    assert (facts["right"], facts["fits"], list(facts["missing"])) == (True, False, ["scratchpad"])


def test_a_claim_on_trust_does_not_read_as_if_it_was_proved(run, tmp_path):
    """An operator may write its result over its input, and then needs half of what the claim says."""
    model, path = tmp_path / "relu.tflite", tmp_path / "small.json"
    tensors = [Tensor(name, [size], "FLOAT32") for name, size in (("x", 100), ("a", 500), ("b", 500), ("y", 100))]
    ops = [Operator(kind, [t], [t + 1]) for t, kind in enumerate(("CONV_2D", "RELU", "CONV_2D"))]
    model.write_bytes(write_model([Subgraph(tensors, ops, [0], [3])]))
    assert run("plan", model, "--budget", "16B", "-o", path).code == 1
    assert run("verify", path, model).out.splitlines()[1].startswith("does not fit; proved: one operator alone needs ")

    assert run("plan", model, "--budget", "16B", "--share", "none", "--no-inplace", "-o", path).code == 1
    edit(path, lambda data: data["options"].update(share="auto", inplace=True))
    done = run("verify", path, model)
    assert (done.code, done.out.splitlines()[1][:48]) == (0, "does not fit; claimed: one operator alone needs ")
    assert "on trust: operator: one operator needs 4000 B of 'scratchpad' alone" in done.out
    assert "proved: operator" not in done.out


def test_an_overlap_names_both_tensors_the_step_and_the_bytes(run, model, plan_file):
    def collide(data):
        data["buffers"][0]["offset"] = data["tensors"][0]["offset"] = 2900

    edit(plan_file, collide)
    done = run("verify", plan_file, model)
    assert (done.code, done.out) == (5, "")
    lines = done.err.splitlines()
    assert "tmpass: overlap: tensor 0 't0' and tensor 1 't1' share bytes 2900..2999 of scratchpad at step 0" in lines
    assert all(line.startswith("tmpass: ") for line in lines)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d["memories"][0].update(peak=1), "peak: scratchpad claims a peak of 1, but it is 4024"),
        (lambda d: d.update(fits=False), "status: the plan says optimal, fits: False"),
        (lambda d: d["tensors"][1].update(name="a\nb"), "size: tensor 1 'a\\nb' is listed as"),
        (lambda d: d["memories"][0].update(name="a\nb"), "memory: "),
        (lambda d: d["schedule"].reverse(), ""),
        (lambda d: d["schedule"].pop(), ""),
        (lambda d: d["tensors"].pop(), "missing: "),
        (lambda d: d["buffers"].pop(), "missing: "),
        (lambda d: d["model"].update(sha256="f" * 64), "model: the plan is for a file with SHA-256 ffff"),
        (
            lambda d: d["tensors"][0].update(role="constant"),
            "missing: tensor 0 't0' is listed as constant, but is input",
        ),
    ],
)
def test_plans_that_were_tampered_with(run, model, plan_file, change, message):
    edit(plan_file, change)
    done = run("verify", plan_file, model)
    assert (done.code, done.out) == (5, "")
    assert done.err.startswith(f"tmpass: {message}")
    assert done.err.replace("\n", "").isprintable()


def test_a_plan_for_another_model(run, long_model, plan_file):
    assert run("verify", plan_file, long_model).code == 5


def test_at_most_twenty_violations_are_listed(run, long_model, tmp_path):
    run("plan", long_model, "-o", tmp_path / "plan.json")

    def misplace(data):
        for buffer in data["buffers"]:
            buffer["offset"] = 0

    edit(tmp_path / "plan.json", misplace)
    lines = run("verify", tmp_path / "plan.json", long_model).err.splitlines()
    assert len(lines) == 21
    assert lines[-1].startswith("tmpass: and ")


def test_against_a_target(run, fails, model, plan_file):
    done = run("verify", plan_file, model, "--target", "pixel6-tpu")
    proved, *believed = [line.split(": ")[:2] for line in done.out.splitlines()[2:]]
    assert proved == ["proved", "order"]
    assert believed == [["on trust", what] for what in ("alignment", "capacity", "scratch")]
    assert done.out.count("by the plan's own options") == 1
    done = run("verify", plan_file, model, "--target", "minimalloc")
    assert done.code == 5
    assert done.err.startswith("tmpass: target: the plan is for target 'pixel6-tpu', not for 'minimalloc'\n")
    assert "no target is named 'none'" in fails(2, "verify", plan_file, model, "--target", "none")


def test_with_a_target_its_name_and_that_of_the_file_are_held_too(run, fails, model, plan_file):
    words = ("verify", plan_file, model, "--target", "pixel6-tpu")
    edit(plan_file, lambda data: data["target"].update(name="other"))
    assert fails(5, *words) == "target: the plan is for target 'other', not for 'pixel6-tpu'"
    assert run("verify", plan_file, model).code == 0
    edit(plan_file, lambda data: (data["target"].update(name="pixel6-tpu"), data["model"].update(file="other.tflite")))
    assert fails(5, *words) == "model: the plan is for the file 'other.tflite', not for 'net.tflite'"
    assert run("verify", plan_file, model).code == 0
    edit(plan_file, lambda data: data["model"].update(file="<memory>.tflite"))
    assert run(*words).code == 0


def test_the_format_is_held_always(fails, model, plan_file):
    edit(plan_file, lambda data: data["model"].update(format="onnx"))
    wanted = "model: the plan is for a model of format 'onnx', this one is tflite"
    assert fails(5, "verify", plan_file, model) == wanted


def test_as_json(run, model, plan_file):
    done = run("verify", "--json", plan_file, model)
    facts = json.loads(done.out)
    assert (done.code, facts["right"], facts["violations"], facts["executed"]) == (0, True, [], None)
    assert [one["what"] for one in facts["trusted"]] == [
        "memories",
        "capacity",
        "alignment",
        "runtime",
        "sharing",
        "scratch",
        "source",
        "not counted",
    ]
    assert facts["proved"] == [{"what": "order", "message": "no order has less than 4024 B alive at once"}]
    assert [one["what"] for one in facts["not_counted"]] == ["scratch"]
    edit(plan_file, lambda data: data["memories"][0].update(peak=1))
    done = run("verify", "--json", plan_file, model, "--target", "pixel6-tpu")
    facts = json.loads(done.out)
    assert (done.code, done.err, facts["right"], facts["target"]) == (5, "", False, "pixel6-tpu")
    assert {"peak"} <= {one["kind"] for one in facts["violations"]}


@pytest.fixture
def onnx_plan(run, tmp_path):
    pytest.importorskip("onnxruntime")
    path = tmp_path / "onnx_plan.json"
    assert run("plan", MODELS / "control_flow.onnx", "-o", path).code == 0
    return path


def test_a_plan_that_runs(run, onnx_plan):
    done = run("verify", "--execute", onnx_plan, MODELS / "control_flow.onnx")
    assert (done.code, done.err) == (0, "")
    first, *lines = done.out.splitlines()
    assert first == f"{onnx_plan} is right for control_flow.onnx"
    wanted = (
        r"  inputs        random, seeds 0 to 1: 'x', 'deep', 'times'",
        r"  executed      \d+ operators in 2 runs, 12 of 12 steps of the plan",
        r"  compared      \d+ bytes that operators read, each as it was written",
        r"  compared      4 outputs of 576 bytes with those of ONNX Runtime 1\.\d+\.\d+, equal in all bits",
    )
    assert lines[len(wanted)].startswith("not counted: ")
    assert lines[len(wanted) + 1].startswith("on trust: ")
    assert all(re.fullmatch(pattern, line) for pattern, line in zip(wanted, lines, strict=False)), lines


def test_inputs_that_are_given(run, fails, onnx_plan, tmp_path):
    np.savez(tmp_path / "some.npz", deep=np.array(True))
    done = run("verify", "--execute", "--inputs", tmp_path / "some.npz", onnx_plan, MODELS / "control_flow.onnx")
    assert done.code == 0
    assert done.out.splitlines()[1].startswith("  inputs        given: 'deep'; random, seed")
    np.savez(tmp_path / "odd.npz", none=np.ones(3))
    command = ("verify", "--execute", "--inputs", tmp_path / "odd.npz", onnx_plan, MODELS / "control_flow.onnx")
    assert fails(2, *command) == "the model has no input 'none'; its inputs are 'x', 'deep', 'times'"


@pytest.mark.parametrize("option", ["--inputs", "--execute-trips", "--execute-seconds", "--execute-bytes"])
def test_options_of_executing_need_it(fails, model, plan_file, option):
    said = f"{option} is given without --execute; add --execute, or leave it out"
    assert fails(2, "verify", option, "7", plan_file, model) == said


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--execute-trips", "2", "the loops have not ended after 2 iterations; raise --execute-trips"),
        ("--execute-seconds", "0.001", "executing it has not ended within 0.001 seconds; raise --execute-seconds"),
        ("--execute-bytes", "1", "; raise --execute-bytes"),
    ],
)
def test_limits_of_executing(fails, onnx_plan, option, value, said):
    assert said in fails(4, "verify", "--execute", option, value, onnx_plan, MODELS / "control_flow.onnx")


@pytest.mark.parametrize(
    ("option", "hint"),
    [("--execute-trips", "write 1 or more"), ("--execute-seconds", "write seconds above 0 without a unit: 60, 0.5")],
)
def test_limits_are_numbers_above_0(fails, onnx_plan, option, hint):
    said = fails(2, "verify", "--execute", option, "0", onnx_plan, MODELS / "control_flow.onnx")
    assert re.fullmatch(rf"{option} '?0'? is not .*; {hint}", said)


def test_a_plan_that_loses_bytes_when_it_runs(run, onnx_plan):
    def collide(data):
        rows = {row["name"]: row for row in data["tensors"]}
        data["buffers"][rows["y"]["buffer"]]["offset"] = rows["y"]["offset"] = rows["x"]["offset"]

    edit(onnx_plan, collide)
    done = run("verify", "--execute", onnx_plan, MODELS / "control_flow.onnx")
    assert (done.code, done.out) == (5, "")
    lines = done.err.splitlines()
    assert lines[0].startswith("tmpass: overlap: ")
    assert any(line.startswith("tmpass: overwritten: step ") for line in lines)
    assert all(line.startswith("tmpass: ") for line in lines)


def test_a_plan_for_another_model_is_not_executed(run, onnx_plan):
    done = run("verify", "--execute", onnx_plan, MODELS / "branchy.onnx")
    assert (done.code, done.out) == (5, "")
    assert done.err.startswith("tmpass: model: ")


def test_models_that_cannot_be_executed(fails, model, plan_file, onnx_plan, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert "'onnxruntime>=" in fails(2, "verify", "--execute", onnx_plan, MODELS / "control_flow.onnx")
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    assert "'ai-edge-litert" in fails(2, "verify", "--execute", plan_file, model)


def test_an_execution_lists_the_steps_not_reached():
    run = Execution("the engine", 7, (3, 4), (), (), (), ("x",), (0,), 96, 1, 8)
    assert execution_lines(run, 5) == [
        "  inputs        random, seed 0: 'x'",
        "  executed      7 operators, 3 of 5 steps of the plan",
        "  compared      96 bytes that operators read, each as it was written",
        "  compared      1 output of 8 bytes with those of the engine, equal in all bits",
        "  not executed  2 steps that no run reached: 3, 4",
    ]
    run = Execution("the engine", 7, (), ("not compared: output y: a die is cast",), (), ("x",), (), (0,), 96)
    assert execution_lines(run, 5) == [
        "  inputs        given: 'x'",
        "  executed      7 operators, 5 of 5 steps of the plan",
        "  compared      96 bytes that operators read, each as it was written",
        "  note          not compared: output y: a die is cast",
    ]


def test_files_that_cannot_be_read_for_verification(fails, model, plan_file, tmp_path):
    assert "cannot read it" in fails(2, "verify", tmp_path / "none.json", model)
    assert "cannot read it" in fails(3, "verify", plan_file, tmp_path / "none.tflite")
    plan_file.write_text("no plan")
    assert "it is not valid JSON" in fails(2, "verify", plan_file, model)


def test_a_wrong_place_in_the_plan_is_named(fails, model, plan_file):
    edit(plan_file, lambda data: data["buffers"][1].update(offset=-64))
    assert fails(2, "verify", plan_file, model).startswith(f"{plan_file}: buffers[1].offset: -64 is not in 0 ..")


NUMBERS = (0, 1, 3, 2**31 - 1, 2**62)
OF_THE_TARGET = ("capacity", "alignment", "reserve", "compute")
"""Any that the offsets keep to is right, unless a target is given."""


@pytest.mark.parametrize("value", NUMBERS)
@pytest.mark.parametrize("rows", ["memories", "schedule", "buffers", "tensors"])
def test_no_number_in_a_plan_makes_the_checker_stumble(model, plan_file, rows, value):
    """Each field of each row in turn; the answer is right, wrong (5), or no plan (2)."""
    good = json.loads(plan_file.read_text())
    for index, row in enumerate(good[rows]):
        for key, old in row.items():
            if isinstance(old, int):
                data = json.loads(plan_file.read_text())
                data[rows][index][key] = value
                result = CliRunner().invoke(commands, ["verify", "-", str(model)], input=json.dumps(data))
                assert result.exit_code in (0, 2, 5), (key, result.exc_info)
                assert result.exit_code != 0 or value == old or key in OF_THE_TARGET


def test_values_of_single_inputs(run, fails, onnx_plan, tmp_path):
    x, path = tmp_path / "x.npy", MODELS / "control_flow.onnx"
    rows = json.loads(onnx_plan.read_text())["tensors"]
    (row,) = (row for row in rows if (row["name"], row["role"]) == ("x", "input"))
    np.save(x, np.ones(row["shape"], row["dtype"]))
    done = run("verify", "--execute", "--input", f"x={x}", onnx_plan, path)
    assert (done.code, done.err) == (0, "")
    assert "given: 'x'" in done.out
    np.savez(tmp_path / "x.npz", x=np.ones(row["shape"], row["dtype"]))
    np.save(tmp_path / "wrong.npy", np.ones(row["shape"], "i8"))
    np.save(tmp_path / "long.npy", np.ones([2, *row["shape"]], row["dtype"]))
    for words, said in (
        (("--input", f"xy={x}"), "the model has no input 'xy'; its inputs are"),
        (("--input", str(x)), "has no name or no file; write --input NAME=FILE.npy"),
        (("--input", f"x={tmp_path}/none.npy"), "there is no such file"),
        (("--input", f"x={tmp_path}/x.npz"), "it has several arrays; give it with --inputs"),
        (("--input", f"x={x}", "--input", f"x={x}"), "input 'x' is given twice"),
        (("--input", f"x={x}", "--inputs", tmp_path / "x.npz"), "input 'x' is given twice"),
        (("--input", f"x={tmp_path}/wrong.npy"), "input 'x': an array of int64 is given for one of"),
        (("--input", f"x={tmp_path}/long.npy"), "input 'x': it is given with shape [2, "),
    ):
        assert said in fails(2, "verify", "--execute", *words, onnx_plan, path)
    assert "--input is given without --execute" in fails(2, "verify", "--input", f"x={x}", onnx_plan, path)


def test_without_numpy_nothing_is_executed(fails, model, plan_file, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.delitem(sys.modules, "numpy", raising=False)
    assert "running a model needs numpy, which is not installed" in fails(2, "verify", "--execute", plan_file, model)
