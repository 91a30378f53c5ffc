"""Values that a caller gives for inputs are taken unchanged, or refused."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from tmpass.frontends.onnx.element_types import dtype_of
from tmpass.frontends.onnx.execution.given import take
from tmpass.frontends.onnx.execution.sessions import contents

from tmpass.base.errors import UsageError
from tmpass.graph.model import Tensor

pytest.importorskip("onnxruntime")

NAMES = (
    *("FLOAT", "FLOAT16", "BFLOAT16", "DOUBLE", "BOOL", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32"),
    *("UINT64", "INT4", "UINT4", "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ"),
    *("INT2", "UINT2", "FLOAT4E2M1", "COMPLEX64"),
)
NUMBERS = [getattr(TensorProto, name) for name in NAMES if hasattr(TensorProto, name)]


def tensor_of(element, shape=None):
    return helper.make_tensor_type_proto(element, shape)


def given(element, value, shape=None):
    return take(Tensor("x", dtype_of(element), shape), tensor_of(element), value)


def other(proto, value):
    return take(Tensor("x", dtype_of(0), None), proto, value)


@pytest.mark.parametrize("element", NUMBERS, ids=TensorProto.DataType.Name)
def test_bytes_are_those_of_the_format(element):
    array = np.array([[1, 0, 1], [1, 1, 0]]).astype(helper.tensor_dtype_to_np_dtype(element))
    value = given(element, array)
    assert value.data == numpy_helper.from_array(array).raw_data
    assert (value.form.element, value.form.shape) == (element, (2, 3))
    bits = dtype_of(element).bits
    assert len(value.data) == (6 * bits + 7) // 8


@pytest.mark.parametrize("element", [TensorProto.BFLOAT16, TensorProto.FLOAT8E5M2], ids=TensorProto.DataType.Name)
def test_what_numpy_stores_without_a_type(element):
    array = np.array([1, 2, 3]).astype(helper.tensor_dtype_to_np_dtype(element))
    stored = array.view(f"V{array.dtype.itemsize}")
    assert given(element, stored).data == array.tobytes()


def test_arrays_in_another_order_of_bytes_or_axes():
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert given(TensorProto.FLOAT, array.T).data == np.ascontiguousarray(array.T).tobytes()
    assert given(TensorProto.FLOAT, array.astype(">f4")).data == array.tobytes()


def test_plain_numbers_and_protos():
    assert given(TensorProto.INT64, 3).data == np.int64(3).tobytes()
    assert given(TensorProto.BOOL, True).data == bytes([1])
    assert given(TensorProto.FLOAT, [1, 2]).data == np.array([1, 2], np.float32).tobytes()
    array = np.arange(3, dtype=np.int16)
    assert given(TensorProto.INT16, numpy_helper.from_array(array)).data == array.tobytes()


def test_values_that_are_not_tensors_of_numbers():
    floats = tensor_of(TensorProto.FLOAT)
    one, two = np.ones(1, np.float32), np.ones((2, 2), np.float32)
    assert [a.shape for a in contents(other(helper.make_sequence_type_proto(floats), [one, two]))] == [(1,), (2, 2)]
    assert contents(other(helper.make_sequence_type_proto(floats), [])) == []
    assert contents(other(helper.make_optional_type_proto(floats), None)) is None
    assert contents(other(helper.make_optional_type_proto(floats), two)).shape == (2, 2)
    maps = helper.make_map_type_proto(TensorProto.INT64, floats)
    assert contents(other(maps, {1: 2.0})) == {1: 2.0}
    texts = np.array([["a", "b\u00e4"]])
    assert contents(given(TensorProto.STRING, texts)).tolist() == texts.tolist()


@pytest.mark.parametrize(
    ("element", "value", "shape", "said"),
    [
        (TensorProto.FLOAT, np.ones(3), None, "an array of float64 is given for one of float32"),
        (TensorProto.BFLOAT16, np.ones(3, np.uint16), None, "an array of uint16 is given for one of bfloat16"),
        (TensorProto.INT64, [1.5], None, "an array of float64 is given for one of int64"),
        (TensorProto.INT8, 300, None, "an array of int64 is given for one of int8"),
        (TensorProto.FLOAT, None, None, "None is given for a tensor"),
        (TensorProto.FLOAT, {}, None, "{} is given for a tensor"),
        (TensorProto.STRING, np.ones(3), None, "an array of float64 is given for one of strings"),
        (TensorProto.FLOAT, np.ones((3, 2), np.float32), (2, 3), r"with shape \[3, 2\], but the plan is for \[2, 3\]"),
        (TensorProto.FLOAT, np.ones(3, np.float32), ("n", 3), r"with shape \[3\], but the plan is for \[n, 3\]"),
    ],
)
def test_what_is_not_for_the_input(element, value, shape, said):
    with pytest.raises(UsageError, match=f"^input 'x': .*{said}"):
        given(element, value, shape)


@pytest.mark.parametrize(
    ("kind", "value"), [("sequence", np.ones(3)), ("sequence", "abc"), ("sequence", None), ("map", [1])]
)
def test_what_is_not_a_sequence_or_a_map(kind, value):
    floats = tensor_of(TensorProto.FLOAT)
    proto = {
        "sequence": helper.make_sequence_type_proto(floats),
        "map": helper.make_map_type_proto(TensorProto.INT64, floats),
    }[kind]
    with pytest.raises(UsageError, match=f"is given for a {kind}"):
        other(proto, value)
