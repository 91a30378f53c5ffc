"""Real models load completely, with the values of generated accessors; broken ones are refused."""

import csv
import os
from pathlib import Path

import pytest
from tflite.Model import Model
from tmpass.frontends import tflite

from tmpass.base.errors import ModelError
from tmpass.graph.model import Subgraph, TensorKind

SHARED = Path(__file__).resolve().parents[4] / "shared" / "models"
FILES = sorted(SHARED.glob("tflite/*.tflite"))
INVALID = SHARED / "invalid"

needs_shared = pytest.mark.skipif(
    not FILES and os.environ.get("TMPASS_REQUIRE_SHARED") != "1", reason="the shared models are not here"
)


def operators_by_file() -> dict[str, int]:
    """Read the manifest, which also lists a few models in their ONNX form."""
    with (SHARED / "MANIFEST.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if not row["source"].endswith(".onnx")]
    return {row["file"]: int(row["ops"]) for row in rows if row["ops"]}


@needs_shared
def test_the_shared_models_are_here() -> None:
    assert len(FILES) > 40


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_real_model_loads_with_all_its_operators(path: Path) -> None:
    data = path.read_bytes()
    graph, main = tflite.load(data, {}), Model.GetRootAs(data).Subgraphs(0)
    expected = operators_by_file()[f"tflite/{path.name}"]
    assert sum(len(subgraph.ops) for subgraph in graph.subgraphs) == expected
    assert graph.entries[0].subgraph == 0
    open_ = [
        f"{graph.subgraphs[0].tensors[t].name}:{axis}"
        for t in graph.subgraphs[0].inputs
        for axis in range(main.Tensors(t).ShapeSignatureLength())
        if main.Tensors(t).ShapeSignature(axis) < 0
    ]
    assert list(graph.symbols) == open_


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_real_model_means_what_the_generated_accessors_say(path: Path) -> None:
    data = path.read_bytes()
    graph, model = tflite.load(data, {}), Model.GetRootAs(data)
    assert len(graph.subgraphs) == model.SubgraphsLength()
    assert len(graph.metadata) == model.MetadataLength()
    for index, subgraph in enumerate(graph.subgraphs):
        compare(subgraph, model, index)


def compare(ours: Subgraph, model: Model, index: int) -> None:
    theirs = model.Subgraphs(index)
    assert list(ours.inputs) == [theirs.Inputs(n) for n in range(theirs.InputsLength())]
    assert list(ours.outputs) == [theirs.Outputs(n) for n in range(theirs.OutputsLength())]
    assert len(ours.tensors) == theirs.TensorsLength()
    for number, tensor in enumerate(ours.tensors):
        other = theirs.Tensors(number)
        buffer = model.Buffers(other.Buffer())
        assert tensor.name.encode() == other.Name()
        signature = [other.ShapeSignature(n) for n in range(other.ShapeSignatureLength())]
        if -1 not in signature and tensor.shape is not None and (other.ShapeLength() or not tensor.shape):
            assert list(tensor.shape) == [other.Shape(n) for n in range(other.ShapeLength())]
        assert (tensor.kind is TensorKind.VARIABLE) == other.IsVariable()
        if tensor.shape is None or 0 not in tensor.shape:
            has_data = buffer.DataLength() > 0 or buffer.Size() > 0
            assert (tensor.kind is TensorKind.CONSTANT) == has_data
    assert len(ours.ops) == theirs.OperatorsLength()
    for number, op in enumerate(ours.ops):
        operator = theirs.Operators(number)
        code = model.OperatorCodes(operator.OpcodeIndex())
        assert op.custom == (max(code.BuiltinCode(), code.DeprecatedBuiltinCode()) == 32)
        assert list(op.inputs) == [operator.Inputs(n) for n in range(operator.InputsLength())]
        assert list(op.outputs) == [operator.Outputs(n) for n in range(operator.OutputsLength())]
        temporaries = [operator.Intermediates(n) for n in range(operator.IntermediatesLength())]
        assert list(op.temporaries) == [t for t in temporaries if t >= 0]


@needs_shared
@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("coral_model_invoking_error", "tensor 0 of subgraph 0: names buffer 0, but the file has 0 buffers"),
        ("mlzoo_kws_micronet_s_LFS_POINTER", "the file is a Git LFS pointer"),
        ("tflite_invalid_model", "not a TFLite file"),
        ("tflite_lstm_quantized2", "'output_gate_ln_weights-1' has -1 in its shape, and nothing says what this means"),
        (
            "tflite_segment_sum_invalid_buffer",
            r"operator 0 \(SEGMENT_SUM\) reads tensor 2 'pyx/y', which no op",
        ),
        ("tflite_sparse_tensor", "tensor 0 'sparse_tensor' is an input, but the file has data for it"),
        ("tflite_test_model_broken", "not a TFLite file"),
        (
            "tflm_person_detect_TRUNCATED_200000",
            r"field 'buffers' points .* of 200000; the file is truncated",
        ),
    ],
)
def test_a_broken_file_is_refused(name: str, fault: str) -> None:
    with pytest.raises(ModelError, match=fault):
        tflite.load((INVALID / f"{name}.tflite").read_bytes(), {})


@needs_shared
@pytest.mark.parametrize(
    ("name", "subgraphs"),
    [("0_subgraphs", 0), ("2_subgraphs", 2), ("empty_model", 1), ("zero_size_constant", 1)],
)
def test_a_file_that_only_looks_odd_is_taken(name: str, subgraphs: int) -> None:
    graph = tflite.load((INVALID / f"tflite_{name}.tflite").read_bytes(), {})
    assert len(graph.subgraphs) == len(graph.entries) == subgraphs
