"""Random inputs: by type, with small numbers, and the same for the same seed."""

import numpy as np
import pytest
from onnx import TensorProto, helper
from tmpass.frontends.onnx.element_types import dtype_of
from tmpass.frontends.onnx.execution.draw import draw
from tmpass.frontends.onnx.execution.sessions import contents

from tmpass.base.dtypes import DType
from tmpass.base.errors import ModelError
from tmpass.graph.model import Tensor

ELEMENTS = [
    TensorProto.DataType.Value(name)
    for name in TensorProto.DataType.keys()  # noqa: SIM118  # protobuf's, no mapping
    if dtype_of(TensorProto.DataType.Value(name)).bits in (2, 4, 8, 16, 32, 64)
]


def drawn(element, seed=0, shape=(3, 5), index=0):
    return draw(Tensor("x", dtype_of(element), shape), tensor(element), seed, index)


def tensor(element, shape=None):
    return helper.make_tensor_type_proto(element, shape)


@pytest.mark.parametrize("element", ELEMENTS, ids=TensorProto.DataType.Name)
def test_every_type_fills_its_bytes(element):
    value = drawn(element)
    assert len(value.data) == Tensor("x", dtype_of(element), (3, 5)).bytes
    assert (value.form.element, value.form.shape) == (element, (3, 5))
    assert drawn(element).data == value.data


def test_floats_are_small_and_of_other_signs_with_other_seeds():
    values = [np.frombuffer(drawn(TensorProto.FLOAT, seed, (1000,)).data, np.float32) for seed in range(3)]
    assert all(np.abs(v).max() <= 1 for v in values)
    assert (values[0].min() < 0 < values[0].max(), values[1].min() >= 0, values[2].max() <= 0) == (True, True, True)
    assert drawn(TensorProto.FLOAT, index=0).data != drawn(TensorProto.FLOAT, index=1).data


def test_integers_are_one_to_four():
    assert set(np.frombuffer(drawn(TensorProto.INT64, shape=(1000,)).data, np.int64)) == {1, 2, 3, 4}


def test_booleans_are_true_then_false_then_any():
    assert [set(drawn(TensorProto.BOOL, seed, (1000,)).data) for seed in range(3)] == [{1}, {0}, {0, 1}]


def test_a_tensor_without_elements():
    assert drawn(TensorProto.FLOAT, shape=(2, 0)).data == b""


@pytest.mark.parametrize(
    ("element", "shape", "message"),
    [
        (TensorProto.COMPLEX128 + 1000, (1,), "no values"),
        (TensorProto.FLOAT, ("n",), "open"),
        (TensorProto.FLOAT, None, "open"),
    ],
)
def test_what_cannot_be_drawn(element, shape, message):
    with pytest.raises(ModelError, match=rf"^input 'x': .*{message}"):
        drawn(element, shape=shape)


def other(proto, seed=0):
    pytest.importorskip("onnxruntime")
    return contents(draw(Tensor("x", DType("odd", None), None), proto, seed, 0))


def test_texts_are_numbers():
    pytest.importorskip("onnxruntime")
    texts = contents(drawn(TensorProto.STRING, shape=(100, 2)))
    assert texts.shape == (100, 2)
    assert set(texts.flatten()) == {"1", "2", "3", "4"}


def test_sequences_and_optionals_of_declared_shape():
    floats = tensor(TensorProto.FLOAT, [2, 3])
    assert [part.shape for part in other(helper.make_sequence_type_proto(floats))] == [(2, 3), (2, 3)]
    assert other(helper.make_optional_type_proto(floats)).shape == (2, 3)
    assert other(helper.make_optional_type_proto(floats), seed=1) is None


@pytest.mark.parametrize(
    ("proto", "message"),
    [
        (helper.make_sequence_type_proto(tensor(TensorProto.FLOAT, ["n"])), "its shape is open"),
        (helper.make_map_type_proto(TensorProto.INT64, tensor(TensorProto.FLOAT)), "no values can be drawn for odd"),
    ],
)
def test_what_others_cannot_be_drawn(proto, message):
    with pytest.raises(ModelError, match=f"^input 'x': {message}.* --inputs$"):
        draw(Tensor("x", DType("odd", None), None), proto, 0, 0)
