"""A size that values decide may be bound to another number than a run makes: a note, not a violation."""

import numpy as np
import pytest
from onnx import helper, parser

import tmpass
from tmpass.api.execute import execute

pytest.importorskip("onnxruntime")

HEAD = '<ir_version: 8, opset_import: ["": 17, "com.microsoft": 1]>'


def model(text):
    return parser.parse_model(HEAD + text)


DECIDED = {
    "Compress": ("g (float[6] x, bool[6] c) => (y) { y = Compress<axis = 0>(x, c) }", {"c": [True, False] * 3}, 3),
    "NonZero": ("g (float[6] x) => (y) { i = NonZero(x) y = Squeeze(i) }", {"x": [0, 1, 0, 1, 0, 1]}, 3),
    "Unique": ("g (int64[6] x) => (y) { y = Unique(x) }", {"x": [5, 6, 7, 5, 6, 7]}, 3),
    "Range": ("g (int64 n) => (y) <int64 a = {0}, int64 d = {1}> { y = Range(a, n, d) }", {"n": 9}, 9),
    "ConstantOfShape": ("g (int64[1] n) => (y) { y = ConstantOfShape(n) }", {"n": [9]}, 9),
    "Expand": ("g (float[1] x, int64[1] n) => (y) { y = Expand(x, n) }", {"n": [9]}, 9),
    "Tile": ("g (float[2] x, int64[1] n) => (y) { y = Tile(x, n) }", {"n": [9]}, 18),
    "Pad": ("g (float[2] x, int64[2] n) => (y) { y = Pad(x, n) }", {"n": [9, 9]}, 20),
    "Slice": ("g (float[9] x, int64[1] n) => (y) <int64[1] a = {0}> { y = Slice(x, a, n) }", {"n": [8]}, 8),
    "TopK": ("g (float[9] x, int64[1] k) => (y, i) { y, i = TopK(x, k) }", {"k": [9]}, 9),
    "OneHot": (
        "g (int64[1] x, int64 n) => (y) <float[2] v = {0, 1}> { y = OneHot(x, n, v) }",
        {"n": 9},
        9,
    ),
    "Loop": (
        """g (int64 n, float x) => (y) <bool c = {1}>
        { y = Loop(n, c) <body = b (int64 i, bool j) => (bool k, float o) { k = Identity(j) o = Neg(x) }> }""",
        {"n": 9},
        9,
    ),
    "RandomUniform": (
        "g (float[6] x) => (y) { r = RandomUniformLike(x) b = Greater(r, x) i = NonZero(b) y = Squeeze(i) }",
        None,
        3,
    ),
    "through a shape": (
        "g (float[6] x) => (y) { i = NonZero(x) s = Shape(i) y = ConstantOfShape(s) }",
        {"x": [0, 1, 0, 1, 0, 1]},
        3,
    ),
    "through other operators": (
        "g (float[6] x, bool[6] c) => (y) { a = Compress<axis = 0>(x, c) b = Neg(a) y = Concat<axis = 0>(b, a) }",
        {"c": [True, False] * 3},
        6,
    ),
}


def plan(proto, bound):
    """A plan in which open dimensions that nothing decides are `bound`."""
    bind = {}
    for _ in range(8):
        try:
            return tmpass.plan(proto, bind=bind)
        except tmpass.base.errors.UnknownSizeError as error:
            name = error.symbols[0]
            bind[name] = 1 if name.startswith(("i:0", "s:")) and proto.graph.node[0].op_type == "NonZero" else bound
    raise AssertionError(f"no plan with {bind}")


@pytest.mark.parametrize("kind", DECIDED)
@pytest.mark.parametrize("bound", [1, 7, 30])
def test_a_bound_that_drawn_values_do_not_make_is_no_violation(kind, bound):
    proto = model(DECIDED[kind][0])
    done = execute(plan(proto, bound), proto)
    assert done.violations == ()


@pytest.mark.parametrize("kind", [kind for kind, (_, given, _) in DECIDED.items() if given])
def test_given_values_are_held_against_the_bound(kind):
    text, given, _ = DECIDED[kind]
    proto = model(text)
    inputs = {}
    for value in proto.graph.input:
        tensor = value.type.tensor_type
        ones = np.ones([dim.dim_value for dim in tensor.shape.dim])
        inputs[value.name] = np.asarray(given.get(value.name, ones), helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    done = execute(plan(proto, 2), proto, inputs=inputs)
    assert {violation.kind for violation in done.violations} == {"size"}


def test_a_bound_that_given_values_make_is_right():
    for kind in ("Compress", "NonZero", "Unique", "Range"):
        text, given, size = DECIDED[kind]
        proto = model(text)
        done = execute(plan(proto, size), proto, inputs={name: given[name] for name in given})
        assert (done.violations, done.notes) == ((), ()), kind


@pytest.mark.parametrize(
    "text",
    [
        "g (float[n, 2] x) => (y) { s = Shape(x) y = ConstantOfShape(s) }",
        "g (float[n, 2] x) => (y) <int64[1] m = {-1}> { y = Reshape(x, m) }",
        "g (float[n, 2] x) => (y) <int64[2] r = {2, 3}> { y = Tile(x, r) }",
        "g (float[n, 2] x) => (y) { y = Concat<axis = 0>(x, x, x) }",
    ],
)
def test_sizes_that_follow_from_sizes_are_not_excused(text):
    """The same plans with half the bytes for a result, which is a violation."""
    from dataclasses import replace

    proto = model(text)
    made = tmpass.plan(proto, bind={"n": 4})
    row = next(row for row in made.tensors if row.name == "y")
    short = tuple(replace(r, bytes=r.bytes // 2) if r is row else r for r in made.tensors)
    done = execute(replace(made, tensors=short), proto)
    assert [violation.kind for violation in done.violations] == ["size"]
