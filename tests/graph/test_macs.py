"""Multiply-accumulate operations: those of small operators counted one by one, those of networks as published."""

from itertools import product

import pytest
from support.graphs import Sketch, graph_of
from support.shared import SHARED

import tmpass
from tmpass.graph.macs import count_macs
from tmpass.graph.model import Move, Moves, TensorKind


def macs(kind, inputs, output, **more):
    """The count of one operator with tensors of these shapes; None is an input that is left out."""
    sketch = Sketch()
    tensors = [-1 if shape is None else sketch.tensor(shape, TensorKind.CONSTANT) for shape in inputs]
    sketch.op(tensors, output, kind=kind, **more)
    subgraph = graph_of(sketch).subgraphs[0]
    return count_macs(subgraph, subgraph.ops[0])


def one_by_one(*ranges):
    """How many turns nested loops over these ranges make."""
    return sum(1 for _ in product(*map(range, ranges)))


@pytest.mark.parametrize("kind", ["CONV_2D", "Conv", "com.microsoft::FusedConv", "ConvInteger"])
def test_a_convolution_multiplies_each_output_by_its_window(kind):
    onnx = kind != "CONV_2D"
    weights, output = ((6, 4, 3, 2), (1, 6, 5, 7)) if onnx else ((6, 3, 2, 4), (1, 5, 7, 6))
    assert macs(kind, [(1, 9), weights], output) == one_by_one(5, 7, 6, 3, 2, 4)


def test_groups_have_fewer_channels_in_their_weights():
    assert macs("Conv", [(1, 8, 9, 9), (6, 4, 3, 3)], (1, 6, 7, 7)) == one_by_one(7, 7, 6, 3, 3, 4)
    assert macs("DEPTHWISE_CONV_2D", [(1, 9, 9, 8), (1, 3, 3, 16)], (1, 7, 7, 16)) == one_by_one(7, 7, 16, 3, 3)


def test_a_quantized_convolution_has_its_weights_behind_scales():
    shapes = [(1, 4, 9, 9), (1,), (1,), (6, 4, 3, 3), (1,)]
    assert macs("QLinearConv", shapes, (1, 6, 7, 7)) == one_by_one(6, 7, 7, 4, 3, 3)


def test_a_transposed_convolution_multiplies_each_input_by_the_window_that_it_spreads_to():
    assert macs("TRANSPOSE_CONV", [(4,), (6, 3, 3, 8), (1, 5, 5, 8)], (1, 10, 10, 6)) == one_by_one(5, 5, 8, 6, 3, 3)
    assert macs("ConvTranspose", [(1, 8, 5, 5), (8, 6, 3, 3)], (1, 6, 10, 10)) == one_by_one(5, 5, 8, 6, 3, 3)


def test_a_matrix_product_sums_over_the_axis_that_both_have():
    assert macs("FULLY_CONNECTED", [(3, 10), (7, 10), None], (3, 7)) == one_by_one(3, 7, 10)
    assert macs("MatMul", [(2, 3, 10), (10, 7)], (2, 3, 7)) == one_by_one(2, 3, 7, 10)
    assert macs("MatMul", [(10,), (10, 7)], (7,)) == one_by_one(7, 10)
    assert macs("QLinearMatMul", [(3, 10), (1,), (1,), (10, 7)], (3, 7)) == one_by_one(3, 7, 10)
    for left in ((3, 10), (10, 3)):  # the second one is transposed
        assert macs("Gemm", [left, (10, 7)], (3, 7)) == one_by_one(3, 7, 10)
        assert macs("BATCH_MATMUL", [(2, *left), (2, 10, 7)], (2, 3, 7)) == one_by_one(2, 3, 7, 10)


def test_any_other_operator_counts_the_elements_of_its_outputs():
    assert macs("ADD", [(2, 3), (2, 3)], (2, 3)) == 6
    assert macs("RESHAPE", [(2, 3)], (6,), moves=Moves(Move.VIEW)) == 0


def test_a_shape_that_is_not_known_counts_nothing():
    assert macs("CONV_2D", [("n", 9, 9, 4), (6, 3, 3, 4)], ("n", 7, 7, 6)) == 0
    assert macs("MatMul", [("n", 3), (3, 4)], ("n", 4)) == 0
    assert macs("CONV_2D", [(1, 9, 9, 4)], (1, 7, 7, 6)) == 0
    assert macs("ADD", [("n",)], ("n",)) == 0


PUBLISHED = {
    "tflite/keras_MobileNetV2_int8.tflite": 300e6,
    "tflite/keras_EfficientNetB0_int8.tflite": 390e6,
    "tflite/keras_NASNetMobile_int8.tflite": 564e6,
    "onnx/onnx_light_resnet50.onnx": 4.1e9,
    "onnx/torch_vit_tiny.onnx": 1.26e9,
}
"""Model -> MACs, as the papers of the networks have them, without those that are element by element."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_networks_have_what_their_papers_say(name):
    path = SHARED / "models" / name
    if not path.exists():
        pytest.skip("the models are not beside the project")
    subgraph = tmpass.load(path).graph.subgraphs[0]
    found = sum(count_macs(subgraph, op) for op in subgraph.ops)
    assert found == pytest.approx(PUBLISHED[name], rel=0.03)
