"""`--scratch FILE` of the commands that plan."""

import json

import pytest


@pytest.fixture
def scratch(tmp_path):
    def write(*rows, **more):
        path = tmp_path / "scratch.json"
        path.write_text(json.dumps({"schema": "tmpass.scratch/1", "scratch": list(rows), **more}))
        return path

    return write


def test_it_is_in_the_plan_and_the_plan_is_right(run, model, scratch, tmp_path):
    path = scratch(
        {"kind": "TANH", "bytes": "in0.bytes // 4", "source": "measured"}, {"subgraph": 0, "op": 1, "bytes": 7}
    )
    made = json.loads(run("plan", model, "--scratch", path, "--json", "-o", tmp_path / "plan.json").out)
    assert [b["size"] for b in made["buffers"] if b["step"] is not None] == [256, 7]
    assert made["options"]["scratch"][0]["source"] == "measured"
    assert run("verify", tmp_path / "plan.json", model).code == 0
    out = run("show", tmp_path / "plan.json").out
    assert "scratch of step 0" in out


def test_explain_names_it(run, model, scratch):
    out = run("explain", model, "--scratch", scratch({"kind": "TANH", "bytes": 9000})).out
    assert "9000  scratch" in out


def test_a_file_for_another_model(fails, model, scratch):
    message = fails(2, "plan", model, "--scratch", scratch(sha256="0" * 64))
    assert "scratch.json: sha256: it is for a model with SHA-256 000" in message


@pytest.mark.parametrize(("row", "message"), [
    ({"kind": "TANH", "bytes": "in0"}, "scratch.json: scratch[0].bytes: column 1: in0 alone is not a number"),
    ({"subgraph": 0, "op": 2, "bytes": 1}, "scratch: there is no operator 2 in subgraph 0, which has 2"),
    ({"kind": "TANH", "bytes": "in5.bytes"}, "scratch 'in5.bytes' of operator 0 (TANH) in subgraph 0: there is no in5"),
])  # fmt: skip
def test_errors_in_the_scratch_file(fails, model, scratch, row, message):
    assert message in fails(2, "plan", model, "--scratch", scratch(row))


def test_a_file_that_cannot_be_read(fails, model, tmp_path):
    assert "cannot read it" in fails(2, "plan", model, "--scratch", tmp_path / "none.json")
    (tmp_path / "latin.json").write_bytes(b"\xff")
    assert "not UTF-8 text at byte 0" in fails(2, "plan", model, "--scratch", tmp_path / "latin.json")


def test_a_kind_that_the_model_does_not_have_is_told(run, model, scratch):
    shown = run("plan", model, "--scratch", scratch({"kind": "TANHH", "bytes": 9000}))
    assert shown.code == 0
    assert "scratch is given for 'TANHH', and the model has no such operator; did you mean 'TANH'?" in shown.err
