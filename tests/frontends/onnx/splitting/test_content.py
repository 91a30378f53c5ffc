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


def pooled(kind, made, **how):
    """A pool of 12 rows."""
    node = helper.make_node(kind, ["x"], ["y"], strides=[3, 1], **{"kernel_shape": [1, 1], **how})
    ends = [helper.make_tensor_value_info(name, FLOAT, [1, 2, rows, 4]) for name, rows in (("x", 12), ("y", made))]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=8).SerializeToString()


@pytest.mark.parametrize(
    ("kind", "how"), [("MaxPool", {}), ("AveragePool", {}), ("AveragePool", {"count_include_pad": 1})]
)
def test_a_last_window_behind_the_end_is_none(kind, how):
    """Of 12 rows by threes, `ceil_mode` would begin a fifth window behind the end: without it, the same is computed."""
    assert tmpass.verify_split(pooled(kind, 4, **how), pooled(kind, 4, ceil_mode=1, **how)) == []
    wide = {"kernel_shape": [2, 1], "pads": [1, 0, 0, 0], **how}
    assert tmpass.verify_split(pooled(kind, 4, **wide), pooled(kind, 5, ceil_mode=1, **wide))


def test_a_window_over_the_padding_does_not_count_it():
    """The fifth window begins inside, and has one element of 13 rows."""
    how = {"kernel_shape": [2, 1], "count_include_pad": 1}
    over, padded = ({"pads": [1, 0, last, 0], **how} for last in (0, 1))
    assert (
        tmpass.verify_split(
            pooled("AveragePool", 5, ceil_mode=1, **over), pooled("AveragePool", 5, ceil_mode=1, **over)
        )
        == []
    )
    assert tmpass.verify_split(pooled("AveragePool", 5, **padded), pooled("AveragePool", 5, ceil_mode=1, **over))
