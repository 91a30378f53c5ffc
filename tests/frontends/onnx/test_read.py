"""Bytes that are not a usable model end in one clear error."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, parser
from tmpass.frontends import onnx as frontend

from tmpass.base.errors import ModelError

SMALL = parser.parse_model('<ir_version: 8, opset_import: ["": 17]> g (float[2] x) => (float[2] y) { y = Relu(x) }')


def small():
    model = onnx.ModelProto()
    model.CopyFrom(SMALL)
    return model


def refused(model, text):
    data = model if isinstance(model, bytes) else model.SerializeToString()
    with pytest.raises(ModelError, match=text) as error:
        frontend.load(data, {})
    assert error.value.hint
    return error.value


def test_an_empty_file():
    refused(b"", "the file is empty")


def test_a_git_lfs_pointer():
    refused(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n", "Git LFS pointer")


@pytest.mark.parametrize("data", [b"\xff" * 40, b"hello, world", SMALL.SerializeToString()[:-3]])
def test_what_is_no_protobuf_or_cut_short(data):
    refused(data, "not an ONNX model, or truncated|has no graph")


def test_a_model_without_a_graph():
    refused(onnx.ModelProto(ir_version=8), "has no graph")


def test_a_newer_operator_set_names_both_versions():
    model = small()
    model.opset_import[0].version = 999
    newest = onnx.defs.onnx_opset_version()
    refused(model, f"operator set 999, but onnx {onnx.__version__} knows 1 to {newest}")


def test_a_forgotten_import_of_the_default_operator_set():
    model = small()
    del model.opset_import[:]
    refused(model, "imports no version of the default operator set")


def test_before_ir_version_3_there_were_no_imports():
    model = small()
    del model.opset_import[:]
    model.ir_version = 1
    assert frontend.load(model.SerializeToString(), {}).subgraphs[0].ops


def test_a_forgotten_import_of_another_domain_is_no_fault():
    model = small()
    model.graph.node[0].domain = "com.example"
    assert frontend.load(model.SerializeToString(), {}).subgraphs[0].ops[0].custom


def test_the_long_spelling_of_the_default_domain():
    model = small()
    model.graph.node[0].domain = model.opset_import[0].domain = "ai.onnx"
    op = frontend.load(model.SerializeToString(), {}).subgraphs[0].ops[0]
    assert (op.kind, op.custom) == ("Relu", False)


def test_a_name_that_is_no_text():
    refused(SMALL.SerializeToString().replace(b"Relu", b"\xff\xfe\xfd\xfc"), "not UTF-8")


def test_a_negative_dimension_of_a_stored_tensor():
    model = small()
    model.graph.initializer.add(name="w", data_type=TensorProto.FLOAT, dims=[-4])
    refused(model, "tensor 'w': a stored tensor has dimension -4")


def test_an_input_without_a_name():
    model = small()
    model.graph.input.add()
    refused(model, "has no name")


def test_a_newer_ir_version_is_read_with_a_warning():
    model = small()
    model.ir_version = 999
    assert "IR version 999" in frontend.load(model.SerializeToString(), {}).warnings[0]


def test_external_weights_need_not_exist():
    model = parser.parse_model(
        '<ir_version: 8, opset_import: ["": 17]> g (float[2, 3] x) => (float[2, 4] y) { y = MatMul(x, w) }'
    )
    weight = model.graph.initializer.add(name="w", data_type=TensorProto.FLOAT, dims=[3, 4])
    weight.data_location = TensorProto.EXTERNAL
    weight.external_data.add(key="location", value="not_there.bin")
    tensors = frontend.load(model.SerializeToString(), {}).subgraphs[0].tensors
    assert [(t.name, t.kind, t.bytes) for t in tensors] == [
        ("x", "activation", 24),
        ("w", "constant", 48),
        ("y", "activation", 32),
    ]


def test_large_stored_weights_change_nothing():
    weight = onnx.numpy_helper.from_array(np.ones((512, 512), np.float32), "w")
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 512])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [weight],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    tensors = {t.name: t for t in frontend.load(model.SerializeToString(), {}).subgraphs[0].tensors}
    assert (tensors["w"].bytes, tensors["w"].kind, tensors["y"].shape) == (2**20, "constant", (2, 512))


def test_graphs_in_graphs_stop_where_protobuf_stops():
    # One more body costs a node, an attribute and a graph, and makes the lengths of everything around it larger.
    def field(number, data):
        return bytes([number << 3 | 2]) + onnx_varint(len(data)) + data

    def onnx_varint(number):
        parts = []
        while number > 0x7F:
            parts.append(number & 0x7F | 0x80)
            number >>= 7
        return bytes([*parts, number])

    graph = b""
    for _ in range(3000):
        graph = field(1, field(5, field(6, graph)) + field(4, b"If"))
    refused(b"\x08\x08" + field(7, graph), "not an ONNX model|nest deeper")
