"""The CSV of a plan with several memories: the command that writes it says how to read it."""

import shlex

import pytest
from make_models import FOLDER
from support.tflm_planner import two_memories_text

MODEL = FOLDER / "branchy.tflite"


@pytest.fixture
def board(tmp_path):
    path = tmp_path / "board.toml"
    path.write_text(two_memories_text())
    return path


def command_in(said):
    """The words after `tmpass` of the command that a note ends with."""
    (line,) = [line for line in said.splitlines() if "tmpass allocate" in line]
    return shlex.split(line.partition("to read it: tmpass ")[2])


def test_the_command_that_is_printed_reads_the_csv(run, board, tmp_path):
    """The offsets that it prints are those of the plan, which are in the file as fixed ones."""
    path, plan = tmp_path / "a plan.csv", tmp_path / "plan.json"
    for said in (
        run("plan", MODEL, "-t", board, "--emit", path, "-o", plan).err,
        run("emit", plan, "-o", path).err,
    ):
        assert said.startswith(f"tmpass: {path}: a CSV has no sizes of memories; to read it: tmpass allocate ")
        words = command_in(said)
        assert words[:2] == ["allocate", str(path)]
        done = run(*words, "-o", "-")
        assert (done.code, done.out) == (0, path.read_text())


def test_the_csv_on_standard_output_is_called_plan_csv(run, board, tmp_path):
    run("plan", MODEL, "-t", board, "-o", tmp_path / "plan.json")
    assert command_in(run("emit", tmp_path / "plan.json", "--format", "csv").err)[:2] == ["allocate", "plan.csv"]


def test_the_csv_of_one_memory_needs_no_option(run, tmp_path):
    path = tmp_path / "plan.csv"
    assert "tmpass allocate" not in run("plan", MODEL, "-t", "tflm", "--emit", path).err
    assert run("allocate", path).code == 0


def test_a_csv_in_the_place_of_a_model_or_without_memories_names_what_reads_it(run, board, tmp_path):
    path = tmp_path / "plan.csv"
    run("plan", MODEL, "-t", board, "--emit", path)
    assert "tmpass allocate takes a CSV of buffers" in run("plan", path).err
    assert "tmpass allocate takes --memory NAME=SIZE" in run("allocate", path).err
