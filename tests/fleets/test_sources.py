"""Words name models: files, folders, patterns, each once, and in the same order everywhere."""

import os

import pytest

from tmpass.base.errors import UsageError
from tmpass.fleets.job import Source
from tmpass.fleets.sources import find_sources


def names(models, zoo):
    return [os.path.relpath(source.name, zoo) for source in find_sources(models)]


def test_folders_and_patterns_are_sorted_and_nothing_comes_twice(zoo):
    all_of_them = ["a.tflite", "b.tflite", "inner/broken.tflite", "inner/large.tflite"]
    assert names(zoo, zoo) == names(f"{zoo}/**/*.tflite", zoo) == all_of_them
    assert names([str(zoo / "b.tflite"), str(zoo), zoo / "a.tflite"], zoo) == [
        "b.tflite",
        *all_of_them[:1],
        *all_of_them[2:],
    ]
    assert names([str(zoo / "none.tflite")], zoo) == ["none.tflite"]


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_links_are_followed_once_and_in_no_circle(zoo):
    (zoo / "inner" / "up").symlink_to(zoo)
    (zoo / "again").symlink_to(zoo / "inner")
    outside = zoo.parent / "outside"
    outside.mkdir()
    (outside / "c.tflite").write_bytes(b"")
    (outside / "back").symlink_to(zoo)
    (zoo / "link").symlink_to(outside)
    assert names(zoo, zoo) == ["a.tflite", "b.tflite", "inner/broken.tflite", "inner/large.tflite", "link/c.tflite"]


def test_other_spellings_of_a_path_are_one_model(zoo, monkeypatch):
    monkeypatch.chdir(zoo)
    found = find_sources(["./a.tflite", "inner/..//a.tflite", str(zoo / "a.tflite"), "."])
    assert [source.name for source in found[:2]] == ["a.tflite", "b.tflite"]
    assert len(found) == 4
    assert find_sources(["a\0.tflite"])[0].name == "a\0.tflite"


def test_bytes_have_a_name():
    assert find_sources([("x.tflite", b"1")]) == (Source("x.tflite", b"1"),)
    with pytest.raises(UsageError, match=r"two models are named 'x\.tflite'"):
        find_sources([("x.tflite", b"1"), ("x.tflite", b"2")])


@pytest.mark.parametrize(
    ("models", "message"),
    [
        ([], "there is no model"),
        (b"TFL3", "are not models"),
        (7, "7 are not models"),
        ([7], "7 is not a model"),
        ([""], "the path of a model is empty"),
        (["nothing/*.tflite"], "the pattern has no model"),
    ],
)
def test_what_names_no_model_is_refused(models, message):
    with pytest.raises(UsageError, match=message):
        find_sources(models)
