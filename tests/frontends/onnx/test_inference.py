"""Shapes: inferred, computed from values that are known, and never guessed."""

import re
import resource

import pytest
from onnx import TensorProto, helper, parser
from tmpass.frontends import onnx as frontend

from tmpass.base.errors import ModelError

HEAD = '<ir_version: 8, opset_import: ["": 17, "x": 1]>'


def load(text, **bindings):
    model = parser.parse_model(HEAD + text) if isinstance(text, str) else text
    return frontend.load(model.SerializeToString(), bindings)


def shape(graph, name):
    return next(t.shape for t in graph.subgraphs[0].tensors if t.name == name)


def test_shapes_computed_in_the_graph_are_followed():
    graph = load(
        "g (float[B, 8, 6] x) => (y) <int64[1] z = {0}, int64[1] o = {1}, int64[1] e = {9223372036854775807}, "
        "int64[1] two = {2}, int64[1] neg = {-1}> { s = Shape(x) b = Slice(s, z, o) rest = Slice(s, o, e) "
        "p = ReduceProd <keepdims = 1> (rest) h = Div(p, two) t = Concat <axis = 0> (b, h, neg) y = Reshape(x, t) }",
        B=3,
    )
    assert shape(graph, "y") == (3, 24, 2)


def test_shapes_that_follow_from_refined_shapes():
    step = "n{1} = NonZero(w) s{1} = Shape(n{1}) y{1} = Expand(y{0}, s{1}) "
    steps = "".join(step.format(i, i + 1) for i in range(5))
    graph = load(f"g (float[1, 1] y0) => (y5) <float[3] w = {{1, 0, 2}}> {{ {steps} }}")
    assert shape(graph, "y5") == (1, 2)


def test_integer_arithmetic_truncates_as_a_runtime_does():
    graph = load(
        "g (float[5, 4] x) => (y) <int64[1] a = {-7}, int64[1] b = {2}, int64[1] c = {5}> "
        "{ q = Div(a, b) k = Add(q, c) s = Shape(x) t = Mul(k, s) m = ReduceMin <keepdims = 1> (t) "
        "y = ConstantOfShape(m) }"
    )
    assert shape(graph, "y") == (8,)


def test_a_division_by_zero_leaves_the_shape_open():
    graph = load("g (float[4] x) => (y) <int64[1] zero = {0}> { s = Shape(x) t = Div(s, zero) y = ConstantOfShape(t) }")
    assert shape(graph, "y") == ("y:0",)


def test_unused_outputs_of_old_operator_sets_have_sizes():
    model = parser.parse_model(
        '<ir_version: 3, opset_import: ["": 9]> g (float[1, 2, 4, 4] x, float[2] c) => (y, b) '
        "{ y, mask = Dropout(x) b, mean, var = BatchNormalization(y, c, c, c, c) }"
    )
    graph = load(model)
    assert (shape(graph, "mask"), shape(graph, "mean")) == ((1, 2, 4, 4), (2,))


def test_what_the_file_declares_counts_where_inference_is_blind():
    graph = load("g (float[2] x) => (y) <float[5, 7] c> { c = x.Custom (x) y = Relu(c) }")
    assert shape(graph, "y") == (5, 7)
    assert graph.warnings == ()


def test_a_stale_declaration_does_not_win_over_the_operators():
    graph = load("g (float[4, 3] x) => (float[4, 3] y) <float[1, 3] c> { c = Relu(x) y = Relu(c) }")
    assert shape(graph, "c") == (4, 3)
    assert "'c' is [4, 3], but declared [1, 3]" in graph.warnings[0]


def test_a_declared_element_type_must_be_the_computed_one():
    with pytest.raises(ModelError, match="tensor 'y': is declared int64, but its operator makes float32"):
        load("g (float[2] x) => (int64[2] y) { y = Relu(x) }")


def test_a_type_conflict_that_inference_refuses():
    model = parser.parse_model(HEAD + "g (int64[2] x) => (y) { y = Neg(x) }")
    model.graph.initializer.append(helper.make_tensor("x", TensorProto.FLOAT, [2], [1, 2]))
    with pytest.raises(ModelError, match=r"shape inference refuses the model: .*elem type"):
        load(model)


def test_unknown_rank_and_type_stay_unknown():
    graph = load("g (float[2] x) => (y) { y = x.Custom (x) }")
    tensor = graph.subgraphs[0].tensors[1]
    assert (tensor.shape, tensor.dtype.bits, tensor.bytes) == (None, None, None)
    assert tensor.dtype.reason


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("g (float[2, 3] x) => (y) { y = MatMul(x, x) }", "node 0 (MatMul): Incompatible dimensions"),
        ("g (float[3, 4] x, float[5, 4] w) => (y) { y = Add(x, w) }", "node 0 (Add): Incompatible dimensions"),
        (
            "g (float[1, 1, 3, 3] x, float[1, 1, 7, 7] w) => (y) { y = Conv(x, w) }",
            "node 0 (Conv): axis 2 of its result 'y' would have the length -3",
        ),
        (
            "g (float[1, 1, 3, 3] x) => (y) { y = MaxPool <kernel_shape = [2, 2], strides = [0, 0]> (x) }",
            "node 0 (MaxPool): Attribute strides must only contain positive values",
        ),
        (
            "g (float[8] x) => (y) <int64[2] p = {-10, 0}> { y = Pad(x, p) }",
            "node 0 (Pad): axis 0 of its result 'y' would have the length -2",
        ),
        ("g (float[4] x) => (y) <int64[1] s = {-7}> { y = Reshape(x, s) }", "node 0 (Reshape): Invalid dimension"),
        ("g (float[4] x) => (y) <int64[2] s = {-1, -1}> { y = Reshape(x, s) }", "may not have multiple -1"),
        ("g (float[1] x) => (y) <int64[1] s = {9}> { q = NonZero(x) y = Unsqueeze(x, s) }", "node 1 (Unsqueeze): "),
        ("g (float[4] x) => (y) <int64[1] s = {5}> { y = Reshape(x, s) }", "turns [4] with 4 elements into [5]"),
    ],
)
def test_a_node_that_cannot_run_is_refused_with_its_fault(text, fault):
    with pytest.raises(ModelError, match=re.escape(fault)):
        load(text)


def test_a_stored_shape_with_too_little_data_is_refused():
    model = parser.parse_model(HEAD + "g (float[6] x) => (y) <int64[2] s = {2, 3}> { y = Reshape(x, s) }")
    model.graph.initializer[0].dims[0] = 3
    with pytest.raises(ModelError, match=r"node 0 \(Reshape\): Data size mismatch"):
        load(model)


def test_a_node_that_cannot_run_may_stand_in_a_branch_that_is_not_taken():
    """Exporters write: if the axis has one element, squeeze it."""
    graph = load(
        "g (float[3] x, bool c) => (y) <int64[1] a = {0}> { y = If (c) <"
        "then_branch = t () => (q) { q = Squeeze(x, a) }, else_branch = e () => (r) { r = Identity(x) }> }"
    )
    assert len(graph.subgraphs) == 3


def test_operators_of_other_domains_have_no_faults():
    assert shape(load("g (float[3] x) => (y) { y = x.Squeeze <axes = [7]> (x) }"), "y") is None


def test_sequences_and_optionals_have_no_static_size():
    graph = load(
        "g (float[2] x) => (z) <int64 i = {0}> { s = SequenceConstruct(x, x) o = Optional(s) z = SequenceAt(s, i) }"
    )
    types = {t.name: t.dtype for t in graph.subgraphs[0].tensors}
    assert (types["s"].name, types["s"].bits) == ("sequence(tensor(float))", None)
    assert types["s"].reason == "a sequence has no static size"
    assert (types["o"].name, types["o"].reason) == (
        "optional(sequence(tensor(float)))",
        "an optional has no static size",
    )
    assert shape(graph, "z") == (2,)


HUGE = 2**40


@pytest.mark.parametrize(
    "nodes",
    [
        "y = ConstantOfShape(n)",
        "y = Range(zero, huge, one)",
        "a = Shape(x) b = Expand(a, n) y = ConstantOfShape(b)",
        "a = Shape(x) b = Tile(a, n) y = ConstantOfShape(b)",
        "a = Shape(x) y = Pad(a, p)",
    ],
)
def test_a_small_file_cannot_ask_for_gigabytes(nodes):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    graph = load(
        f"g (float[1] x) => (y) <int64[1] n = {{{HUGE}}}, int64 zero = {{0}}, int64 one = {{1}}, "
        f"int64 huge = {{{HUGE}}}, int64[2] p = {{0, {HUGE}}}> {{ q = NonZero(x) {nodes} }}"
    )
    assert graph.subgraphs[0].ops
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


@pytest.mark.parametrize(
    ("inputs", "nodes"),
    [
        (f"float[1] x, int64[{HUGE}] v", "a = Concat <axis = 0> (v, v) y = Reshape(x, a)"),
        (f"float[1] x, int64[{HUGE}] v", "a = Add(v, v) y = Expand(x, a)"),
        (f"float[{HUGE}] x", "y = Gelu(x)"),
        (
            "float[1] x",
            "".join(f"x{i} = Concat <axis = 0> (x{i - 1}, x{i - 1}) " for i in range(1, 60)) + "y = Neg(x59)",
        ),
    ],
    ids=["concat", "add", "function", "doubling"],
)
def test_a_long_vector_is_not_taken_for_a_shape(inputs, nodes):
    model = parser.parse_model(
        f'<ir_version: 10, opset_import: ["": 20, "x": 1]> g ({inputs}) => (y) '
        f"{{ q = x.Unknown (x) x0 = Relu(x) {nodes} }}"
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert load(model).subgraphs[0].ops
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_partly_known_shapes_are_followed_by_name():
    graph = load(
        "g (float[N, 4, 6] x) => (y) <int64 zero = {0}, int64[1] rest = {24}, int64[1] ax = {0}> "
        "{ s = Shape(x) n = Gather(s, zero) u = Unsqueeze(n, ax) t = Concat <axis = 0> (u, rest) y = Reshape(x, t) }"
    )
    assert shape(graph, "y") == ("N", 24)


def test_many_known_values_stay_within_a_budget():
    nodes = [helper.make_node("NonZero", ["x"], ["nz"])]
    nodes += [helper.make_node("ConstantOfShape", ["n"], [f"c{i}"]) for i in range(1000)]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("nz", TensorProto.INT64, None)],
        [helper.make_tensor("n", TensorProto.INT64, [1], [65536])],
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    load(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


@pytest.mark.slow
def test_a_hundred_thousand_operators_load_in_seconds():
    count = 100_000
    nodes = [helper.make_node("Relu", [f"t{i}"], [f"t{i + 1}"]) for i in range(count)]
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("t0", TensorProto.FLOAT, [1, 8])],
        [helper.make_tensor_value_info(f"t{count}", TensorProto.FLOAT, None)],
    )
    loaded = load(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8))
    assert len(loaded.subgraphs[0].ops) == count
    assert shape(loaded, f"t{count}") == (1, 8)
