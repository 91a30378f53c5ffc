"""Fixtures that run the command line, and models for it."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import onnx
import pytest
from click.testing import CliRunner
from onnx import helper
from tflite_writer import Operator, Subgraph, Tensor, write_model

from tmpass.cli import commands
from tmpass.packing.problem_csv import read_problem

PROBLEMS = Path(__file__).parent.parent.parent / "models" / "problems"


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def no_target(monkeypatch):
    """No target of the environment decides a test."""
    monkeypatch.delenv("TMPASS_TARGET", raising=False)


@pytest.fixture
def run():
    """Runs a command inside this process. Whatever it does, no line of its errors is a traceback's."""

    def call(*words, stdin=None) -> Done:
        result = CliRunner().invoke(commands, [str(w) for w in words], input=stdin, prog_name="tmpass")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        assert "Traceback" not in result.stderr
        assert "\x1b" not in result.stdout + result.stderr
        return Done(result.exit_code, result.stdout, result.stderr)

    return call


@pytest.fixture
def fails(run):
    """Runs a command that fails with this exit code, and returns the one line that it says."""

    def call(code, *words, stdin=None) -> str:
        done = run(*words, stdin=stdin)
        assert (done.code, done.out) == (code, "")
        assert done.err.startswith("tmpass: ")
        assert done.err.endswith("\n")
        line = done.err[:-1]
        assert line.isprintable()
        return line.removeprefix("tmpass: ")

    return call


@pytest.fixture
def process():
    """Runs a command in a process of its own."""

    def call(*words, stdin=b"", stdout=subprocess.PIPE, **environment) -> subprocess.CompletedProcess:
        return subprocess.run(
            [sys.executable, "-m", "tmpass", *map(str, words)],
            input=stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            env={**os.environ, **environment},
            timeout=60,
            check=False,
        )

    return call


def chain(*sizes: int, names: tuple[str, ...] = ()) -> bytes:
    """A TFLite file whose operators pass uint8 tensors of these sizes on."""
    names = names or tuple(f"t{i}" for i in range(len(sizes)))
    tensors = [Tensor(name, [size], "UINT8") for name, size in zip(names, sizes, strict=True)]
    # Of a custom operator nobody knows what comes out: any sizes are right.
    operators = [Operator("TANH", [i], [i + 1], custom=True) for i in range(len(sizes) - 1)]
    return write_model([Subgraph(tensors, operators, [0], [len(sizes) - 1])])


def hard() -> bytes:
    """A TFLite file that first fit packs too high: its tensors live as the buffers of a hard problem do."""
    problem = read_problem((PROBLEMS / "scattered.csv").read_text(), "scattered.csv", capacity=None)
    tensors = [Tensor(f"t{b.id}", [b.size], "UINT8") for b in problem.buffers]
    steps = [
        (
            [i for i, b in enumerate(problem.buffers) if b.upper - 1 == step and b.lower < step],
            [i for i, b in enumerate(problem.buffers) if b.lower == step],
        )
        for step in range(problem.horizon)
    ]
    return write_model([Subgraph(tensors, [Operator("CUSTOM_OP", i, o, custom=True) for i, o in steps])])


@pytest.fixture
def model(tmp_path) -> Path:
    path = tmp_path / "net.tflite"
    path.write_bytes(chain(1024, 3000, 512))
    return path


@pytest.fixture
def weights_model(tmp_path):
    """Writes a model of one operator with constants of these sizes."""

    def written(*sizes: int) -> Path:
        path = tmp_path / f"weights_{'_'.join(map(str, sizes))}.tflite"
        tensors = [Tensor(name, [16], "UINT8") for name in "xy"]
        tensors += [Tensor(f"w{at}", [size], "UINT8", data=bytes(size)) for at, size in enumerate(sizes)]
        operators = [Operator("TANH", [0, *range(2, len(tensors))], [1], custom=True)]
        path.write_bytes(write_model([Subgraph(tensors, operators, [0], [1])]))
        return path

    return written


@pytest.fixture
def larger_model(tmp_path) -> Path:
    """`model` with a larger tensor in the middle."""
    path = tmp_path / "larger.tflite"
    path.write_bytes(chain(1024, 3072, 512))
    return path


@pytest.fixture
def hard_model(tmp_path) -> Path:
    path = tmp_path / "hard.tflite"
    path.write_bytes(hard())
    return path


@pytest.fixture
def long_model(tmp_path) -> Path:
    path = tmp_path / "long.tflite"
    path.write_bytes(chain(*(64 + i for i in range(501))))
    return path


@pytest.fixture
def empty_model(tmp_path) -> Path:
    """A model whose output is its input."""
    path = tmp_path / "empty.tflite"
    path.write_bytes(chain(64))
    return path


@pytest.fixture
def open_model(tmp_path) -> Path:
    """An ONNX model with an open dimension, `batch`."""
    x, y = (helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["batch", 4]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Tanh", ["x"], ["y"])], "g", [x], [y])
    path = tmp_path / "open.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString())
    return path


@pytest.fixture
def odd_model(tmp_path) -> Path:
    """A model whose names would break a line, a terminal or an encoding."""
    path = tmp_path / "odd.tflite"
    path.write_bytes(chain(8, 16, 8, names=("a\nb\x1b[2J", "é\U0001f600", "[/red] :smile:")))
    return path
