"""The functions that every frontend has: accepts, to_bytes, load."""

import subprocess
import sys

import pytest
from onnx import parser
from tmpass.frontends import onnx as frontend

MODEL = parser.parse_model('<ir_version: 8, opset_import: ["": 17]> g (float[2] x) => (float[2] y) { y = Relu(x) }')


def test_a_model_file_is_accepted():
    assert frontend.accepts(MODEL.SerializeToString())


@pytest.mark.parametrize(
    "data",
    [b"", b"\x1c\x00\x00\x00TFL3\x14\x00", b"version https://git-lfs", b"PK\x03\x04", b"\x08", b"\x08\x08\x01\xff"],
)
def test_other_bytes_are_not_accepted(data):
    assert not frontend.accepts(data)


def test_a_model_in_memory_is_accepted_and_becomes_the_bytes_of_its_file():
    assert frontend.accepts(MODEL)
    data = frontend.to_bytes(MODEL)
    assert data == frontend.to_bytes(MODEL) == frontend.to_bytes(data)
    assert len(frontend.load(data, {}).subgraphs[0].ops) == 1


@pytest.mark.parametrize("source", ["model.onnx", 3, None, MODEL.graph])
def test_other_objects_are_not_accepted(source):
    assert not frontend.accepts(source)


def test_importing_the_frontend_imports_no_onnx():
    code = "import sys, tmpass.frontends.onnx; print('onnx' in sys.modules, 'numpy' in sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["False", "False"]
