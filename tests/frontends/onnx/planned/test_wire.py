"""The wire format of protobuf: fields that are read can be written again."""

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import parser
from tmpass.frontends.onnx.planned import schema
from tmpass.frontends.onnx.planned.wire import BYTES, VARINT, fields, read_varint, varint, write_bytes, write_number

from tmpass.base.errors import ModelError

MODEL = parser.parse_model('<ir_version: 8, opset_import: ["": 17]> g (float[2] x) => (float[2] y) { y = Relu(x) }')


@given(st.integers(0, 2**64 - 1))
def test_a_number_comes_back(number):
    written = varint(number)
    assert read_varint(b"\xff" + written, 1, 1 + len(written)) == (number, 1 + len(written))


@given(st.lists(st.tuples(st.integers(1, 2**20), st.one_of(st.integers(0, 2**63), st.binary(max_size=300)))))
def test_fields_come_back(wanted):
    data = b"".join(write_number(n, v) if isinstance(v, int) else write_bytes(n, v) for n, v in wanted)
    found = []
    for field in fields(data, 0, len(data)):
        assert field.kind in (VARINT, BYTES)
        number = read_varint(data, field.value, field.end)[0] if field.kind == VARINT else data[field.value : field.end]
        found.append((field.number, number))
    assert found == wanted


def test_fields_cover_a_message_without_gaps():
    data = MODEL.SerializeToString()
    found = list(fields(data, 0, len(data)))
    assert b"".join(data[f.start : f.end] for f in found) == data
    names = onnx.ModelProto.DESCRIPTOR.fields_by_number
    assert {names[f.number].name for f in found} == {"ir_version", "opset_import", "graph"}


@given(st.data())
def test_a_message_that_is_cut_inside_a_field_is_refused(data):
    whole = MODEL.SerializeToString()
    end = data.draw(st.integers(0, len(whole)))
    bounds = {0, *(f.end for f in fields(whole, 0, len(whole)))}
    if end in bounds:
        assert sum(f.end - f.start for f in fields(whole[:end], 0, end)) == end
    else:
        with pytest.raises(ModelError, match="truncated"):
            list(fields(whole[:end], 0, end))


@pytest.mark.parametrize("data", [b"\x0b", b"\x0c", b"\x0e", b"\x80" * 11])
def test_what_no_onnx_file_holds_is_refused(data):
    with pytest.raises(ModelError):
        list(fields(data, 0, len(data)))


NUMBERS = {
    "ModelProto": {"ir_version": "MODEL_IR", "graph": "MODEL_GRAPH", "metadata_props": "MODEL_METADATA"},
    "GraphProto": {
        "node": "GRAPH_NODE",
        "initializer": "GRAPH_INITIALIZER",
        "input": "GRAPH_INPUT",
        "output": "GRAPH_OUTPUT",
        "value_info": "GRAPH_VALUE",
        "metadata_props": "GRAPH_METADATA",
    },
    "NodeProto": {"attribute": "NODE_ATTRIBUTE", "metadata_props": "NODE_METADATA"},
    "AttributeProto": {"g": "ATTRIBUTE_GRAPH", "graphs": "ATTRIBUTE_GRAPHS"},
    "TensorProto": {"external_data": "TENSOR_EXTERNAL"},
    "ValueInfoProto": {"name": "VALUE_NAME", "metadata_props": "VALUE_METADATA"},
    "StringStringEntryProto": {"key": "ENTRY_KEY", "value": "ENTRY_VALUE"},
}


@pytest.mark.parametrize("message", NUMBERS)
def test_the_numbers_of_fields_are_those_of_onnx(message):
    known = getattr(onnx, message).DESCRIPTOR.fields_by_name
    assert {name: known[name].number for name in NUMBERS[message]} == {
        name: getattr(schema, constant) for name, constant in NUMBERS[message].items()
    }
