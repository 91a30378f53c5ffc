"""Public models load, with their operators, and with every size once their symbols are bound."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tmpass.frontends import onnx as frontend

MODELS = Path(__file__).parents[4] / "shared" / "models"
FILES = sorted((*MODELS.glob("onnx/*.onnx"), *MODELS.glob("invalid/*.onnx")))

if not FILES and os.environ.get("TMPASS_REQUIRE_SHARED") != "1":
    pytest.skip("the shared models are not here", allow_module_level=True)

OPERATORS = {
    "torch_nasnetalarge": 879,
    "torch_densenet121": 368,
    "torch_bert_dynamic": 123,
    "torch_llama": 265,
    "dtln_model_2": 78,
    "ultraface_rfb_320_simplified": 110,
    "burn_empty_graph": 0,
    "burn_zero_sized_dims": 1,
}

BINDINGS = {
    "torch_bert_dynamic": {"batch": 2, "seq": 48},
    "silero_vad_op18_ifless": {"batch": 1, "sequence": 512},
    "silero_vad": {"input:0": 1, "input:1": 256, "state:1": 1},
    "burn_rank_inference_propagation": {"input:0": 2, "input:1": 5},
}

SUMS = {
    "torch_nasnetalarge": 846976996,
    "torch_densenet121": 175276960,
    "torch_llama": 8736256,
    "burn_zero_sized_dims": 0,
    "burn_data_types": 558,
}


def load(name, bindings=None):
    (path,) = (f for f in FILES if f.stem == name)
    return frontend.load(path.read_bytes(), bindings or {})


def test_the_models_are_here():
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_model_loads(path):
    data = path.read_bytes()
    graph = frontend.load(data, {})
    assert frontend.accepts(data)
    for subgraph in graph.subgraphs:
        made = [o for op in subgraph.ops for o in op.outputs if o >= 0]
        assert len(made) == len(set(made))
        assert all(i < len(subgraph.tensors) for op in subgraph.ops for i in (*op.inputs, *op.outputs))
        for op in subgraph.ops:
            captures = [t for c in op.calls for t in graph.subgraphs[c.subgraph].tensors if t.captures is not None]
            assert {t.captures for t in captures} <= set(op.inputs)


@pytest.mark.parametrize(("name", "count"), OPERATORS.items())
def test_the_operators_of_a_model(name, count):
    assert len(load(name).subgraphs[0].ops) == count


@pytest.mark.parametrize(("name", "bindings"), BINDINGS.items())
def test_binding_its_symbols_sizes_a_model_completely(name, bindings):
    unbound = load(name)
    graph = load(name, bindings)
    assert graph.symbols == unbound.symbols == tuple(bindings)
    assert [t for s in unbound.subgraphs for t in s.tensors if t.bytes is None]
    assert not [t for s in graph.subgraphs for t in s.tensors if t.bytes is None]


@pytest.mark.parametrize(("name", "total"), SUMS.items())
def test_the_bytes_of_activations(name, total):
    tensors = load(name).subgraphs[0].tensors
    assert sum(t.bytes for t in tensors if t.kind == "activation") == total


@pytest.mark.parametrize("name", ["densenet121", "inception_v2", "resnet50", "squeezenet"])
def test_weights_made_by_operators_are_no_activations(name):
    main = load(f"onnx_light_{name}").subgraphs[0]
    assert not {op.kind for op in main.ops} & {"Constant", "ConstantOfShape"}
    assert all(t.bytes is not None for t in main.tensors)
    assert main.inputs == (0,)


def test_an_output_that_only_a_run_can_size_stays_open():
    main = load("burn_opset_13").subgraphs[0]
    assert [(t.name, t.shape) for t in main.tensors if t.bytes is None] == [("nonzero_output", (2, "nonzero_output:1"))]


def test_a_large_model_loads_without_what_evaluates_values():
    code = (
        "import sys; from pathlib import Path; from tmpass.frontends import onnx as f; "
        "f.load(Path(sys.argv[1]).read_bytes(), {}); print('onnx.reference' in sys.modules)"
    )
    path = MODELS / "onnx" / "torch_nasnetalarge.onnx"
    shown = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
