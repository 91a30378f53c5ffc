"""A plan is removed from an ONNX file: exactly, or as far as possible if another program changed the file."""

import onnx
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import parser
from tmpass.frontends import onnx as frontend
from tmpass.frontends.onnx.planned.emit import emit

from tmpass.base.errors import ModelError

TEXT = '<ir_version: 8, opset_import: ["": 17]> g (float[4] x) => (float[4] a, float[4] b) { a = Relu(x) b = Tanh(x) }'
DATA = parser.parse_model(TEXT).SerializeToString()
PLANNED = emit(DATA, [[1, 0]], [[0, 64, 128]], '{"any": "plan"}')


def test_the_original_comes_back():
    assert frontend.strip(PLANNED) == DATA


def test_a_file_without_a_plan_has_none_to_take_off():
    assert frontend.strip(DATA) is None
    named = onnx.load_model_from_string(DATA)
    named.graph.doc_string = "tmpass.plan"
    assert frontend.strip(named.SerializeToString()) is None


def test_what_another_program_changed_stays():
    model = onnx.load_model_from_string(PLANNED)
    model.producer_name = "another"
    model.graph.node.add(op_type="Neg", input=["b"], output=["c"])
    left = onnx.load_model_from_string(frontend.strip(model.SerializeToString()))
    assert (left.producer_name, left.ir_version) == ("another", 10)
    assert [node.op_type for node in left.graph.node] == ["Tanh", "Relu", "Neg"]
    assert b"tmpass." not in left.SerializeToString()


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damage_is_an_error_or_leaves_a_file_never_an_accident(data):
    at = data.draw(st.integers(0, len(PLANNED) - 1))
    byte = data.draw(st.integers(0, 255))
    try:
        frontend.strip(PLANNED[:at] + bytes([byte]) + PLANNED[at + 1 :])
        frontend.strip(PLANNED[:at])
    except ModelError:
        pass
