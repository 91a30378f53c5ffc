"""Images are tiled along height or width only, other tensors along any axis."""

from dataclasses import replace

import pytest
from support.graphs import Sketch, graph_of

from tmpass.explanation.explain import explain
from tmpass.explanation.images import find_images
from tmpass.graph.model import TensorKind
from tmpass.loading.load import Model
from tmpass.plans.model_info import ModelInfo
from tmpass.targets import Memory, Sharing, Target


def chain_of(kind, shape, fmt):
    """A convolution, say, to `shape`, an element-wise operator behind it, and a small result."""
    sketch = Sketch()
    weights = sketch.tensor((4, 1, 1, 1), TensorKind.CONSTANT)
    wide = sketch.op([sketch.input(2), weights], shape, kind=kind)
    sketch.outputs = [sketch.op([sketch.unary(wide)], 2)]
    return replace(graph_of(sketch), format=fmt)


def explained(graph):
    target = Target("here", "", "", (Memory("m", None, 1, ("activations", "variables", "inputs_outputs")),), Sharing())
    return explain(Model(ModelInfo("m", graph.format, "0" * 64), graph), target, share="none")


@pytest.mark.parametrize(
    ("kind", "fmt", "shape", "axis", "letter"),
    [
        ("CONV_2D", "tflite", (1, 8, 8, 16), 1, "H"),
        ("AVERAGE_POOL_2D", "tflite", (1, 1, 8, 16), 2, "W"),
        ("Conv", "onnx", (1, 16, 8, 8), 2, "H"),
        ("MaxPool", "onnx", (1, 16, 1, 8), 3, "W"),
        ("Conv", "onnx", (1, 16, 64), 2, "W"),
        ("CONV_3D", "tflite", (1, 8, 8, 8, 4), 1, "D"),
        ("MatMul", "onnx", (1, 16, 8, 8), 1, ""),
        ("DEQUANTIZE", "tflite", (1, 8, 8, 16), 1, ""),
        ("Conv", "another", (1, 16, 8, 8), 1, ""),
        ("Conv", "onnx", (16, 8), 0, ""),
    ],
)
def test_the_axis_of_a_tile(kind, fmt, shape, axis, letter):
    hints = explained(chain_of(kind, shape, fmt)).tilings
    assert hints
    assert {(hint.axis, hint.letter) for hint in hints} == {(axis, letter)}


def test_an_image_of_one_row_and_column_is_not_tiled():
    assert explained(chain_of("CONV_2D", (1, 1, 1, 64), "tflite")).tilings == ()
    assert explained(chain_of("Conv", (1, 64, 1, 1), "onnx")).tilings == ()


def test_what_is_element_by_element_or_joined_with_an_image_is_one():
    sketch = Sketch()
    first = sketch.input((1, 4, 4, 2))
    other = sketch.unary(first)
    both = sketch.concat(first, other, axis=3)
    flat = sketch.op([both], (1, 64), kind="RESHAPE")
    scale = sketch.tensor((2,), TensorKind.CONSTANT)
    scaled = sketch.unary(both, scale)
    sketch.outputs = [sketch.op([flat], 2), sketch.op([scaled], (1, 4, 4, 3), kind="CONV_2D")]
    found = find_images(graph_of(sketch), "tflite")
    assert {t for _, t in found.keys} == {first, other, both, scaled, sketch.outputs[1]}
    assert find_images(graph_of(sketch), "test").keys == frozenset()
