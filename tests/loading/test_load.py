"""Where models come from: files, bytes, objects, and frontends of other packages."""

import hashlib
import importlib.metadata
import os
import sys
from dataclasses import replace
from types import SimpleNamespace

import onnx
import pytest
from onnx import helper
from support.graphs import chain
from tflite_writer import Operator, Subgraph, Tensor, write_model

from tmpass.api.plan import plan
from tmpass.base.errors import ModelError, TmpassError, UsageError
from tmpass.loading.load import Model, load
from tmpass.loading.registry import BUILT_IN, GROUP

TFLITE = write_model(
    [Subgraph([Tensor("x", [4]), Tensor("y", [4])], [Operator("TANH", [0], [1])], inputs=[0], outputs=[1])]
)


def onnx_model() -> onnx.ModelProto:
    x, y = (helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, 4]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Tanh", ["x"], ["y"])], "g", [x], [y])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


ONNX = onnx_model().SerializeToString(deterministic=True)


@pytest.fixture
def put(tmp_path):
    """Writes bytes to a file of that name, and returns its path."""

    def write(name, data):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def names(model: Model) -> list[str]:
    return [t.name for t in model.graph.subgraphs[0].tensors]


@pytest.mark.parametrize(("data", "format"), [(TFLITE, "tflite"), (ONNX, "onnx")], ids=["tflite", "onnx"])
def test_a_file_by_any_kind_of_path(put, data, format):  # noqa: A002
    path = put(f"my.{format}", data)
    for source in (path, str(path), os.fspath(path), SimplePath(str(path)), SimplePath(os.fsencode(path))):
        model = load(source)
        assert (model.info.file, model.info.format) == (f"my.{format}", format)
        assert model.info.sha256 == hashlib.sha256(data).hexdigest()
        assert names(model) == ["x", "y"]


class SimplePath(os.PathLike):
    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return self.path


@pytest.mark.parametrize(("data", "format"), [(TFLITE, "tflite"), (ONNX, "onnx")], ids=["tflite", "onnx"])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_bytes(data, format, kind):  # noqa: A002
    model = load(kind(data))
    assert (model.info.file, model.info.format) == (f"<memory>.{format}", format)
    assert model.info.sha256 == hashlib.sha256(data).hexdigest()
    assert names(model) == ["x", "y"]


def test_a_model_in_memory_is_the_model_of_its_bytes():
    assert load(onnx_model()) == load(ONNX)


def test_a_loaded_model_can_be_planned_and_planned_again():
    model = load(TFLITE)
    assert plan(model) == plan(model) == plan(TFLITE)


@pytest.mark.parametrize("name", ["my.TFLITE", "my.bin", "my", "my.onnx", "my.json"])
def test_content_counts_more_than_the_suffix(put, name):
    model = load(put(name, TFLITE))
    assert (model.info.file, model.info.format) == (name, "tflite")


def test_an_onnx_model_with_the_suffix_of_another_format(put):
    assert load(put("my.tflite", ONNX)).info.format == "onnx"


def test_a_damaged_file_is_read_by_the_frontend_of_its_suffix(put):
    with pytest.raises(ModelError, match=r"^my\.tflite: not a TFLite file"):
        load(put("my.tflite", b"\0" * 100))


def test_bindings_reach_the_frontend(put):
    model = onnx_model()
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    model.graph.output[0].type.tensor_type.shape.dim[0].dim_param = "batch"
    path = put("m.onnx", model.SerializeToString())
    assert load(path, bindings={"batch": 3}).graph.subgraphs[0].tensors[0].shape == (3, 4)
    assert load(path).graph.subgraphs[0].tensors[0].shape == ("batch", 4)


# What cannot be loaded.


def refused(source, kind=ModelError) -> str:
    with pytest.raises(kind) as caught:
        load(source)
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_files_that_cannot_be_read(tmp_path):
    missing = tmp_path / "missing.tflite"
    assert refused(missing) == f"{missing}: cannot read it: No such file or directory; check the path"
    assert refused(tmp_path) == f"{tmp_path}: it is a directory; give a model file"
    assert refused("", UsageError) == "the path of the model is empty; give a model file"
    assert "cannot read it: File name too long" in refused(tmp_path / ("x" * 5000))
    assert "null" in refused("a\0b")
    assert refused("\ud800").startswith("\\ud800: cannot read it")


@pytest.mark.parametrize("data", [TFLITE, ONNX], ids=["tflite", "onnx"])
def test_a_pipe_is_read_like_a_file(data):
    reader, writer = os.pipe()
    try:
        with open(writer, "wb") as pipe:
            pipe.write(data)
        assert load(f"/dev/fd/{reader}").graph == load(data).graph
    finally:
        os.close(reader)


def test_a_device_which_may_have_no_end_is_refused():
    assert refused("/dev/zero") == "/dev/zero: it is a device; give a model file"


@pytest.mark.parametrize("bindings", ["x=1", {"x": True}, {"x": 0}])
def test_invalid_bindings_are_refused(bindings):
    with pytest.raises(UsageError):
        load(TFLITE, bindings=bindings)


FORMATS = "formats: tflite, onnx"


def test_files_that_no_frontend_knows(put):
    assert refused(put("notes", b"hello")) == "notes: it is not a model that tmpass reads; " + FORMATS
    assert refused(put("notes", b"")) == "notes: the file is empty; " + FORMATS
    for name in ("plan.tflite", "plan.onnx", "plan.json"):
        text = b'{\n"schema": "tmpass.plan/2"}'
        assert refused(put(name, text)) == f"{name}: it is a plan, not a model; tmpass show reads plans"
    for name in ("empty.tflite", "empty.onnx"):
        assert refused(put(name, b"")).startswith(f"{name}: ")


def test_bytes_that_no_frontend_knows():
    assert refused(b"hello") == "<memory>: these bytes are not a model; " + FORMATS
    assert "these bytes are not a model" in refused(b"")


@pytest.mark.parametrize("source", [None, 3, [], object(), chain(4)])
def test_an_object_that_is_not_a_model(source):
    message = refused(source, UsageError)
    assert message == f"{type(source).__name__} is not a model; give a path, bytes or a model of tflite, onnx"


@pytest.mark.skipif(sys.platform != "linux", reason="names of other systems are Unicode")
def test_a_file_name_of_any_bytes_makes_a_plan_that_can_be_written(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff\n.tflite"
    with open(path, "wb") as file:
        file.write(TFLITE)
    made = plan(os.fsdecode(path))
    assert made.model.file == "\\xff\n.tflite"
    assert made.to_json().encode()


# Frontends of other packages.


class Other:
    """A frontend that reads files of one letter."""

    NAME = "letters"
    SUFFIXES = (".letter",)

    def __init__(self):
        self.asked = []

    def accepts(self, source):
        self.asked.append(source)
        return source == b"a" or type(source) is SimpleNamespace

    def to_bytes(self, source):
        return source if isinstance(source, bytes) else source.text.encode()

    def load(self, data, bindings):
        if data != b"a":
            raise ModelError(f"{data!r} is not a letter", where="byte 0")
        return replace(chain(*bindings.values(), 8), format="letters")


class Point(SimpleNamespace):
    def load(self):
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


@pytest.fixture
def install(monkeypatch):
    """Registers entry points, by name, in the group of frontends."""

    def register(**points):
        found = [Point(name=name, value=value) for name, value in points.items()]

        def entry_points(**wanted):
            assert wanted == {"group": GROUP}
            return found

        monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)

    return register


def test_a_frontend_of_another_package_is_found_and_used(install, put):
    install(letters=Other())
    model = load(put("my.letter", b"a"), bindings={"n": 4})
    assert (model.info.file, model.info.format) == ("my.letter", "letters")
    assert model.info.sha256 == hashlib.sha256(b"a").hexdigest()
    assert model.graph == replace(chain(4, 8), format="letters")
    assert load(put("my.bin", b"a")).info.format == "letters"
    assert load(b"a").info.file == "<memory>.letters"
    assert load(SimpleNamespace(text="a")).info.sha256 == model.info.sha256
    assert plan(b"a").model.format == "letters"


def test_its_errors_carry_the_name_of_the_file(install, put):
    install(letters=Other())
    assert refused(put("my.letter", b"bc")) == "my.letter: byte 0: b'bc' is not a letter"
    assert refused(b"!").endswith("formats: tflite, onnx, letters")


def test_built_in_frontends_come_first_and_cannot_be_replaced(install, put):
    other = Other()
    other.SUFFIXES = (".tflite", ".onnx")
    other.accepts = lambda _: True
    install(tflite=other, onnx=other, zeal=other)
    assert load(put("my.tflite", TFLITE)).info.format == "tflite"
    assert load(put("my.onnx", ONNX)).info.format == "onnx"
    assert load(TFLITE).info.format == "tflite"
    assert load(b"a").info.format == "letters"
    assert refused(b"!") == "<memory>.letters: byte 0: b'!' is not a letter"


def test_other_packages_are_not_asked_about_built_in_formats(install, put):
    other = Other()
    install(letters=other)
    load(put("my.tflite", TFLITE))
    load(ONNX)
    assert other.asked == []


def test_a_frontend_that_cannot_be_imported_is_named(install):
    install(bad=ImportError("no module named 'x'"))
    load(TFLITE)
    message = refused(b"?", UsageError)
    assert (
        message == "frontend 'bad' cannot be imported: no module named 'x'; repair or remove the package that brings it"
    )


def test_a_model_nested_too_deep_for_its_frontend(install):
    other = Other()

    def load_deep(data, bindings):
        return load_deep(data, bindings)

    other.load = load_deep
    install(letters=other)
    assert refused(b"a") == "<memory>.letters: the model is nested too deep"


def test_the_built_in_frontends_are_registered_like_any_other():
    points = {point.name: point.value for point in importlib.metadata.entry_points(group=GROUP)}
    assert {name: points.get(name) for name in BUILT_IN} == {name: f"tmpass.frontends.{name}" for name in BUILT_IN}


def test_all_errors_are_tmpass_errors():
    assert issubclass(ModelError, TmpassError)
    assert issubclass(UsageError, TmpassError)


def test_models_of_onnx_ir_and_programs_of_torch():
    ir = pytest.importorskip("onnx_ir")
    model = ir.from_proto(onnx_model())
    assert plan(model).peak == plan(ONNX).peak
    # What torch.onnx.export returns has such a model; torch itself has gigabytes, and a nightly test asks it.
    program = type("ONNXProgram", (), {"__module__": "torch.onnx._internal", "model": model})()
    assert plan(program).tensors == plan(model).tensors


@pytest.mark.nightly
def test_what_torch_exports():
    torch = pytest.importorskip("torch")
    program = torch.onnx.export(torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU()), (torch.ones(1, 4),))
    assert type(program).__name__ == "ONNXProgram"
    assert plan(program).peak > 0
