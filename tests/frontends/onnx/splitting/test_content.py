"""What decides about a constant is compared: with the same bytes, it may be another one."""

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

import tmpass

FLOAT = TensorProto.FLOAT


def model(nodes, stored, *, listed=(), sparse=()):
    ends = [helper.make_tensor_value_info(name, FLOAT, [2, 2]) for name in "xy"]
    tensors = [numpy_helper.from_array(values, name) for name, values in stored.items()]
    inputs = [helper.make_tensor_value_info(name, FLOAT, stored[name].shape) for name in listed]
    graph = helper.make_graph(nodes, "g", [ends[0], *inputs], ends[1:], tensors)
    graph.sparse_initializer.extend(sparse)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()


def overridable(number):
    return model([helper.make_node("Mul", ["x", "w"], ["y"])], {"w": np.array([number], "f4")}, listed=["w"])


def cast(dtype):
    nodes = [helper.make_node("Cast", ["w"], ["c"], to=FLOAT), helper.make_node("MatMul", ["x", "c"], ["y"])]
    return model(nodes, {"w": np.array([[200, 1], [2, 255]], "u1").view(dtype)})


def dequantized(dtype):
    nodes = [
        helper.make_node("DequantizeLinear", ["w", "s", "z"], ["c"]),
        helper.make_node("MatMul", ["x", "c"], ["y"]),
    ]
    values = np.array([[200, 1], [2, 255]], "u1").view(dtype)
    return model(nodes, {"w": values, "s": np.array([1, 2], "f4"), "z": np.zeros(2, dtype)})


def transposed(shape):
    nodes = [
        helper.make_node("Transpose", ["w"], ["t"]),
        helper.make_node("Reshape", ["t", "to"], ["c"]),
        helper.make_node("Add", ["x", "c"], ["y"]),
    ]
    return model(nodes, {"w": np.arange(4, dtype="f4").reshape(shape), "to": np.array([2, 2], "i8")})


def sparse(places):
    values = numpy_helper.from_array(np.array([3, 5], "f4"), "w")
    tensor = helper.make_sparse_tensor(values, numpy_helper.from_array(np.array(places, "i8"), "at"), [2])
    return model([helper.make_node("Add", ["x", "w"], ["y"])], {}, sparse=[tensor])


CONSTANTS = {
    "the number that is taken where the caller gives none": (overridable, 2, 3),
    "the element type of what Cast reads": (cast, "u1", "i1"),
    "the element type of what DequantizeLinear reads": (dequantized, "u1", "i1"),
    "the shape of what a folded operator reads": (transposed, (1, 4), (2, 2)),
    "the places of sparse values": (sparse, [0, 1], [1, 0]),
}


@pytest.mark.parametrize("case", CONSTANTS)
def test_constants_with_equal_bytes_are_told_apart(case):
    make, one, other = CONSTANTS[case]
    assert tmpass.verify_split(make(one), make(one)) == []
    assert tmpass.verify_split(make(other), make(one))
    assert tmpass.verify_split(make(one), make(other))


def test_attributes_that_do_not_go_with_the_weights_are_refused():
    def grouped(group, **more):
        node = helper.make_node("Conv", ["x", "w"], ["y"], group=group, **more)
        ends = [helper.make_tensor_value_info(name, FLOAT, [1, count, 4, 4]) for name, count in (("x", 4), ("y", 12))]
        weights = numpy_helper.from_array(np.ones((12, 1, 1, 1), "f4"), "w")
        graph = helper.make_graph([node], "g", ends[:1], ends[1:], [weights])
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()

    assert tmpass.verify_split(grouped(4), grouped(4)) == []
    assert tmpass.verify_split(grouped(3), grouped(4))
    assert tmpass.verify_split(grouped(4, kernel_shape=[1, 1]), grouped(4)) == []
    assert tmpass.verify_split(grouped(4, kernel_shape=[2, 1]), grouped(4))
    assert tmpass.verify_split(grouped(4, ceil_mode=1), grouped(4))


@pytest.mark.parametrize("kind", ["Conv", "MaxPool"])
def test_a_window_that_makes_another_shape_than_declared_is_refused(kind):
    """Planning takes the larger shape; a proof must not."""

    def windowed(pads):
        inputs = ["x", "w"] if kind == "Conv" else ["x"]
        nodes = [
            helper.make_node(kind, inputs, ["r"], kernel_shape=[3, 3], pads=pads),
            helper.make_node("ReduceMean", ["r"], ["y"], axes=[2, 3]),
        ]
        shapes = {"x": [1, 1, 4, 4], "y": [1, 1, 1, 1], "r": [1, 1, 4, 4]}
        x, y, r = (helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in shapes.items())
        weights = numpy_helper.from_array(np.ones((1, 1, 3, 3), "f4"), "w")
        graph = helper.make_graph(nodes, "g", [x], [y], [weights], value_info=[r])
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()

    assert tmpass.verify_split(windowed([1, 1, 1, 1]), windowed([1, 1, 1, 1])) == []
    assert tmpass.verify_split(windowed([1, 1, 0, 1]), windowed([1, 1, 1, 1]))
