"""Model Explorer, without its page, finds the extension, and its nodes find their values: `pytest -m nightly`."""

import json
from pathlib import Path

import pytest

import tmpass
from tmpass.report.formats.model_explorer import emit

pytestmark = pytest.mark.nightly

manager = pytest.importorskip("model_explorer.extension_manager")

MODELS = Path(__file__).parent.parent.parent / "models"


@pytest.fixture(scope="module")
def extensions():
    found = manager.ExtensionManager(["tmpass.integrations.model_explorer"])
    found.load_extensions()
    return found


def graphs_of(extensions, path):
    """The graphs as Model Explorer has them: id -> its nodes."""
    command = {"cmdId": "convert", "extensionId": "builtin_tflite_flatbuffer", "modelPath": str(path), "settings": {}}
    answer = extensions.run_cmd({**command, "deleteAfterConversion": False})
    return {graph["id"]: graph["nodes"] for one in answer["graphCollections"] for graph in one["graphs"]}


def run(extensions, path, graph, **values):
    command = {"cmdId": "run", "extensionId": "tmpass", "modelPath": str(path), "graphId": graph}
    return extensions.run_cmd({**command, "configValues": values})


def tensors(node):
    return [a["value"] for o in node.get("outputsMetadata", []) for a in o["attrs"] if a["key"] == "tensor_name"]


def operators(nodes):
    return [node for node in nodes if node["label"] not in ("GraphInputs", "GraphOutputs", "pseudo_const")]


@pytest.mark.parametrize("name", ["branchy", "control_flow"])
def test_every_operator_has_its_live_bytes_and_its_offset(extensions, name):
    path = MODELS / f"{name}.tflite"
    plan, model = tmpass.plan(path), tmpass.load(path)
    offsets = {(t.subgraph, t.name): t.offset for t in plan.tensors}
    numbers = {subgraph.name: index for index, subgraph in enumerate(model.graph.subgraphs)}
    for graph, nodes in graphs_of(extensions, path).items():
        answer = run(extensions, path, graph)
        assert not answer["error"]
        live, places = answer["result"]
        assert set(live["results"]) == {node["id"] for node in operators(nodes)}
        for node in operators(nodes):
            offset = offsets[numbers[graph], tensors(node)[0]]
            if offset is not None:
                assert places["results"][node["id"]]["value"] == offset
    assert max(row["value"] for row in live["results"].values()) <= plan.memories[0].live_bytes


@pytest.mark.parametrize("name", ["branchy", "control_flow"])
def test_the_emitted_file_names_an_output_of_every_operator(extensions, name):
    path = MODELS / f"{name}.tflite"
    results = json.loads(emit(tmpass.plan(path)))["results"]
    for nodes in graphs_of(extensions, path).values():
        assert all(any(tensor in results for tensor in tensors(node)) for node in operators(nodes))


def test_the_dialog_asks_for_target_and_dimensions(extensions):
    answer = extensions.run_cmd({"cmdId": "get_config_editors", "extensionId": "tmpass"})
    assert [editor["id"] for editor in answer["configEditors"]] == ["target", "bind"]
    budget = run(extensions, MODELS / "branchy.tflite", "main", target="tflm-nrf52840")
    assert budget["result"][0]["name"].startswith("live bytes in ")


def test_an_error_is_shown_and_not_raised(extensions):
    answer = run(extensions, MODELS / "attention.onnx", "main")
    assert "bind" in answer["error"]
    assert run(extensions, MODELS / "attention.onnx", "main", bind="batch=1 seq=8")["result"]
