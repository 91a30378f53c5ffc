"""The nearest name of a misspelt word, and of a file that is not there."""

import pytest

from tmpass.base.nearest import hint_of, nearest, path_hint


def test_the_nearest_name_in_quotes_or_nothing():
    assert nearest("pln", ["plan", "show"]) == "'plan'"
    assert nearest("bake", ["plan", "show"]) == ""


@pytest.mark.parametrize("word", ["VIEWS", "viws", "view"])
def test_a_hint_has_the_nearest_name_and_all(word):
    assert hint_of(word, ["auto", "views"]) == "did you mean 'views'? choose one of auto, views"


@pytest.mark.parametrize("word", ["none", 3, None])
def test_a_hint_without_a_near_name_has_all(word):
    assert hint_of(word, ["auto", "views"]) == "choose one of auto, views"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("persondetect.tflite", "person_detect.tflite"),
        ("person_detect.tflit", "person_detect.tflite"),
        ("person_detect.json", "person_detect.tflite"),
        ("kws.onxx", "kws.onnx"),
        ("other.tflite", None),  # as all models, it ends as those there
        ("", None),
        (".tflite", None),
    ],
)
def test_a_file_that_is_not_there_has_one_beside_it(tmp_path, asked, found):
    for name in ("person_detect.tflite", "kws.onnx", "a\nb.tflite"):
        (tmp_path / name).touch()
    wanted = "check the path" if found is None else f"did you mean {tmp_path / found}?"
    assert path_hint(f"{tmp_path}/{asked}") == wanted


@pytest.mark.parametrize("path", ["none/there.tflite", "a\0b.tflite", "x" * 5000])
def test_a_path_that_cannot_be_searched(path, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert path_hint(path) == "check the path"
