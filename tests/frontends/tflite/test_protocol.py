"""The sources that the frontend accepts, and the packages that it imports."""

import subprocess
import sys

import pytest
from tflite.Model import Model
from tflite_writer import Subgraph, Tensor, write_model
from tmpass.frontends import tflite

DATA = write_model([Subgraph([Tensor("x", [4])])])


def test_names() -> None:
    assert tflite.NAME == "tflite"
    assert tflite.SUFFIXES == (".tflite",)


def test_a_file_is_told_by_its_identifier() -> None:
    assert tflite.accepts(DATA)
    assert tflite.to_bytes(DATA) is DATA
    assert not tflite.accepts(b"")
    assert not tflite.accepts(b"TFL3")
    assert not tflite.accepts(b"\x08\x07\x12\x07pytorch")


@pytest.mark.parametrize("other", [None, 3, "model.tflite", object(), {}])
def test_other_objects_are_not_taken(other: object) -> None:
    assert not tflite.accepts(other)


def test_a_model_of_the_tflite_package_is_taken() -> None:
    model = Model.GetRootAs(DATA)
    assert tflite.accepts(model)
    assert tflite.to_bytes(model) == DATA


@pytest.mark.runtime
def test_a_model_of_the_object_api_is_taken() -> None:
    schema = pytest.importorskip("ai_edge_litert.schema_py_generated")
    model = schema.ModelT.InitFromPackedBuf(DATA)
    assert tflite.accepts(model)
    assert tflite.load(tflite.to_bytes(model), {}) == tflite.load(DATA, {})


def test_importing_the_frontend_imports_nothing_heavy() -> None:
    code = "import sys, tmpass.frontends.tflite as t; print(*sys.modules); t.load(b'', {})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    loaded = set(result.stdout.split())
    assert "tmpass.frontends.tflite" in loaded
    assert loaded.isdisjoint({"numpy", "flatbuffers", "tflite", "onnx", "tmpass.frontends.tflite.model"})
    assert "the file is empty" in result.stderr
