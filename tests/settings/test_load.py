"""A script gets the options that the command line takes."""

import os
import subprocess
import sys

import pytest
from test_layers import ROOT

import tmpass
from tmpass.base.errors import UsageError
from tmpass.settings.values import OPTIONS

BRANCHY = ROOT / "models" / "branchy.tflite"
FILE = """
target = "tflm-nrf52840"
budget = "192KiB"
keep-inputs = true
states = 1e4
[models."branch*"]
target = "boards/own.toml"
share = "views"
inplace = false
[models."other*"]
bind = { batch = 2 }
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """The current folder, with settings, a board and a model."""
    monkeypatch.delenv("TMPASS_TARGET", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tmpass.toml").write_text(FILE)
    (tmp_path / "boards").mkdir()
    board = (ROOT / "tmpass" / "targets" / "profiles" / "tflm-nrf52840.toml").read_text()
    (tmp_path / "boards" / "own.toml").write_text(board.replace('"tflm-nrf52840"', '"own"'))
    (tmp_path / "branchy.tflite").write_bytes(BRANCHY.read_bytes())
    return tmp_path


def command(model, **environment):
    """The plan that the command line makes, as bytes."""
    words = [sys.executable, "-m", "tmpass", "plan", str(model), "--json"]
    return subprocess.run(words, capture_output=True, check=True, env={**os.environ, **environment}).stdout.decode()


def test_the_plan_with_the_settings_is_that_of_the_command(project, monkeypatch):
    found = tmpass.load_settings("branchy.tflite")
    assert tmpass.plan("branchy.tflite", **found).to_json() == command("branchy.tflite")
    assert (project / "tmpass.toml").is_file()
    monkeypatch.setenv("TMPASS_TARGET", "litert-cpu")
    assert tmpass.load_settings("branchy.tflite") == {**found, "target": "litert-cpu"}
    assert tmpass.plan("branchy.tflite", **tmpass.load_settings("branchy.tflite")).to_json() == command(
        "branchy.tflite"
    )


def test_patterns_bindings_and_the_file_of_a_target_are_those_of_the_model(project):
    common = {"target": "tflm-nrf52840", "budget": 192 * 1024, "keep_inputs": True, "states": 10_000}
    own = os.path.join(str(project), "boards/own.toml")
    assert tmpass.load_settings(None) == tmpass.load_settings() == common
    assert tmpass.load_settings("other.onnx") == {**common, "bind": {"batch": 2}}
    found = tmpass.load_settings(project / "branchy.tflite", folder=project / "boards")
    assert found == {**common, "target": own, "share": "views", "inplace": False}


def test_without_file_and_variable_nothing_is_stated(project, monkeypatch):
    (project / "tmpass.toml").unlink()
    assert tmpass.load_settings("branchy.tflite") == {}
    monkeypatch.setenv("TMPASS_TARGET", "")
    assert tmpass.load_settings("branchy.tflite") == {}
    assert tmpass.plan("branchy.tflite", **tmpass.load_settings("branchy.tflite")).target.assumed


def test_each_key_of_a_file_is_an_argument_of_plan():
    known = set(tmpass.plan.__annotations__)
    assert {key.replace("-", "_") for key in OPTIONS} <= known


def test_a_model_that_is_not_a_path_is_refused():
    with pytest.raises(UsageError, match=r"found by its path, not by bytes; give its path, or None"):
        tmpass.load_settings(BRANCHY.read_bytes())
