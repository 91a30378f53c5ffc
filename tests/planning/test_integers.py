"""Floats between a DequantizeLinear and a QuantizeLinear, on a device that computes with the integers."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper, parser
from support.graphs import Sketch, graph_of

import tmpass
from tmpass.api.execute import execute
from tmpass.api.verify import trusted, verify
from tmpass.base.dtypes import FLOAT32, INT8
from tmpass.base.errors import UsageError
from tmpass.graph.model import Move, Moves, Op, Quantization, TensorKind
from tmpass.loading.load import Model, load
from tmpass.planning.integers import find_names
from tmpass.plans.model_info import ModelInfo
from tmpass.plans.plan_json import parse_plan
from tmpass.verification.plan import check_plan

HEAD = (
    '<ir_version: 9, opset_import: ["": 17, "com.microsoft": 1]> g (int8[4, 8] x, float sv) => (NAMES) '
    "<float s = {0.1}, int8 z = {0}, int64[2] n = {8, 8}> { wf = ConstantOfShape(n) xf = DequantizeLinear(x, s, z) "
)


def names_of(body, ends="int8[4, 8] y"):
    """Float tensor -> integers, by their names, of a network between `x`, its floats `xf`, weights `wf`, and `ends`."""
    graph = load(parser.parse_model(HEAD.replace("NAMES", ends) + body + "}").SerializeToString()).graph
    name = {(0, t): tensor.name for t, tensor in enumerate(graph.subgraphs[0].tensors)}
    return {name[a]: name[b] for a, b in find_names(graph).items()}


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("f = MatMul(xf, wf) y = QuantizeLinear(f, s, z)", {"xf": "x", "f": "y"}),
        ("f = MatMul(xf, wf) r = Relu(f) y = QuantizeLinear(r, s, z)", {"xf": "x", "f": "y", "r": "y"}),
        ("f = MatMul(xf, wf) r = Clip(f, s) y = QuantizeLinear(r, s, z)", {"xf": "x", "f": "y", "r": "y"}),
        ("r = Relu(xf) y = QuantizeLinear(r, s, z)", {"xf": "x", "r": "y"}),
        ("r = Relu(xf) c = Clip(r, s) y = QuantizeLinear(c, s, z)", {"xf": "x", "r": "y", "c": "y"}),
        ("y = QuantizeLinear(xf, s, z)", {"xf": "x"}),
        (
            "f = com.microsoft.DequantizeLinear(x, s, z) g = Abs(f) y = com.microsoft.QuantizeLinear(g, s, z)",
            {"xf": "x", "f": "x", "g": "y"},
        ),
        ("f = MatMul(xf, wf) g = Add(f, xf) y = QuantizeLinear(g, s, z)", {}),
        ("f = MatMul(xf, wf) r = Exp(f) y = QuantizeLinear(r, s, z)", {}),
        ("f = MatMul(xf, wf) r = Clip(f, sv) y = QuantizeLinear(r, s, z)", {}),
        ("f = MatMul(xf, wf) y = QuantizeLinear(f, sv, z)", {}),
        ("f = MatMul(xf, wf) y = QuantizeLinear(f, s, z) y2 = QuantizeLinear(f, s, z)", {}),
        ("f = MatMul(xf, wf) y = QuantizeLinear(f, s, z) e = Exp(f)", {}),
        ("t = Transpose <perm = [1, 0]> (xf) u = MatMul(xf, t) y = QuantizeLinear(u, s, z)", {}),
    ],
)
def test_which_floats_are_names_for_integers(body, wanted):
    assert names_of(body) == wanted


def test_what_one_reader_needs_as_floats_is_made_for_all():
    body = "f = MatMul(xf, wf) y = QuantizeLinear(f, s, z) e = Exp(xf) "
    assert names_of(body) == {}
    # And so on: the result of that reader is a float, too.
    assert names_of(body + "yf = DequantizeLinear(y, s, z) h = Add(yf, xf) q = QuantizeLinear(h, s, z)") == {}


def test_the_results_of_a_model_are_what_they_are():
    body = "f = MatMul(xf, wf) q = QuantizeLinear(f, s, z) y = DequantizeLinear(q, s, z)"
    assert names_of(body, "float[4, 8] y") == {"xf": "x", "f": "q"}
    assert names_of("f = MatMul(xf, wf) y = QuantizeLinear(f, s, z)", "int8[4, 8] y, float[4, 8] f") == {}


@pytest.mark.parametrize(("scale", "shared"), [("s", True), ("t", False)])
def test_integers_are_passed_on_as_they_are_only_by_one_scale(scale, shared):
    text = HEAD.replace("NAMES", "int8[8, 4] y").replace("int8 z", "float t = {0.2}, int8 z")
    body = f"f = Reshape(xf, r) q = QuantizeLinear(f, {scale}, z) qf = DequantizeLinear(q, s, z) g = Exp(qf) "
    text = text.replace("int64[2] n", "int64[2] r = {8, 4}, int64[2] n") + body + "y = QuantizeLinear(g, s, z) }"
    text = text.replace("xf = DequantizeLinear(x, s, z)", "x2 = Relu(x) xf = DequantizeLinear(x2, s, z)")
    made = tmpass.plan(parser.parse_model(text).SerializeToString(), "ethos-u55", alignment=1, inplace=False)
    buffers = {row.name: row.buffer for row in made.tensors}
    assert (buffers["xf"] == buffers["q"]) == shared


@pytest.mark.parametrize(("type_", "shared"), [("uint8", True), ("int8", False)])
def test_integers_are_passed_on_as_they_are_only_as_one_type(type_, shared):
    # Without a zero point a QuantizeLinear makes uint8, which has no negative values.
    text = (
        f'<ir_version: 9, opset_import: ["": 17]> g ({type_}[4, 8] x) => (uint8[8, 4] y) '
        "<float s = {0.1}, int64[2] r = {8, 4}> { x2 = Identity(x) xf = DequantizeLinear(x2, s) f = Reshape(xf, r) "
        "q = QuantizeLinear(f, s) qf = DequantizeLinear(q, s) g = Exp(qf) y = QuantizeLinear(g, s) }"
    )
    model = parser.parse_model(text).SerializeToString()
    made = tmpass.plan(model, "ethos-u55", alignment=1, inplace=False)
    buffers = {row.name: row.buffer for row in made.tensors}
    assert (buffers["xf"] == buffers["q"]) == shared
    assert not verify(made, model)


@pytest.mark.parametrize("schedule", ["auto", "given", "least-peak"])
def test_a_result_that_is_the_integers_of_an_input_can_be_tied_to_it_though_others_read_that_later(schedule):
    text = (
        HEAD.replace("NAMES", "int8[8, 4] y, int8[4, 8] late").replace("int64[2] n", "int64[2] r = {8, 4}, int64[2] n")
        + "f = Reshape(xf, r) y = QuantizeLinear(f, s, z) late = Abs(x) }"
    )
    model = parser.parse_model(text).SerializeToString()
    made = tmpass.plan(model, "ethos-u55", alignment=1, tie={"y": "x"}, schedule=schedule)
    rows = {row.name: (row.buffer, row.offset) for row in made.tensors}
    assert rows["x"] == rows["xf"] == rows["f"] == rows["y"]


def test_an_operator_with_several_results_needs_integers_for_all():
    split = "a, b = Split <axis = 0> (xf) y = QuantizeLinear(a, s, z) "
    assert names_of(split, "int8[2, 8] y") == {}
    assert names_of(split + "y2 = QuantizeLinear(b, s, z)", "int8[2, 8] y") == {"xf": "x", "a": "y", "b": "y2"}


@pytest.mark.parametrize(("type_", "bits"), [("int8", 8), ("uint8", 8), ("int16", 16), ("uint16", 16), ("int4", 4)])
def test_the_integers_may_be_of_any_width(type_, bits):
    text = (
        f'<ir_version: 10, opset_import: ["": 21]> g ({type_}[4, 8] x) => ({type_}[4, 8] y) <float s = {{0.1}}> '
        f"{{ f = DequantizeLinear(x, s) g = Abs(f) y = QuantizeLinear <output_dtype = {NUMBERS[type_]}> (g, s) }}"
    )
    made = tmpass.plan(parser.parse_model(text).SerializeToString(), "ethos-u55", alignment=1)
    assert {row.name: row.bytes for row in made.tensors if row.role != "constant"} == dict.fromkeys("xfgy", 4 * bits)


NUMBERS = {
    name: getattr(TensorProto, name.upper()) for name in ("int8", "uint8", "int16", "uint16", "int4")
}  # as TensorProto has them


def network(widths, *, skip, pairs, relu=False):
    """Matrix products one after the other, of these widths; the same numbers in Q/DQ `pairs` or with integer operators.

    `skip` adds to each result of its input's width that input.
    """
    nodes, stored, last = [], [], "x"
    stored += [numpy_helper.from_array(np.float32(0.1), "s"), numpy_helper.from_array(np.int8(0), "z")]
    rng = np.random.default_rng(len(widths))
    for n, (wide, out) in enumerate(pairwise(widths)):
        w, y = f"w{n}", f"y{n}"
        stored.append(numpy_helper.from_array(rng.integers(-9, 9, (wide, out), np.int8), w))
        end = f"m{n}" if skip and wide == out else y
        if pairs:
            nodes += [
                helper.make_node("DequantizeLinear", [last, "s", "z"], [f"{end}a"]),
                helper.make_node("DequantizeLinear", [w, "s", "z"], [f"{end}b"]),
                helper.make_node("MatMul", [f"{end}a", f"{end}b"], [f"{end}f"]),
            ]
            if relu:
                nodes.append(helper.make_node("Relu", [f"{end}f"], [f"{end}r"]))
            nodes.append(helper.make_node("QuantizeLinear", [f"{end}r" if relu else f"{end}f", "s", "z"], [end]))
        else:
            nodes.append(helper.make_node("QLinearMatMul", [last, "s", "z", w, "s", "z", "s", "z"], [end]))
        if end != y and pairs:
            nodes += [
                helper.make_node("DequantizeLinear", [last, "s", "z"], [f"{y}a"]),
                helper.make_node("DequantizeLinear", [end, "s", "z"], [f"{y}b"]),
                helper.make_node("Add", [f"{y}a", f"{y}b"], [f"{y}f"]),
                helper.make_node("QuantizeLinear", [f"{y}f", "s", "z"], [y]),
            ]
        elif end != y:
            inputs = [last, "s", "z", end, "s", "z", "s", "z"]
            nodes.append(helper.make_node("QLinearAdd", inputs, [y], domain="com.microsoft"))
        last = y
    shapes = {"x": [16, widths[0]], last: [16, widths[-1]]}
    ends = [helper.make_tensor_value_info(name, TensorProto.INT8, shape) for name, shape in shapes.items()]
    inner = [helper.make_tensor_value_info(n.output[0], TensorProto.INT8, None) for n in nodes if n.domain]
    graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], stored, value_info=inner)
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=9).SerializeToString()


ENDS = st.fixed_dictionaries(
    {"share_io": st.booleans(), "keep_inputs": st.booleans(), "io": st.sampled_from(["arena", "external"])}
)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from([4, 8, 8, 16, 64]), min_size=2, max_size=6), st.booleans(), st.booleans(), ENDS)
def test_the_same_network_takes_the_same_bytes_in_pairs_and_with_integer_operators(widths, skip, relu, options):
    pairs = tmpass.plan(network(widths, skip=skip, pairs=True, relu=relu), "ethos-u55", inplace=False, **options)
    whole = tmpass.plan(network(widths, skip=skip, pairs=False), "ethos-u55", inplace=False, **options)
    assert pairs.memories[0].peak == whole.memories[0].peak
    assert pairs.memories[0].lower_bound == whole.memories[0].lower_bound


def test_a_note_says_that_floats_are_planned_and_what_is_assumed():
    data = network([8, 8, 8], skip=False, pairs=True)
    told = "4 float tensors between Q/DQ pairs, such as 'y0a', are planned as floats"
    assert any(told in w and "--int8 native" in w for w in tmpass.plan(data, "litert-cpu").warnings)
    assert any(told in w for w in tmpass.plan(data, "ethos-u55", int8="float").warnings)
    assert tmpass.plan(data, "ethos-u55").warnings == ()
    assert any("has kernels for these is assumed" in w for w in tmpass.plan(data, "pixel6-tpu").warnings)
    assert tmpass.plan(data, "pixel6-tpu", int8="native").options.int8 == "native"


def test_floats_that_stay_are_named():
    text = HEAD.replace("NAMES", "int8[4, 8] y") + "e = Exp(xf) f = MatMul(e, wf) y = QuantizeLinear(f, s, z) }"
    made = tmpass.plan(parser.parse_model(text).SerializeToString(), "ethos-u55")
    assert any("2 float tensors beside Q/DQ stay floats, such as 'xf'" in warning for warning in made.warnings)


def test_a_plan_of_integers_is_read_back_and_verified():
    data = network([8, 64, 8], skip=False, pairs=True, relu=True)
    made = tmpass.plan(data, "ethos-u55")
    assert verify(parse_plan(made.to_json()), data, target="ethos-u55") == ()
    rows = {row.name: row for row in made.tensors}
    assert (rows["y0a"].dtype, rows["y0f"].dtype, rows["y0r"].dtype) == ("int8",) * 3
    assert rows["y0f"].offset == rows["y0r"].offset == rows["y0"].offset
    assert rows["y0a"].reason == "is kept as the integers 'x'"


def test_that_kernels_take_integers_is_named_where_nothing_says_so():
    data = network([8, 64, 8], skip=False, pairs=True)

    def believed(target, held, int8=None):
        return [one.message for one in trusted(tmpass.plan(data, target, int8=int8), target=held) if one.what == "int8"]

    said = "operators compute with integers where 4 float tensors between Q/DQ pairs are integers"
    assert believed("ethos-u55", None) == [said]
    assert believed("ethos-u55", "ethos-u55") == []
    assert believed("pixel6-tpu", "pixel6-tpu") == [f"{said}, an assumption of pixel6-tpu"]
    assert believed("tflm", "tflm", "native") == [f"{said}, an assumption of the plan"]
    assert believed("pixel6-tpu", None, "float") == []
    # A plan from elsewhere need not give reasons; then the model says which floats are integers.
    made = tmpass.plan(data, "ethos-u55")
    bare = replace(made, tensors=tuple(replace(row, reason="") for row in made.tensors))
    assert verify(bare, data) == ()
    assert [one.message for one in trusted(bare, data) if one.what == "int8"] == [said]


def test_it_is_not_executed_with_floats():
    data = network([8, 8], skip=False, pairs=True)
    with pytest.raises(UsageError, match=r"keeps 2 tensors as integers .*; execute a plan made with --int8 float"):
        execute(tmpass.plan(data, "ethos-u55"), data)
    assert execute(tmpass.plan(data, "ethos-u55", int8="float"), data).violations == ()


@pytest.mark.parametrize("value", ["yes", 8, True])
def test_another_choice_is_an_error(value):
    with pytest.raises(UsageError, match=r"int8 is .*; choose one of native, float"):
        tmpass.plan(network([8, 8], skip=False, pairs=True), int8=value)


def claims(data, name):
    """What the verifier says where the row of `name`, a float of `data`, is listed as the integers of a plan."""
    real = tmpass.plan(data, "ethos-u55", int8="float")
    rows = tuple(replace(r, dtype="int8", bytes=(r.bytes or 0) // 4) if r.name == name else r for r in real.tensors)
    return [v.message for v in verify(replace(real, tensors=rows, options=replace(real.options, int8="native")), data)]


@pytest.mark.parametrize(
    ("body", "name", "why"),
    [
        ("e = Exp(xf) y = QuantizeLinear(e, s, z) h = Exp(e)", "xf", "also has the floats of 'e'"),
        ("f = MatMul(xf, wf) y = QuantizeLinear(f, s, z)", "f", "also has the floats of 'xf'"),
        ("e = Exp(xf) f = Sin(e) y = QuantizeLinear(f, s, z)", "f", "also has the floats of 'e'"),
        ("e = Exp(xf) f = Sin(e) y = QuantizeLinear(f, s, z)", "e", "is listed as"),
    ],
)
def test_floats_that_are_needed_cannot_be_called_integers(body, name, why):
    data = parser.parse_model(HEAD.replace("NAMES", "int8[4, 8] y") + body + "}").SerializeToString()
    assert any(why in message for message in claims(data, name))


def test_floats_are_no_integers_unless_the_options_say_so():
    data = network([8, 8], skip=False, pairs=True)
    made = tmpass.plan(data, "ethos-u55")
    wrong = replace(made, options=replace(made.options, int8="float"))
    assert any("is listed as" in v.message and v.kind == "size" for v in verify(wrong, data))


KINDS = [Quantization.DEQUANTIZE, Quantization.QUANTIZE, Quantization.CLAMP, "view", "concat", "slice", "op", "op"]


@st.composite
def quantized(draw):
    """Graphs of operators on floats and integers, with conversions by one of two scales at any place."""
    main = Sketch()
    scales = [main.tensor((1,), kind=TensorKind.CONSTANT, dtype=FLOAT32) for _ in range(2)]
    main.input((8,), dtype=INT8)
    for dtype in draw(st.lists(st.sampled_from([INT8, FLOAT32]), max_size=2)):
        main.input((8,), dtype=dtype)
    for _ in range(draw(st.integers(1, 14))):
        kind = draw(st.sampled_from(KINDS))
        wanted = INT8 if kind is Quantization.DEQUANTIZE else FLOAT32
        source = [t for t, x in enumerate(main.tensors) if x.dtype == wanted and t not in scales]
        if not source:
            continue
        inputs = [
            source[-1 - draw(st.integers(0, min(3, len(source) - 1)))] for _ in range(2 if kind == "concat" else 1)
        ]
        if kind == "op":
            inputs += draw(st.lists(st.sampled_from(source), max_size=1))
        sizes = [main.tensors[t].shape[0] for t in inputs]
        size = sum(sizes) if kind == "concat" else sizes[0] // 2 if kind == "slice" else sizes[0]
        quantization = kind if isinstance(kind, Quantization) else None
        read = [*inputs, draw(st.sampled_from(scales))] if quantization else inputs
        result = main.tensor((size,), dtype=INT8 if kind is Quantization.QUANTIZE else FLOAT32)
        moves = {"view": Moves(Move.VIEW), "concat": Moves(Move.CONCAT, parts=(0, 1)), "slice": Moves(Move.SLICE)}
        same = kind is Quantization.CLAMP or (kind == "op" and set(sizes) == {size})
        op = Op(
            kind, f"op{result}", tuple(read), (result,), moves=moves.get(kind), elementwise=same and draw(st.booleans())
        )
        main.ops.append(replace(op, quantization=quantization))
    made = [t for t in range(len(main.tensors)) if t not in scales]
    main.outputs = draw(st.lists(st.sampled_from(made), unique=True, max_size=3))
    return graph_of(main)


OPTIONS = st.fixed_dictionaries(
    {
        "io": st.sampled_from(["arena", "external"]),
        "share": st.sampled_from(["auto", "views", "none"]),
        "share_io": st.booleans(),
        "keep_inputs": st.booleans(),
        "inplace": st.booleans(),
    }
)


@settings(deadline=None, max_examples=200)
@given(quantized(), OPTIONS)
def test_drawn_graphs_take_no_more_bytes_with_integers_and_are_right(graph, options):
    model = Model(ModelInfo("test", "test", "0" * 64), graph)
    floats = tmpass.plan(model, "ethos-u55", int8="float", **options)
    made = tmpass.plan(model, "ethos-u55", int8="native", **options)
    assert check_plan(made, graph) == []
    one, other = made.memories[0], floats.memories[0]
    # Of orders with the same arena either may be taken, whatever is alive in it.
    assert one.live_bytes <= other.live_bytes or one.peak <= other.peak
