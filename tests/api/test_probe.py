"""Measured scratch, as rules and as a file."""

import json
import sys

import pytest
from sketch import Sketch
from tflite_writer import write_model
from tmpass.frontends import tflite

from tmpass.api.probe import probe_scratch
from tmpass.base.errors import UsageError
from tmpass.targets.scratch.read import read_scratch
from tmpass.targets.scratch.rule import ScratchRule
from tmpass.targets.scratch.write import scratch_json


def net() -> bytes:
    main = Sketch()
    a = main.op("TANH", [main.input("x", [4])], "a", [4])
    b = main.op("LOGISTIC", [a], "b", [4])
    main.outputs = [main.op("ABS", [b], "y", [4])]
    return write_model([main.subgraph()])


@pytest.fixture
def measured(monkeypatch):
    def probe(data, graph):
        assert (data, len(graph.subgraphs[0].ops)) == (net(), 3)
        return "a meter", iter([(0, 0, 512), (0, 1, 0), (0, 2, "it broke")])

    monkeypatch.setattr(tflite, "probe", probe)
    return probe_scratch(net())


def test_rules_are_for_single_operators(measured):
    rule = ScratchRule("TANH", 512, 0, 0, "measured with a meter")
    assert (measured.rules, measured.clean) == ((rule,), 1)
    assert measured.unknown == ("operator 2 (ABS) of subgraph 0: it broke",)


def test_the_file_is_read_back_for_this_model_alone(measured):
    text = scratch_json(measured.rules, measured.sha256)
    assert read_scratch(text, sha256=measured.sha256) == measured.rules
    with pytest.raises(UsageError, match="it is for a model with SHA-256"):
        read_scratch(text, sha256="0" * 64)
    assert json.loads(text)["scratch"][0]["kind"] == "TANH"
    assert read_scratch(scratch_json((), measured.sha256)) == ()


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tflite_micro", None)
    with pytest.raises(UsageError, match=r"tflite-micro cannot be imported.*pip install 'tmpass\[tflm\]'"):
        probe_scratch(net())
