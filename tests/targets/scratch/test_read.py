"""Scratch files: rows as rules, and an error with its place for each mistake."""

import json
from pathlib import Path

import jsonschema
import pytest

from tmpass.base.errors import UsageError
from tmpass.targets.scratch.read import read_scratch
from tmpass.targets.scratch.rule import ScratchRule

FORM = json.loads((Path(__file__).parents[3] / "docs" / "scratch.schema.json").read_text())
SHA = "0123456789abcdef" * 4


def text(*rows, **more):
    return json.dumps({"schema": "tmpass.scratch/1", "scratch": list(rows), **more})


def read(*rows, **more):
    written = text(*rows, **more)
    rules = read_scratch(written, "s.json", sha256=SHA)
    jsonschema.validate(json.loads(written), FORM)  # what is read is in the form
    return rules


def test_a_row_for_a_kind_and_one_for_an_operator():
    assert read({"kind": "SVDF", "bytes": 512}, {"subgraph": 1, "op": 3, "bytes": "in0.bytes"}) == (
        ScratchRule("SVDF", 512),
        ScratchRule("", "in0.bytes", 1, 3),
    )


def test_a_list_of_bytes_is_a_rule_for_each():
    assert read({"kind": "SVDF", "bytes": [512, "out0[1]"], "source": "measured"}) == (
        ScratchRule("SVDF", 512, source="measured"),
        ScratchRule("SVDF", "out0[1]", source="measured"),
    )
    assert read({"kind": "SVDF", "bytes": []}) == ()


def test_an_operator_may_have_its_kind_beside_it():
    assert read({"subgraph": 0, "op": 0, "kind": "ADD", "bytes": 1}) == (ScratchRule("ADD", 1, 0, 0),)


def test_a_file_for_this_model_or_any():
    assert read(sha256=SHA) == read() == ()
    assert read_scratch(text(sha256=SHA)) == ()
    with pytest.raises(UsageError, match=r"it is for a model with SHA-256 f+, this one has 0123"):
        read_scratch(text(sha256="f" * 64), sha256=SHA)


@pytest.mark.parametrize(
    ("written", "where", "fault"),
    [
        ("", "s.json", "it is not valid JSON"),
        ("[" * 100_000, "s.json", "it is not valid JSON"),
        ('{"schema": 1, "schema": 2}', "s.json", "a key occurs twice"),
        ("[]", "s.json", "it is not a file of schema 'tmpass.scratch/1', but []"),
        ('{"schema": "tmpass.scratch/2"}', "s.json", "but 'tmpass.scratch/2'"),
        ('{"schema": "tmpass.scratch/1"}', "s.json: scratch", "None is not a list"),
        (text(more=1), "s.json: more", "this key is unknown"),
        (text(sha256="00"), "s.json: sha256", "'00' is not a SHA-256"),
        (text(5), "s.json: scratch[0]", "5 is not an object"),
        (text({"kind": "A", "bytes": 1, "by": 2}), "s.json: scratch[0].by", "this key is unknown"),
        (text({"kind": "A"}), "s.json: scratch[0].bytes", "this key is missing"),
        (text({"bytes": 1}), "s.json: scratch[0]", "it names no operator"),
        (text({"kind": "", "bytes": 1}), "s.json: scratch[0]", "it names no operator"),
        (text({"op": 1, "bytes": 1}), "s.json: scratch[0]", "one of subgraph and op"),
        (text({"op": -1, "subgraph": 0, "bytes": 1}), "s.json: scratch[0].op", "-1 is not an index"),
        (text({"op": True, "subgraph": 0, "bytes": 1}), "s.json: scratch[0].op", "True is not an index"),
        (text({"op": 2**31, "subgraph": 0, "bytes": 1}), "s.json: scratch[0].op", "is not an index"),
        (text({"kind": 5, "bytes": 1}), "s.json: scratch[0].kind", "5 is not a text"),
        (text({"kind": "A", "bytes": 1, "source": 5}), "s.json: scratch[0].source", "5 is not a text"),
        (text({"kind": "A", "bytes": 1}, {"kind": "A", "bytes": "in0"}), "s.json: scratch[1].bytes", "in0 alone"),
        (text({"kind": "A", "bytes": [1, -2]}), "s.json: scratch[0].bytes[1]", "-2 is not a size"),
        (text({"kind": "A", "bytes": [[1]]}), "s.json: scratch[0].bytes[0]", "is not a number of bytes"),
        (text({"kind": "A", "bytes": 1.5}), "s.json: scratch[0].bytes", "1.5 is not a number of bytes"),
        (text({"kind": "A", "bytes": {}}), "s.json: scratch[0].bytes", "{} is not a number of bytes"),
    ],
)
def test_a_mistake_with_its_place(written, where, fault):
    with pytest.raises(UsageError) as caught:
        read_scratch(written, "s.json")
    assert caught.value.where == where
    assert fault in caught.value.what
    assert len(str(caught.value)) < 400
