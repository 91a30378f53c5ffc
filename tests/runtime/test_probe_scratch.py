"""`tmpass probe` and `tmpass probe-scratch` with the real interpreter."""

import json
import subprocess
import sys

import pytest
from sketch import Sketch
from support.shared import parametrize
from tflite_writer import Operator, Subgraph, Tensor, write_model

import tmpass
from tmpass.api.probe import probe_arena, probe_scratch
from tmpass.loading.load import load
from tmpass.targets.tail import load_rules, predict

pytestmark = pytest.mark.runtime


@pytest.fixture(autouse=True)
def installed():
    pytest.importorskip("tflite_micro")


def test_operators_without_scratch_have_no_rule():
    main = Sketch()
    a = main.op("TANH", [main.input("x", [40])], "a", [40])
    main.outputs = [main.op("ABS", [a], "y", [40])]
    found = probe_scratch(write_model([main.subgraph()]))
    assert (found.rules, found.clean, found.unknown) == ((), 2, ())


@parametrize("models/tflite/tflm_micro_speech_lstm.tflite")
def test_the_gates_of_an_lstm_are_found_and_planned(path, tmp_path):
    file = tmp_path / "scratch.json"
    command = [sys.executable, "-m", "tmpass", "probe-scratch", path, "-o", file]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stderr == ""
    (row,) = json.loads(file.read_text())["scratch"]
    assert (row["kind"], row["bytes"]) == ("UNIDIRECTIONAL_SEQUENCE_LSTM", 640)
    plan = tmpass.plan(path, "tflm", scratch=file)
    assert [b.size for b in plan.buffers if b.step is not None] == [640]


@parametrize("models/tflite/keras_MobileNetV3Small_int8.tflite")
def test_an_operator_on_which_the_interpreter_aborts_is_told_and_the_others_are_measured(path):
    found = probe_scratch(path)
    assert found.clean + len(found.rules) > 50
    assert found.unknown
    assert all("crashed on this model (signal 6)" in line for line in found.unknown)


@parametrize("models/tflite/tflm_audio_preprocessor_int8.tflite")
def test_the_rules_hold_for_each_operator_of_a_real_model(path, tmp_path):
    found = probe_arena(path)
    assert (found.kernels, found.unknown) == ((), ())
    assert found.whole == {"head": 3040, "tail": 7184, "arena": 10224}
    file = tmp_path / "kernels.toml"
    command = [sys.executable, "-m", "tmpass", "probe", path, "-o", file]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stderr == ""
    assert "arena = 10224" in file.read_text()


def test_a_kind_without_a_rule_is_measured_and_then_counted():
    # A flexbuffer, {"delay_amount": 7}: key, key vector, value, map, root. The kernel takes whatever is first.
    options = b"delay_amount\0\1\x0e\1\1\1\7\4\2\x24\1"
    tensors = [Tensor("x", [2, 50], "INT16"), Tensor("y", [2, 50], "INT16")]
    delay = Operator("SignalDelay", [0], [1], custom=True, custom_options=options)
    model = write_model([Subgraph(tensors, [delay], [0], [1])])
    graph, rules = load(model).graph, load_rules("tflm")
    assert predict(graph, rules).unknown == ("SignalDelay",)
    found = probe_arena(model)
    assert found.unknown == ()
    counted = predict(graph, rules.with_kernels(found.kernels))
    assert counted.unknown == ()
    assert found.whole["tail"] <= counted.total <= found.whole["tail"] + 16
    assert counted.arena(found.whole["head"]) >= found.whole["arena"]
