"""Results that would be lost or misnamed are refused before anything is planned."""

import pytest
from tflite_writer import Operator, Subgraph, Tensor, write_model


@pytest.fixture
def model(tmp_path):
    tensors = [Tensor("x", [4]), Tensor("y", [4])]
    path = tmp_path / "net.tflite"
    path.write_bytes(write_model([Subgraph(tensors, [Operator("TANH", [0], [1])], [0], [1])]))
    return path


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-o", "plan.h"), "-o writes JSON, not c: give --emit plan.h"),
        (("-o", "plan.html"), "-o writes JSON, not html: give --emit plan.html"),
        (("--emit", "html=same", "--emit", "csv=same"), "two results would go to same: name two files"),
        (("-o", "a.json", "--emit", "csv=./a.json"), "two results would go to ./a.json: name two files"),
        (("--json", "--emit", "csv=-"), "more than one result would go to standard output: name files"),
        (("-o", "-", "--emit", "csv=-"), "more than one result would go to standard output: name files"),
        (("--emit", "html=net.tflite"), "net.tflite is the model itself: name another file"),
        (("-o", "net.onnx"), "net.onnx ends as onnx files do, but the model is tflite"),
    ],
)
def test_a_result_that_would_be_lost_or_misnamed_is_refused(words, message, model, monkeypatch, run):
    monkeypatch.chdir(model.parent)
    before = model.read_bytes()
    done = run("plan", "net.tflite", *words)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert [path.name for path in model.parent.iterdir()] == ["net.tflite"]
    assert model.read_bytes() == before


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ("missing/net.csv", "No such file or directory"),
        ("missing/net.html", "No such file or directory"),
        ("csv=folder", "Is a directory"),
    ],
)
def test_of_several_results_all_are_written_or_none(wrong, why, model, monkeypatch, run):
    monkeypatch.chdir(model.parent)
    (model.parent / "folder").mkdir()
    done = run("plan", "net.tflite", "-o", "planned.tflite", "--emit", "net.csv", "--emit", wrong)
    assert (done.code, done.out) == (2, "")
    assert f"{wrong.removeprefix('csv=')}: cannot write it: {why}" in done.err
    assert sorted(path.name for path in model.parent.iterdir()) == ["folder", "net.tflite"]


def test_an_empty_path_is_refused(model, run):
    done = run("plan", model, "-o", "")
    assert (done.code, done.out) == (2, "")
    assert "the path to write to is empty" in done.err
