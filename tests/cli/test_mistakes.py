"""What users get wrong on the command line, and the line that each of them reads."""

import json
import os
import struct
from pathlib import Path

import pytest
from tflite_writer import Operator, Subgraph, Tensor, write_model

from tmpass.api.plan import plan
from tmpass.api.planned_model import planned_model
from tmpass.cli import COMMANDS, commands
from tmpass.cli.command import Command

MODELS = Path(__file__).parent.parent.parent / "models"


@pytest.fixture
def plan_file(run, model, tmp_path):
    assert run("plan", model, "-o", tmp_path / "plan.json").code == 0
    return tmp_path / "plan.json"


@pytest.fixture
def planned(tmp_path, model):
    path = tmp_path / "planned.tflite"
    path.write_bytes(planned_model(plan(model, "tflm"), model))
    return path


def test_an_option_given_twice(fails, model, tmp_path):
    words = "plan", model, "-o", tmp_path / "a.json", "-o", tmp_path / "b.json"
    assert fails(2, *words).startswith("--output is given twice: give it once")
    assert list(tmp_path.glob("?.json")) == []
    assert fails(2, "plan", model, "-t", "tflm", "--target", "tflm").startswith("--target is given twice")


def test_options_that_are_repeatable(run, model, tmp_path):
    words = "plan", model, "--emit", tmp_path / "a.svg", "--emit", tmp_path / "b.csv"
    assert run(*words).code == 0
    assert (tmp_path / "a.svg").exists()
    assert (tmp_path / "b.csv").exists()


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_refuses_options_given_twice(name):
    command = commands.get_command(None, name)
    assert isinstance(command, Command) or hasattr(command, "commands")


def test_a_plan_and_a_model_swapped(fails, model, plan_file):
    said = fails(2, "verify", model, plan_file)
    assert said.endswith("is the model: the plan comes first; tmpass verify PLAN MODEL")
    assert fails(3, "plan", plan_file).endswith("it is a plan, not a model; tmpass show reads plans")
    assert fails(2, "diff", plan_file, model).endswith("give a plan: tmpass plan MODEL -o plan.json")
    assert fails(2, "verify", plan_file) == "the model is missing; tmpass verify PLAN MODEL"


def test_a_budget_that_is_meant_in_kibibytes(run, fails, model):
    done = run("plan", model, "--budget", "256", "--transfers", "never")
    assert "tmpass: warning: --budget 256 is 256 bytes; write 256KiB if these are KiB" in done.err.splitlines()
    assert "write 256KiB" not in run("plan", model, "--budget", "256B").err
    assert "write 2048KiB" not in run("plan", model, "--budget", "2048").err
    said = fails(2, "plan", model, "--budget", "256Kb")
    assert said.startswith("--budget '256Kb' is in bits")
    assert "write 256KiB" in said
    assert run("plan", model, "--budget", "0x40000").out == run("plan", model, "--budget", 0x40000).out


def test_sharing_of_inputs_that_are_outside(run, model):
    done = run("plan", model, "--share-io", "--io", "external")
    assert done.code == 0
    assert "tmpass: warning: --share-io has no effect on inputs and outputs with --io external" in done.err


def test_models_from_standard_input(run, fails, model, plan_file, tmp_path):
    data = model.read_bytes()
    assert "peak" in run("plan", "-", stdin=data).out
    assert run("explain", "-", stdin=data).code == 0
    assert run("show", "-", "--no-picture", stdin=data).code == 0
    assert run("verify", plan_file, "-", stdin=data).code == 0
    assert run("plan", "-", "-o", tmp_path / "planned.tflite", "-t", "tflm", stdin=data).code == 0
    planned = (tmp_path / "planned.tflite").read_bytes()
    assert run("strip", "-", "-o", tmp_path / "back.tflite", stdin=planned).code == 0
    assert (tmp_path / "back.tflite").read_bytes() == data
    assert fails(2, "plan", "-", stdin=b"").startswith("standard input: it is empty")
    assert fails(2, "verify", "-", "-", stdin=data).startswith("the plan and the model both come from standard input")


def test_a_plan_from_standard_input(run, fails, plan_file):
    text = plan_file.read_bytes()
    assert run("show", "-", stdin=text).out == run("show", plan_file).out
    assert "no effect on a finished plan" in fails(2, "show", "-", "--budget", "1KiB", stdin=text)


def test_a_planned_model_is_shown_and_verified(run, fails, planned, model):
    done = run("show", planned)
    assert done.err.startswith("tmpass: shown is the plan in the file; with an option")
    assert run("show", planned, "--target", "tflm").err.startswith("tmpass: shown is") is False
    assert "planned.tflite is right for planned.tflite" in run("verify", planned).out
    assert fails(2, "verify", model).startswith(str(model))
    assert run("emit", planned, "-f", "csv").out.startswith("id,lower,upper")
    assert run("diff", planned, planned).code == 0


def test_a_planned_onnx_model_is_verified_against_its_original(run, tmp_path):
    path = tmp_path / "planned.onnx"
    assert run("plan", MODELS / "branchy.onnx", "-o", path).code == 0
    assert "planned.onnx is right for planned.onnx" in run("verify", path).out


def test_the_name_of_a_target_alone_shows_it(run, fails):
    assert run("targets", "tflm").out == run("targets", "show", "tflm").out
    assert "did you mean 'tflm'" in fails(2, "targets", "tflmm")


def test_offsets_in_a_model_are_verified_for_the_board_that_is_named(run, model, tmp_path):
    planned = tmp_path / "planned.tflite"
    assert run("plan", model, "-t", "tflm-stm32f746", "-o", planned).code == 0
    assert run("verify", planned, "--target", "tflm-stm32f746").code == 0
    done = run("verify", planned, "--target", "pixel6-tpu")
    assert done.code == 5
    first, second, third = done.err.splitlines()
    assert first == "tmpass: target: the plan is for target 'tflm-stm32f746', not for 'pixel6-tpu'"
    more = "more, which may follow from that: --json lists them"
    assert second.endswith(more)
    assert third == "tmpass: --target tflm-stm32f746 checks the plan against its own target"
    shown = json.loads(run("verify", planned, "--target", "pixel6-tpu", "--json").out)["violations"]
    assert f"tmpass: and {len(shown) - 1} violations {more}" == second
    assert "the plan names runtime 'tflm', pixel6-tpu has no runtime" in [one["message"] for one in shown]
    assert run("show", "-", "--no-picture", stdin=planned.read_bytes()).err.startswith("tmpass: shown is the plan")
    assert run("show", planned, "--constants", "--no-picture").code == 0


@pytest.mark.parametrize("command", ["plan", "verify", "explain", "split", "show", "probe", "strip"])
def test_a_file_is_named_as_it_was_typed(fails, model, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "cut.tflite").write_bytes(model.read_bytes()[:200])
    more = {"split": ["-t", "tflm"], "probe": ["-o", "kernels.toml"], "strip": ["-o", "out.tflite"]}.get(command, [])
    assert fails(3, command, os.path.join("nets", "cut.tflite"), *more).startswith("nets/cut.tflite: ")


def test_a_cut_file_is_named_once(fails, model, tmp_path):
    (tmp_path / "cut.tflite").write_bytes(model.read_bytes()[:200])
    assert fails(3, "verify", tmp_path / "cut.tflite").count("cut.tflite") == 1


def test_a_planned_file_knows_its_board(run, model, tmp_path):
    planned = tmp_path / "planned.tflite"
    assert run("plan", model, "-t", "tflm-stm32f746", "--budget", "64KiB", "-o", planned).code == 0
    done = run("verify", planned)
    assert "on trust: capacity: 'arena' has 65536 B (64 KiB)" in done.out
    assert done.out.endswith("--target tflm-stm32f746 checks the plan against it\n")
    assert done.err == ""
    assert "_ARENA_CAPACITY 65536u" in run("emit", planned, "-f", "c").out


def test_offsets_without_a_board_say_so(run, tmp_path):
    path = tmp_path / "other.tflite"
    tensors = [Tensor(name, [64], "UINT8") for name in "ab"]
    offsets = struct.pack("<5i", 1, 1, 2, 0, 64)
    graph = Subgraph(tensors, [Operator("SOFTMAX", [0], [1])], inputs=[0], outputs=[1])
    path.write_bytes(write_model([graph], metadata={"OfflineMemoryAllocation": offsets}))
    said = "the file names no target, so nothing is known of its board: no memory has a limit"
    for words in ("verify", path), ("emit", path, "-f", "csv"), ("show", path, "--no-picture"):
        done = run(*words)
        assert done.code == 0
        assert said in done.err
    assert said not in run("verify", path, "--target", "tflm-stm32f746").err


def test_a_planned_model_and_its_original(run, planned, model):
    done = run("verify", planned, model)
    assert done.code == 0
    first, second, *_ = done.out.splitlines()
    assert first.startswith(f"{planned} is right for")
    assert second == f"{planned} without its plan is {model}, byte for byte"


def test_a_planned_model_and_another_model(run, planned, larger_model, plan_file, model):
    done = run("verify", planned, larger_model)
    assert (done.code, done.out) == (5, "")
    _, which, todo = done.err.splitlines()
    assert which.startswith(f"tmpass: {planned} carries a plan for another model than {larger_model}:")
    assert todo.endswith(f"tmpass plan {larger_model}")
    said = run("verify", plan_file, larger_model).err.splitlines()
    assert said[1] == f"tmpass: {plan_file} is a plan for 'net.tflite', and {larger_model} is another file"
    (_, said) = run("verify", plan_file, planned).err.splitlines()
    hint = f"tmpass strip {planned} -o FILE gives it"
    assert said == f"tmpass: {planned} is the model of that plan with a plan in it: {hint}"
    done = run("strip", planned, "-o", planned.parent / "back.tflite")
    assert done.code == 0
    assert (planned.parent / "back.tflite").read_bytes() == model.read_bytes()


def test_a_planned_model_and_its_original_may_be_swapped(run, model, tmp_path):
    planned = tmp_path / "planned.tflite"
    other = tmp_path / "other.tflite"
    run("plan", model, "-t", "tflm", "-o", planned)
    run("plan", model, "-t", "tflm-nrf52840", "-o", other)
    done = run("verify", model, planned)
    assert done.code == 2
    assert f"the plan comes first; tmpass verify {planned} {model}" in done.err
    done = run("verify", planned, other)
    assert done.code == 5
    assert f"{planned} and {other} are one model with two plans" in done.err


@pytest.mark.parametrize("words", [("allocate",), ("spill", "--capacity", "1000")])
def test_a_model_or_a_plan_where_a_problem_is_wanted(fails, model, plan_file, words):
    command, *options = words
    said = fails(2, command, model, *options)
    assert said == f"{model}: it is a model, and a text is wanted here; tmpass plan takes models"
    said = fails(2, command, plan_file, *options)
    assert said.startswith(f"{plan_file}: it is the plan of a model; tmpass emit PLAN -o problem.csv gives the buffers")


def test_bindings_in_one_option(fails, open_model):
    said = fails(2, "plan", open_model, "--bind", "batch=1,seq=128")
    assert said.endswith("known: batch; give --bind for each dimension")


def test_json_of_another_kind(fails, model, tmp_path):
    path = tmp_path / "other.json"
    path.write_text("{}")
    said = fails(2, "show", path)
    assert said.endswith("and has no schema; give a plan that tmpass plan -o wrote")
    said = fails(2, "plan", model, "--scratch", path)
    assert said.endswith("and has no schema; tmpass probe MODEL -o FILE measures scratch")


def test_a_file_where_a_folder_for_planned_models_is_wanted(fails, model, tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    said = fails(2, "fleet", model, "-t", "tflm", "--no-store", "--planned", path)
    assert said == f"{path}: it is a file; name a folder for the planned models"


def test_a_planned_file_with_an_order_and_no_offsets(run, fails, tmp_path):
    tensors = [Tensor(name, [1, 4], shape_signature=[-1, 4]) for name in "xy"]
    model, planned = tmp_path / "open.tflite", tmp_path / "planned.tflite"
    model.write_bytes(write_model([Subgraph(tensors, [Operator("TANH", [0], [1])], [0], [1])]))
    assert run("plan", model, "-t", "ethos-u55", "--bind", "x:0=3", "-o", planned).code == 0
    said = fails(2, "verify", planned)
    assert said.startswith(f"{planned}: it holds the order of a plan for ethos-u55 and no offsets, since sizes")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--tie", "a=b", "--keep-inputs"), "but --keep-inputs keeps it"),
        (("--tie", "a=b", "--io", "external"), "and --io external leaves them to the caller"),
        (("--objective", "time", "--target", "tflm"), "--objective time needs a bandwidth"),
        (("--alignment", "16x"), "--alignment '16x' has an unknown unit; the units are B, "),
        (("--alignment", "0"), "--alignment 0 is not in 1 .. 2^31; write 1 or more"),
        (("--budget", "12x"), "--budget '12x' has an unknown unit"),
    ],
)
def test_an_error_names_an_option_as_it_is_typed(fails, model, words, said):
    assert said in fails(2, "plan", model, *words)


def test_limits_of_work_are_named_as_options(fails):
    words = ("split", MODELS / "branchy.onnx", "-t", "pixel6-tpu")
    said = fails(2, *words, "--max-slowdown", "5%")
    assert said.startswith("--max-slowdown is given, but the times")
    assert said.endswith("limit the work by --max-macs")
    for option in ("--max-slowdown", "--max-macs"):
        for value in ("x", "-1%", "5%%", "inf"):
            assert fails(2, *words, option, value) == f"{option} {value!r} is not a part; write 5% or 0.05"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("output 'keep_inputs' of io 'arena_x'", "output 'keep_inputs' of io 'arena_x'"),
        ("keep_inputs, io 'arena', x_keep_inputs", "--keep-inputs, --io arena, x_keep_inputs"),
        (
            "binding 'net/keep_inputs:0' or \"a 'b keep_inputs c\"",
            "binding 'net/keep_inputs:0' or \"a 'b keep_inputs c\"",
        ),
        ("'use io 'arena' of \"io 'arena'\"; keep_inputs", "'use --io arena of \"io 'arena'\"; --keep-inputs"),
        ("'a \\' keep_inputs' keep_inputs", "'a \\' keep_inputs' --keep-inputs"),
        ("the model's keep_inputs, and Tom's keep_inputs.", "the model's --keep-inputs, and Tom's --keep-inputs."),
        ("net/keep_inputs keep_inputs/a keep_inputs.tflite", "net/keep_inputs keep_inputs/a keep_inputs.tflite"),
        (
            "a:keep_inputs keep_inputs:0 ./keep_inputs keep_inputs: b",
            "a:keep_inputs keep_inputs:0 ./keep_inputs --keep-inputs: b",
        ),
    ],
)
def test_names_in_quotes_and_paths_stay_in_an_error(text, named):
    from tmpass.cli.usage import name_options

    assert name_options(text, commands.get_command(None, "plan")) == named


def test_a_binding_is_shown_as_it_was_given(fails, model):
    said = fails(2, "plan", model, "--bind", "net/keep_inputs:0=3")
    assert said.startswith("binding 'net/keep_inputs:0' names no dimension")


def test_an_alignment_may_have_a_unit(run, model):
    assert run("plan", model, "--alignment", "16B").out == run("plan", model, "--alignment", "16").out
    assert run("plan", model, "--alignment", "4KiB").code == 0


def test_the_file_of_a_target_that_is_not_there_has_the_nearest_one(fails, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("board.toml", "kernels.toml", "rules.json", "graph.json"):
        (tmp_path / name).write_text("")
    assert fails(2, "plan", model, "-t", "bord.toml").endswith("did you mean board.toml?")
    assert fails(2, "plan", model, "-t", "tflm", "--scratch", "kernel.toml").endswith("did you mean kernels.toml?")
    assert fails(2, "plan", model, "--scratch", "rule.json").endswith("did you mean rules.json?")
    assert fails(2, "spill", "grph.json", "--capacity", "64").endswith("did you mean graph.json?")


def test_a_model_and_a_target_in_each_others_place(fails, model, tmp_path):
    profile = tmp_path / "board.toml"
    profile.write_text('name = "mine"\n')
    assert fails(2, "plan", "tflm", model).startswith(f"got '{model}' as well: it takes one model: ")
    assert "; the target tflm is given by -t;" in fails(2, "plan", "tflm", model)
    assert "is given by -t" not in fails(2, "plan", model, model)
    assert fails(3, "plan", profile, "-t", "tflm").endswith("formats: tflite, onnx; --target takes a profile")


def test_a_model_is_not_the_name_of_a_target(fails, model, monkeypatch):
    monkeypatch.chdir(model.parent)
    said = fails(2, "plan", model.name, "-t", model.name)
    assert said == f"{model.name}: it is a model, not a target; give the model first, then the target"
    assert fails(2, "plan", model.name, "-t", "x" * 5000).endswith("; tmpass targets lists them all")


@pytest.mark.parametrize("command", ["plan", "explain", "split"])
def test_the_name_of_a_target_is_not_a_model(fails, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert fails(3, command, "tflm") == "tflm: it is a target, not a model; give a model, and the target by -t tflm"


def test_a_part_of_the_name_of_a_target(fails, model):
    assert "did you mean 'tflm-nrf52840'?" in fails(2, "plan", model, "-t", "nrf")
    assert "did you mean 'tflm-stm32f746' or 'tflm-stm32h743'?" in fails(2, "plan", model, "-t", "stm32")
    assert "did you mean" not in fails(2, "plan", model, "-t", "zz")


def test_a_plan_is_not_the_rows_of_a_fleet(fails, model, plan_file):
    said = fails(2, "fleet", model, "-t", "tflm", "--no-store", "--baseline", plan_file)
    assert (
        said == f"{plan_file}: it is the plan of a model; give what tmpass fleet -o wrote; tmpass diff compares plans"
    )
