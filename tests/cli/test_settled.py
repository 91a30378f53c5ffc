"""A flag wins, then the environment, then the settings file; a target that nobody named is said to be assumed."""

import json
from pathlib import Path

import pytest
from support.split_bottleneck import bottleneck

import tmpass
from tmpass.api.arguments import ASSUMED_TARGET
from tmpass.cli import options
from tmpass.targets import load


@pytest.fixture
def project(tmp_path, monkeypatch, model):
    """The folder of `model` as the current one, with this text as its settings."""
    assert model.parent == tmp_path
    monkeypatch.chdir(tmp_path)

    def written(text):
        (tmp_path / "tmpass.toml").write_text(text)
        return tmp_path

    return written


def made(run, *words):
    done = run("plan", "net.tflite", "--json", *words)
    return json.loads(done.out), done.err


def test_a_flag_wins_then_the_environment_then_the_file(run, project, monkeypatch):
    project('target = "tflm"\nnodes = 7\nkeep-inputs = true')
    plan, err = made(run)
    assert (plan["target"]["name"], plan["options"]["nodes"], plan["options"]["keep_inputs"]) == ("tflm", 7, True)
    assert "assumed" not in plan["target"]
    assert "assumed" not in err
    monkeypatch.setenv("TMPASS_TARGET", "litert-cpu")
    assert made(run)[0]["target"]["name"] == "litert-cpu"
    plan, _ = made(run, "--target", "pixel6-tpu", "--nodes", "9")
    assert (plan["target"]["name"], plan["options"]["nodes"]) == ("pixel6-tpu", 9)
    assert "assumed" not in plan["target"]


def test_bindings_of_flags_and_file_add_up(run, project, open_model):
    project('[models."*.onnx"]\nbind = { batch = 3 }')
    assert json.loads(run("plan", open_model, "--json").out)["options"]["bind"] == {"batch": 3}
    assert json.loads(run("plan", open_model, "--json", "--bind", "batch=2").out)["options"]["bind"] == {"batch": 2}


def test_a_file_may_tie_an_output(run, project):
    project('tie = { t2 = "t0" }')
    assert "output 't2'" in run("plan", "net.tflite").err


@pytest.mark.parametrize("words", [("plan",), ("explain",), ("show",)])
def test_every_command_of_planning_reads_the_file_and_says_what_is_wrong(fails, project, words):
    place = project('target = "tflmm"')
    assert "no target is named 'tflmm'" in fails(2, *words, "net.tflite")
    project("nodse = 1")
    assert fails(2, *words, "net.tflite").startswith(f"{place}/tmpass.toml, line 1, nodse: unknown key; did you mean")


@pytest.mark.parametrize("words", [("plan",), ("plan", "--json"), ("explain",), ("explain", "--json"), ("show",)])
def test_a_target_that_nobody_named_is_said_to_be_assumed(run, model, words):
    done = run(*words, model)
    assert f"{ASSUMED_TARGET} (assumed)" in done.out or f"{ASSUMED_TARGET} is assumed" in done.err
    named = run(*words, model, "--target", ASSUMED_TARGET)
    assert f"{ASSUMED_TARGET} (assumed)" not in named.out
    assert "is assumed" not in named.err


@pytest.mark.parametrize("words", [("plan",), ("plan", "--json"), ("explain",), ("explain", "--json"), ("show",)])
def test_a_file_with_several_targets_and_no_target_is_named_where_one_is_assumed(run, project, words):
    project('targets = ["tflm", "litert-cpu"]')
    done = run(*words, "net.tflite")
    line = next(one for one in (done.err + done.out).splitlines() if ASSUMED_TARGET in one)
    assert "assumed" in line
    assert "tmpass.toml has 2 targets" in line
    project('targets = ["tflm", "litert-cpu"]\ntarget = "tflm"')
    again = run(*words, "net.tflite")
    assert "tmpass.toml" not in again.out + again.err


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ('targets = ["tflm"]', "tflm"),
        ('targets = ["tflm"]\ntarget = "litert-cpu"', "litert-cpu"),
        ('targets = ["tflm"]\n[models."*.tflite"]\ntarget = "litert-cpu"', "litert-cpu"),
    ],
)
def test_the_only_one_of_the_targets_is_the_target(run, project, text, target):
    """A project that lists one for `fleet` was planned for the assumed target by every other command."""
    project(text)
    assert made(run)[0]["target"]["name"] == target
    assert tmpass.load_settings("net.tflite")["target"] == target


def test_the_command_line_and_the_library_assume_the_same_target():
    assert options.ASSUMED_TARGET == ASSUMED_TARGET


def test_verify_checks_against_the_target_of_the_file_and_names_it(run, project, tmp_path):
    place = project('target = "./board.toml"')
    board = (Path(load.__file__).parent / "profiles" / "tflm-nrf52840.toml").read_text()
    (tmp_path / "board.toml").write_text(board)
    assert run("plan", "net.tflite", "-o", "plan.json").code == 0
    assert "figures on trust need a target" not in run("verify", "plan.json", "net.tflite").out
    (tmp_path / "board.toml").write_text(board.replace('"256KiB"', '"128KiB"'))
    assert "128KiB" in (tmp_path / "board.toml").read_text()
    done = run("verify", "plan.json", "net.tflite")
    assert done.code == 5
    assert done.err.endswith(f"board.toml is that of {place}/tmpass.toml; --target names another\n")


def test_verify_leaves_out_a_target_of_the_project_that_the_plan_is_not_for(run, project, monkeypatch):
    place = project('target = "pixel6-tpu"')
    assert run("plan", "net.tflite", "-o", "plan.json", "--target", "tflm").code == 0
    done = run("verify", "plan.json", "net.tflite")
    assert done.code == 0
    assert done.err == (
        f"tmpass: the plan is for tflm, and {place}/tmpass.toml names pixel6-tpu: --target checks it against a target\n"
    )
    assert "figures on trust need a target" in done.out
    monkeypatch.setenv("TMPASS_TARGET", "litert-cpu")
    done = run("verify", "plan.json", "net.tflite", "--json")
    assert (done.code, "TMPASS_TARGET names litert-cpu" in done.err) == (0, True)
    assert json.loads(done.out)
    assert run("verify", "plan.json", "net.tflite", "--target", "tflm").err == ""
    assert run("verify", "plan.json", "net.tflite", "--target", "pixel6-tpu").code == 5


def test_verify_with_a_flag_reads_no_settings(run, fails, project):
    project('target = "tflm"')
    assert run("plan", "net.tflite", "-o", "plan.json").code == 0
    project("nodse = 1")
    assert run("verify", "plan.json", "net.tflite", "-t", "tflm").code == 0
    assert "nodse: unknown key" in fails(2, "verify", "plan.json", "net.tflite")


def test_a_finished_plan_is_shown_whatever_the_settings_are(run, project, monkeypatch):
    project("")
    run("plan", "net.tflite", "-o", "plan.json")
    project("nodse = 1")
    monkeypatch.setenv("TMPASS_TARGET", "tflm")
    assert run("show", "plan.json").code == 0


def test_an_error_says_which_options_come_from_the_file(fails, project):
    folder = project("budget = '64KiB'\n[models.'net*']\nbind = { batch = 3 }")
    line = fails(2, "plan", "net.tflite")
    assert line.endswith(f"; budget, bind from {folder / 'tmpass.toml'}")
    assert "from" not in fails(2, "plan", "net.tflite", "--budget", "x").partition("budget")[0]


def test_a_misspelt_target_of_the_file_has_its_line(fails, project):
    folder = project("budget = '64KiB'\ntarget = 'tflm-nrf5284'")
    line = fails(2, "plan", "net.tflite")
    assert line.startswith(f"{folder / 'tmpass.toml'}, line 2, target: no target is named 'tflm-nrf5284'")
    assert "did you mean 'tflm-nrf52840'" in line


def test_a_planned_file_is_verified_for_the_board_of_the_settings(run, tmp_path, monkeypatch):
    """The file lacks facts of a board that is not built in, and --target is not given again."""
    board, model, planned = tmp_path / "board.toml", tmp_path / "net.tflite", tmp_path / "planned.tflite"
    profile = Path(tmpass.__file__).parent / "targets" / "profiles" / "tflm-nrf52840.toml"
    board.write_text(profile.read_text().replace("tflm-nrf52840", "my-board"))
    model.write_bytes(bottleneck())
    assert run("plan", model, "-t", board, "-o", planned).code == 0
    assert run("verify", planned, "-t", board).code == 0
    monkeypatch.setenv("TMPASS_TARGET", str(board))
    assert run("verify", planned).code == 0
    assert run("verify", planned, model).code == 0


def test_a_planned_file_is_written_in_another_format_for_the_board_that_is_named(run, fails, tmp_path, monkeypatch):
    board, model, planned = tmp_path / "board.toml", tmp_path / "net.tflite", tmp_path / "planned.tflite"
    profile = (Path(tmpass.__file__).parent / "targets" / "profiles" / "tflm-nrf52840.toml").read_text()
    board.write_text(profile.replace("tflm-nrf52840", "my-board"))
    model.write_bytes(bottleneck())
    assert run("plan", model, "-t", board, "-o", planned).code == 0
    unknown = run("emit", planned, "-f", "c")
    assert (
        "my-board is not known here: its figures are those in the file; --target FILE takes its profile" in unknown.err
    )
    named = run("emit", planned, "-f", "c", "-t", board)
    assert (named.code, named.err, named.out) == (0, "", unknown.out)
    assert "tflm has other figures than the file, which is for my-board" in run("emit", planned, "-fc", "-ttflm").err
    monkeypatch.setenv("TMPASS_TARGET", str(board))
    assert run("emit", planned, "-f", "c") == named
    assert run("verify", planned).err == ""
    monkeypatch.setenv("TMPASS_TARGET", "pixel6-tpu")
    assert run("emit", planned, "-f", "c") == unknown
    plan = tmp_path / "plan.json"
    assert run("plan", model, "-t", board, "-o", plan).code == 0
    assert "--target has no effect on a finished plan" in fails(2, "emit", plan, "-f", "c", "-t", board)
