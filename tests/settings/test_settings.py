"""The options of one model: those for all, and those of the patterns that it matches."""

import pytest

from tmpass.settings.read import read_settings

TEXT = """
nodes = 1
bind = { batch = 1 }
[models."*.onnx"]
nodes = 2
bind = { seq = 8 }
[models."nets/*"]
nodes = 3
[models."s3://zoo/*"]
nodes = 4
[models."deep.onnx"]
bind = { batch = 4 }
"""


@pytest.mark.parametrize(
    ("model", "nodes", "bind"),
    [
        ("a.tflite", 1, {"batch": 1}),
        ("a.onnx", 2, {"batch": 1, "seq": 8}),
        ("nets/a.tflite", 3, {"batch": 1}),
        ("nets/inner/a.onnx", 3, {"batch": 1, "seq": 8}),
        ("nets/../a.tflite", 1, {"batch": 1}),
        ("s3://zoo/a.tflite", 4, {"batch": 1}),
        ("nets/deep.onnx", 3, {"batch": 4, "seq": 8}),
    ],
)
def test_the_last_pattern_wins_key_by_key_and_bindings_add_up(tmp_path, monkeypatch, model, nodes, bind):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets" / "inner").mkdir(parents=True)
    settings = read_settings(TEXT, str(tmp_path / "tmpass.toml"))
    assert settings.for_model(model) == {"nodes": nodes, "bind": bind}


def test_a_path_counts_from_the_folder_of_the_file(tmp_path, monkeypatch):
    (tmp_path / "nets").mkdir()
    monkeypatch.chdir(tmp_path / "nets")
    settings = read_settings(TEXT, str(tmp_path / "tmpass.toml"))
    assert settings.for_model("a.tflite")["nodes"] == settings.for_model(str(tmp_path / "nets/a"))["nodes"] == 3
