"""Operators that pass bytes on, are element-wise, or draw random numbers."""

import pytest
from onnx import parser
from tmpass.frontends import onnx as frontend

from tmpass.graph.model import Move, Moves


def last(nodes, opset=17, inputs="float[4, 3] x, float[4, 3] z, int64[1] k", stored=""):
    text = f'<ir_version: 8, opset_import: ["": {opset}]> g ({inputs}) => (y) '
    text += f"<int64[1] one = {{1}}, int64[1] three = {{3}}, int64[1] zero = {{0}}, int64[1] minus = {{-1}}, {stored}"
    text += f"int64[2] both = {{1, 2}}, int64 here = {{-2}}> {{ {nodes} }}"
    return frontend.load(parser.parse_model(text).SerializeToString(), {}).subgraphs[0].ops[-1]


@pytest.mark.parametrize(
    ("node", "moves"),
    [
        ("y = Concat <axis = 0> (x, z)", Moves(Move.CONCAT, parts=(0, 1), axis=0)),
        ("y = Concat <axis = -1> (x, z, x)", Moves(Move.CONCAT, parts=(0, 1, 2), axis=1)),
        ("y, w = Split <axis = 0> (x)", Moves(Move.SPLIT, parts=(0, 1), axis=0)),
        ("y, w = Split <axis = -1> (x, both)", Moves(Move.SPLIT, parts=(0, 1), axis=1)),
        ("y = Slice (x, one, three)", Moves(Move.SLICE, axis=0, start=1)),
        ("y = Slice (x, one, three, one)", Moves(Move.SLICE, axis=1, start=1)),
        ("y = Slice (x, minus, three, minus, one)", Moves(Move.SLICE, axis=1, start=2)),
        ("y = Slice (x, zero, three, one)", Moves(Move.SLICE, axis=0, start=0)),
        ("c = Constant <value_ints = [1]> () y = Slice (x, c, three)", Moves(Move.SLICE, axis=0, start=1)),
        ("y = Slice (x, k, three)", None),
        ("y = Slice (x, one, three, zero, three)", None),
        ("y = Slice (x, three, zero, zero, minus)", None),
        ("y = Slice (x, one, three, k)", None),
        ("y = Gather <axis = 0> (x, here)", Moves(Move.SLICE, axis=0, start=2)),
        ("y = Gather <axis = 0> (x, both)", None),
        ("y = Gather <axis = 0> (x, k)", None),
        ("y = Identity (x)", Moves(Move.VIEW)),
        ("y = Transpose (x)", None),
        ("y = Relu (x)", None),
    ],
)
def test_what_is_passed_on(node, moves):
    assert last(node).moves == moves


def test_a_slice_of_old_operator_sets_has_attributes():
    assert last("y = Slice <starts = [1], ends = [9]> (x)", opset=9).moves == Moves(Move.SLICE, axis=0, start=1)
    both = "y = Slice <starts = [0, 1], ends = [4, 3], axes = [0, 1]> (x)"
    assert last(both, opset=9).moves == Moves(Move.SLICE, axis=1, start=1)


def test_a_slice_along_two_axes_is_in_several_places():
    assert last("y = Slice (x, both, three2)", stored="int64[2] three2 = {3, 3}, ").moves is None


@pytest.mark.parametrize("node", ["y = Add (x, z)", "y = Where (x, x, z)", "y = Sum (x, z)", "y = Sigmoid (x)"])
def test_element_by_element(node):
    assert last(node.replace("Where (x,", "Where (b,"), inputs="float[4, 3] x, float[4, 3] z, bool[4, 3] b").elementwise


@pytest.mark.parametrize("node", ["y = Sum (x, z, x)", "y = Softmax (x)", "y = CumSum (x, zero)", "y = MatMul (x, w)"])
def test_not_element_by_element(node):
    assert not last(node, inputs="float[4, 3] x, float[4, 3] z, float[3, 2] w").elementwise


def test_gelu_is_but_for_its_tanh_form_whose_kernel_reads_again_what_it_may_have_overwritten():
    inputs = "float[4, 3] x, float[4, 3] z, float[3, 2] w"
    assert last("y = Gelu (x)", inputs=inputs).elementwise
    assert last('y = Gelu <approximate = "none"> (x)', inputs=inputs).elementwise
    assert not last('y = Gelu <approximate = "tanh"> (x)', inputs=inputs).elementwise


@pytest.mark.parametrize(
    ("node", "draws"),
    [
        ("y = RandomNormalLike (x)", True),
        ("y = Bernoulli (x)", True),
        ("y = Dropout (x)", False),
        ("t = Constant <value = bool {1}> () y = Dropout (x, , t)", True),
        ("y = Relu (x)", False),
    ],
)
def test_draws(node, draws):
    assert last(node).random is draws
