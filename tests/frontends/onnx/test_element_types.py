"""Element types: each that the installed onnx knows has a name and its bits."""

import re

import pytest
from onnx import TensorProto, helper
from tmpass.frontends import onnx as frontend
from tmpass.frontends.onnx.element_types import dtype_of

from tmpass.base import dtypes

KNOWN = sorted(set(TensorProto.DataType.values()) - {TensorProto.UNDEFINED, TensorProto.STRING})


@pytest.mark.parametrize("element", KNOWN, ids=[TensorProto.DataType.Name(e) for e in KNOWN])
def test_every_numeric_type_has_its_bits(element):
    name = TensorProto.DataType.Name(element).lower()
    digits = re.search(r"\d+", name)
    assert dtype_of(element).bits == (int(digits[0]) if digits else {"float": 32, "double": 64, "bool": 8}[name])


def test_strings_and_unknown_types_have_none():
    assert dtype_of(TensorProto.STRING) == dtypes.STRING
    assert dtype_of(TensorProto.STRING).known
    for element in (TensorProto.UNDEFINED, 12345):
        assert dtype_of(element).bits is None
        assert not dtype_of(element).known
    assert "12345" in dtype_of(12345).name


def test_packed_types_are_counted_in_bits():
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.INT4, [5])],
        [helper.make_tensor_value_info("y", TensorProto.INT4, [5])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    assert [t.bytes for t in frontend.load(model.SerializeToString(), {}).subgraphs[0].tensors] == [3, 3]
