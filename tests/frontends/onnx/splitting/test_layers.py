"""Nodes as layers: windows with the padding of all kinds, channels, and what cannot be cut."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from tmpass.frontends import onnx as frontend

from tmpass.graph.layer import Padding, Role, Window
from tmpass.loading.load import load_to_plan


def model(nodes, shape, constants=None, made=None, opset=17, ir=8, listed=()):
    """A file with one input x and one output y."""
    stored = [numpy_helper.from_array(np.asarray(v), name) for name, v in (constants or {}).items()]
    element = TensorProto.FLOAT
    inputs = [helper.make_tensor_value_info("x", element, shape)]
    inputs += [helper.make_tensor_value_info(name, element, np.shape((constants or {})[name])) for name in listed]
    result = TensorProto.UINT8 if nodes[0].op_type == "QuantizeLinear" else element
    graph = helper.make_graph(nodes, "g", inputs, [helper.make_tensor_value_info("y", result, made)], stored)
    imports = [helper.make_opsetid("", opset)]
    return helper.make_model(graph, opset_imports=imports, ir_version=ir).SerializeToString()


def layer(kind, shape, *inputs, constants=None, opset=17, ir=8, listed=(), **how):
    """The layer of one node."""
    node = helper.make_node(kind, ["x", *inputs], ["y"], **how)
    data = model([node], shape, constants, opset=opset, ir=ir, listed=listed)
    (found,) = frontend.layers(data, load_to_plan(data, {}).graph)
    return found


def floats(*shape):
    return np.ones(shape, "<f4")


IMAGE = (1, 4, 9, 8)


@pytest.mark.parametrize(
    ("how", "pads"),
    [
        ({}, ((0, 0), (0, 0))),
        ({"pads": [1, 0, 2, 1]}, ((1, 2), (0, 1))),
        ({"auto_pad": "VALID"}, ((0, 0), (0, 0))),
        ({"auto_pad": "SAME_UPPER", "strides": [2, 2]}, ((1, 1), (0, 1))),
        ({"auto_pad": "SAME_LOWER", "strides": [2, 2]}, ((1, 1), (1, 0))),
        ({"auto_pad": "SAME_LOWER", "dilations": [1, 2]}, ((1, 1), (2, 2))),
    ],
)
def test_padding_of_all_kinds_is_explicit(how, pads):
    found = layer("Conv", IMAGE, "w", "b", constants={"w": floats(6, 4, 3, 3), "b": floats(6)}, **how)
    assert (found.role, found.padding, found.pads) == (Role.WINDOW, Padding.EXPLICIT, pads)
    strides, dilations = how.get("strides", (1, 1)), how.get("dilations", (1, 1))
    assert found.windows == tuple(Window(3, s, d) for s, d in zip(strides, dilations, strict=True))
    assert found.filters == ((1, 0), (2, 0))
    assert not found.channelwise


def test_windows_of_one_axis_have_rows_only():
    found = layer("Conv", (1, 2, 9), "w", constants={"w": floats(6, 2, 5)}, pads=[2, 0], strides=[3])
    assert (found.windows, found.pads) == ((Window(5, 3), Window()), ((2, 0), (0, 0)))


def test_groups_of_one_channel_are_cut_and_other_groups_are_not():
    found = layer("Conv", IMAGE, "w", constants={"w": floats(4, 1, 3, 3)}, group=4)
    assert (found.channelwise, found.filters) == (True, ((1, 0),))
    for filters, group in (((8, 1, 3, 3), 4), ((4, 2, 3, 3), 2)):
        found = layer("Conv", IMAGE, "w", constants={"w": floats(*filters)}, group=group)
        assert (found.channelwise, found.filters) == (False, ())


def test_weights_that_are_computed_are_not_cut():
    """Rows need no cut of them."""
    found = layer("Conv", IMAGE, "x2", constants={"x2": floats(6, 4, 1, 1)}, ir=8, listed=["x2"])
    assert found.filters == ()  # a caller may override it


def test_a_window_over_the_end_is_padding_behind():
    """With ceil_mode, the last window may reach over the end."""
    found = layer("MaxPool", (1, 2, 6, 6), kernel_shape=[3, 2], strides=[2, 2], ceil_mode=1)
    assert found.pads == ((0, 1), (0, 0))
    assert not found.zero_padded
    how = {"kernel_shape": [3, 2], "strides": [2, 2], "ceil_mode": 1}
    assert layer("AveragePool", (1, 2, 6, 6), **how) is not None
    assert layer("AveragePool", (1, 2, 6, 6), count_include_pad=1, **how) is None
    assert layer("AveragePool", (1, 2, 6, 6), kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1) is not None
    # Two elements behind: as pads of a window of two elements, ONNX Runtime refuses them.
    how = {"kernel_shape": [2, 2], "dilations": [2, 2], "strides": [2, 2], "ceil_mode": 1}
    assert layer("MaxPool", (1, 2, 6, 6), **how).pads == ((0, 1), (0, 1))
    assert layer("MaxPool", (1, 2, 6, 7), pads=[0, 0, 0, 1], **how) is None


def test_padding_with_zeros_of_rows_and_columns_is_known():
    pads = np.array([0, 0, 1, 2, 0, 0, 3, 0], "<i8")
    assert layer("Pad", IMAGE, "p", constants={"p": pads}).pads == ((1, 3), (2, 0))
    assert layer("Pad", IMAGE, opset=9, pads=[0, 0, 1, 2, 0, 0, 3, 0]).pads == ((1, 3), (2, 0))
    assert layer("Pad", IMAGE, "p", constants={"p": pads}, mode="edge") is None
    one = {"p": pads, "v": np.array(1, "<f4")}
    assert layer("Pad", IMAGE, "p", "v", constants=one) is None
    assert layer("Pad", IMAGE, "p", constants={"p": pads[::-1].copy()}) is None
    assert layer("Pad", IMAGE, opset=9, pads=[0, 0, 1, 2, 0, 0, 3, 0], value=1.0) is None


def test_reductions_of_all_rows_and_columns_are_known():
    assert layer("GlobalAveragePool", IMAGE).role is Role.REDUCE
    assert layer("ReduceMean", IMAGE, axes=[-1, -2], keepdims=0).role is Role.REDUCE
    assert layer("ReduceMean", IMAGE, "a", constants={"a": np.array([2, 3], "<i8")}, opset=18).role is Role.REDUCE
    assert layer("ReduceMean", IMAGE, axes=[1, 2]) is None


def test_constants_of_element_wise_operators_are_cut_where_they_differ_by_channel():
    assert layer("Mul", IMAGE, "c", constants={"c": floats(4, 1, 1)}).filters == ((1, 0),)
    assert layer("Mul", IMAGE, "c", constants={"c": floats(1, 4, 1, 1)}).filters == ((1, 1),)
    assert layer("Mul", IMAGE, "c", constants={"c": floats(1)}).filters == ()
    assert layer("Mul", IMAGE, "c", constants={"c": floats(9, 8)}) is None
    rows = {name: floats(4) for name in "sbmv"}
    assert layer("BatchNormalization", IMAGE, *"sbmv", constants=rows).filters == ((1, 0), (2, 0), (3, 0), (4, 0))
    scales = {"s": floats(4), "z": np.zeros(4, "u1")}
    assert layer("QuantizeLinear", IMAGE, *"sz", constants=scales, axis=1).filters == ((1, 0), (2, 0))
    other = {"s": floats(8), "z": np.zeros(8, "u1")}
    assert layer("QuantizeLinear", IMAGE, *"sz", constants=other, axis=3) is None


def test_products_of_two_axes_are_cut_along_the_columns_of_the_result():
    bias = {"w": floats(5, 3), "b": floats(3)}
    assert layer("Gemm", (2, 5), "w", "b", constants=bias).filters == ((1, 1), (2, 0))
    turned = {"w": floats(3, 5), "b": floats(2, 3)}
    assert layer("Gemm", (2, 5), "w", "b", constants=turned, transB=1).filters == ((1, 0), (2, 1))
    assert layer("Gemm", (5, 2), "w", "b", constants=bias, transA=1) is None
    assert layer("MatMul", (2, 5), "w", constants={"w": floats(5, 3)}).filters == ((1, 1),)
    assert layer("MatMul", (1, 2, 5), "w", constants={"w": floats(5, 3)}) is None
