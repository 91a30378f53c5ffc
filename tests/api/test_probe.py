"""Measured scratch, as rules and as a file."""

import json
import sys

import pytest
from sketch import Sketch
from tflite_writer import write_model
from tmpass.frontends import tflite

import tmpass
from tmpass.api.probe import probe_arena, probe_scratch
from tmpass.base.errors import TargetError, UsageError
from tmpass.loading.load import load
from tmpass.targets.scratch.read import read_scratch
from tmpass.targets.scratch.rule import ScratchRule
from tmpass.targets.scratch.write import scratch_json
from tmpass.targets.tail import load_rules, parse_kernels, predict
from tmpass.targets.tail.write import kernels_toml


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
    with pytest.raises(UsageError, match=r"tflite-micro cannot be imported.*pip install --pre pyyaml 'tflite-micro"):
        probe_scratch(net())
    with pytest.raises(UsageError, match=r"tflite-micro cannot be imported.*pip install --pre pyyaml 'tflite-micro"):
        probe_arena(net())


def alone(kind: str) -> bytes:
    main = Sketch()
    main.outputs = [main.op(kind, [main.input("x", [4])], "y", [4])]
    return write_model([main.subgraph()])


@pytest.fixture
def arena(monkeypatch):
    """TANH as the rules say; LOGISTIC keeps 64 bytes more, and has scratch; ABS cannot be measured."""
    tails = {kind: predict(load(alone(kind)).graph, load_rules("tflm")).total for kind in ("TANH", "LOGISTIC")}

    def measure(data, graph):
        del data, graph
        found = [
            (0, 0, (alone("TANH"), 0, tails["TANH"])),
            (0, 1, (alone("LOGISTIC"), 96, tails["LOGISTIC"] + 64)),
            (0, 2, "it broke"),
        ]
        return "a meter", (32, 1000, 1200), iter(found)

    monkeypatch.setattr(tflite, "measure", measure)
    return probe_arena(net())


def test_only_kernels_that_differ_from_the_rules_have_one(arena):
    (kernel,) = arena.kernels
    assert (kernel.kind, kernel.place, kernel.scratch) == ("LOGISTIC", (0, 1), (96,))
    (kept,) = kernel.persistent
    assert 64 + 16 <= kept <= 64 + 3 * 16  # the rules have 16 bytes for it, and options may be in padding
    assert arena.clean == 1
    assert arena.whole == {"head": 32, "tail": 1000, "arena": 1200}
    assert arena.unknown == ("operator 2 (ABS) of subgraph 0: it broke",)


def test_the_file_of_kernels_is_read_back_for_this_model_alone(arena, tmp_path):
    text = kernels_toml(arena.kernels, arena.sha256, arena.source, arena.whole)
    (kernel,) = parse_kernels(text, "kernels.toml", arena.sha256)
    assert (kernel.kind, kernel.place, kernel.persistent) == ("LOGISTIC", (0, 1), arena.kernels[0].persistent)
    assert kernel.source == "measured with a meter"
    path = tmp_path / "kernels.toml"
    path.write_text(text)
    plan = tmpass.plan(net(), "tflm", scratch=str(path))
    assert [(b.step, b.size) for b in plan.buffers if b.step is not None] == [(1, 96)]
    with pytest.raises(TargetError, match="it is for a model with SHA-256"):
        tmpass.plan(alone("TANH"), "tflm", scratch=str(path))


def test_a_model_that_cannot_be_set_up_has_no_figures(monkeypatch):
    monkeypatch.setattr(tflite, "measure", lambda *_: ("a meter", "no kernel", iter(())))
    found = probe_arena(net())
    assert (found.whole, found.unknown, found.fault) == ({}, (), "it cannot be set up: no kernel")
    assert "[measured]" not in kernels_toml((), found.sha256, found.source, found.whole)


def test_a_plan_in_the_file_is_told_not_to_be_measured(monkeypatch):
    monkeypatch.setattr(tflite, "measure", lambda *_: ("a meter", (512, 600, 1112), iter(())))
    planned = tmpass.planned_model(tmpass.plan(net(), "tflm"), net())
    assert probe_arena(planned).unknown == ("the plan in the file: the model is measured without it",)
    assert probe_arena(net()).unknown == ()
