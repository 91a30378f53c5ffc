"""Each option of a settings file is read, and a wrong one names the file, the line and the key."""

import os

import pytest

from tmpass.base.errors import UsageError
from tmpass.cli.plan_command import command
from tmpass.settings.read import read_settings
from tmpass.settings.values import OPTIONS

ALL = """
target = "tflm"
budget = "192KiB"
alignment = 16
bind = { batch = 1, "input:0" = 2 }
io = "external"
keep-inputs = true
share = "views"
inplace = false
share-io = true
tie = { out = "in" }
allow-unplanned = true
schedule = "given"
states = 5
allocator = "first-fit"
nodes = 1_000
scratch = "scratch.json"
int8 = "native"
transfers = "never"
objective = "time"
threads = 2
targets = ["tflm", "boards/own.toml"]
"""


def test_every_option_of_planning_may_stand_in_a_file():
    found = read_settings(ALL, "/project/tmpass.toml")
    names = {param.name for param in command.params} - {
        "model", "as_json", "output", "emit_model", "emit", "curve",
    }  # fmt: skip
    assert {key.replace("-", "_") for key in OPTIONS} == names == set(found.options)
    assert found.options["budget"] == 192 * 1024
    assert found.options["bind"] == {"batch": 1, "input:0": 2}
    assert found.options["scratch"] == os.path.join("/project", "scratch.json")
    assert found.targets == ("tflm", os.path.join("/project", "boards/own.toml"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nodse = 3", r"line 1, nodse: unknown key; did you mean 'nodes'\?"),
        ("\nkeep_inputs = true", r"line 2, keep_inputs: unknown key; did you mean 'keep-inputs'\?"),
        ("zzz = 1", "zzz: unknown key; the keys here are target, budget"),
        ("nodes = 'x'", "line 1, nodes: 'x' is not a whole number"),
        ("nodes = '1e6'", r"nodes: '1e6' is not a whole number in .*; write it without quotes: 1_000_000, 1e6"),
        ("nodes = 1.5", r"nodes: 1\.5 is not a whole number"),
        ("nodes = true", "nodes: true is not a whole number"),
        ("alignment = 0", "alignment: alignment 0 is not in 1"),
        ("alignment = '16x'", "alignment: alignment '16x' has an unknown unit"),
        ("threads = 0", "threads: 0 is not a whole number in 1 .. 256"),
        ("budget = '256Kx'", "budget: size '256Kx' has an unknown unit; the units are B, "),
        ("budget = -1", "budget: -1 is not a whole number"),
        ("target = 3", "target: 3 is not a text"),
        ("target = ''", "target: '' is not a text"),
        ("targets = 'tflm'", "targets: 'tflm' is not a list of texts"),
        ("targets = []", "targets: a list is not a list of texts"),
        ("io = 'arean'", r"io: 'arean' is unknown; did you mean 'arena'\?"),
        ("io = 7", "io: 7 is unknown; choose one of arena, external"),
        ("inplace = 'no'", "inplace: 'no' is neither true nor false"),
        ("bind = 1", "bind: 1 is not a table"),
        ("bind = { batch = 'x' }", "bind: 'batch' is bound to 'x'"),
        ("tie = ['a=b']", "tie: a list is not a table"),
        ("models = 1", "models: 1 is not a table"),
        ("[models]\n'*.onnx' = 1", r"line 2, models\.\*\.onnx: 1 is not a table"),
        ("[models.'*.onnx']\nnodse = 3", r"line 2, models\.\*\.onnx\.nodse: unknown key; did you mean 'nodes'"),
        ("[models.'*.onnx']\ntargets = ['a']", "targets: unknown key; did you mean 'target'"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text, message):
    with pytest.raises(UsageError, match=r"^project/tmpass\.toml, .*" + message) as caught:
        read_settings(text, "project/tmpass.toml")
    assert "\n" not in str(caught.value)


def test_the_table_of_a_project_may_be_missing_and_errors_name_it():
    assert read_settings("[tool.other]\nx = 1", "pyproject.toml", ("tool", "tmpass")) is None
    with pytest.raises(UsageError, match=r"pyproject\.toml, line 3, tool\.tmpass\.nodse: unknown key"):
        read_settings("[project]\n[tool.tmpass]\nnodse = 1", "pyproject.toml", ("tool", "tmpass"))


def test_counts_may_have_an_exponent_as_on_the_command_line():
    found = read_settings("nodes = 1e6\nstates = 2_000", "/project/tmpass.toml").options
    assert found == {"nodes": 1_000_000, "states": 2000}
    assert isinstance(found["nodes"], int)
