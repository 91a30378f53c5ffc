"""Planned files for a runtime with one arena, where the plan has several memories: the firmware needs a planner."""

import pytest
from make_models import FOLDER
from support.tflm_planner import two_memories_text

import tmpass

MODEL = FOLDER / "branchy.tflite"
LACKS = "a planned file has no offsets for the tensors in 'psram'"


@pytest.fixture
def board(tmp_path):
    path = tmp_path / "board.toml"
    path.write_text(two_memories_text())
    return path


def test_a_planned_file_without_offsets_for_a_memory_is_told(run, board, tmp_path):
    said = run("plan", MODEL, "-t", board, "-o", tmp_path / "planned.tflite").err
    assert said.count("\n") == 1
    assert LACKS in said
    assert "tmpass emit PLANNED -f tflm-planner -o net.planner.h writes the planner" in said


def test_python_is_warned_of_such_a_file_too(board):
    with pytest.warns(UserWarning, match=LACKS):
        tmpass.planned_model(tmpass.plan(MODEL, board), MODEL)


def test_a_planned_file_with_its_planner_is_complete(run, board, tmp_path):
    words = ("plan", MODEL, "-t", board, "-o", tmp_path / "planned.tflite")
    said = run(*words, "--emit", tmp_path / "net.planner.h").err
    assert LACKS not in said
    assert "net.planner.h is for branchy.tflite: its SHA-256 and the names of macros; for the planned file:" in said


def test_a_planned_file_for_one_arena_has_all_offsets(run, tmp_path):
    assert LACKS not in run("plan", MODEL, "-t", "tflm", "-o", tmp_path / "planned.tflite").err


def test_a_memory_of_variables_needs_no_planner(run, tmp_path):
    board = tmp_path / "board.toml"
    board.write_text(
        two_memories_text()
        .replace('"inputs_outputs", "activations"', '"variables"')
        .replace('"activations"]', '"activations", "inputs_outputs"]')
    )
    done = run("plan", FOLDER / "states.tflite", "-t", board, "-o", tmp_path / "planned.tflite")
    assert (done.code, LACKS in done.err) == (0, False)


def test_a_split_file_is_told_once(run, board, tmp_path):
    said = run("split", MODEL, "-t", board, "-o", tmp_path / "split.tflite").err
    assert said.count(LACKS) == 1
    assert "UserWarning" not in said


def test_a_fleet_tells_it_once(run, board, tmp_path):
    models = (MODEL, FOLDER / "attention.tflite")
    done = run("fleet", *models, "-t", board, "--planned", tmp_path / "out", "--no-store")
    assert done.err.count(LACKS) == 1
    assert "of 2 planned files" in done.err
    assert LACKS not in run("fleet", *models, "-t", board, "--no-store").err
