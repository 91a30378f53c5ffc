"""ONNX models run node by node and whole; what cannot be run is one error."""

import sys

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, parser

import tmpass
from tmpass.api.execute import execute
from tmpass.base.errors import ModelError, UsageError

pytest.importorskip("onnxruntime")

HEAD = '<ir_version: 8, opset_import: ["": 17]>'


def model(text, head=HEAD):
    return parser.parse_model(head + text)


def run(proto, **options):
    """Plan and execute a model that must be right."""
    done = execute(tmpass.plan(proto, **options), proto)
    assert done.violations == ()
    return done


def fails(proto, kind=ModelError, **options):
    with pytest.raises(kind) as error:
        execute(tmpass.plan(proto, **options), proto)
    return str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "g (float[2, 3] x) => (y) { a = Relu(x) b = Neg(a) y = Add(a, b) }",
        "g (float[2, 3] x) => (x) { unread = Relu(x) }",  # an output that is an input
        "g (float[2, 3] x) => (y) <float[3] w = {1, 2, 3}> { y = Mul(x, w) }",
        "g (float[2, 3] x) => (y, w) <float[3] w = {1, 2, 3}> { y = Mul(x, w) }",  # one that is a constant
        "g (float[2] x) => (y, b) <float[2] w = {1, 2}> { a = Neg(w) b = Neg(a) y = Mul(x, b) }",  # folded ones
        "g (float[2] x) => (y) { w = Constant <value_floats = [1.0, 2.0]> () y = Mul(x, w) }",
        "g (float[2] x) => (y) { one = Constant <value = float {2.0}> () y = Mul(x, one) }",
        "g (float[4, 2] x) => (y) { a, b = Split <axis = 0> (x) y = Concat <axis = 1> (b, a) }",
        "g (float[4] x) => (y) { v, i = TopK(x, k) y = Neg(v) }".replace("{ v", "<int64[1] k = {2}> { v"),
        "g (float16[8] x) => (y) { a = Neg(x) y = Add(a, x) }",
        "g (double[8] x) => (y) { a = Neg(x) y = Add(a, x) }",
        "g (bool[8] x) => (y) { y = Not(x) }",
        "g (int32[8] x, int32[8] y) => (z) { z = Div(x, y) }",  # no input is 0
        "g (uint8[8] x) => (y) { y = Cast <to = 1> (x) }",
        "g (float[8] x) => (y) { a = Cast <to = 16> (x) y = Cast <to = 1> (a) }",  # through bfloat16
        "g (float[2, 0] x) => (y) { a = Neg(x) y = Relu(a) }",  # tensors without elements
        "g (float[1, 4] x) => (y) { a = Clip(x, , top) y = Neg(a) }".replace("{ a", "<float top = {0.5}> { a"),
    ],
)
def test_a_model_gives_what_onnx_runtime_gives(text):
    done = run(model(text))
    assert (done.notes, done.unreached) == ((), ())
    assert done.engine.startswith("ONNX Runtime 1.")


def test_inputs_of_bfloat16_float8_and_four_bits():
    nodes = [helper.make_node("Cast", [f"x{i}"], [f"y{i}"], to=TensorProto.FLOAT) for i in range(3)]
    types = (TensorProto.BFLOAT16, TensorProto.FLOAT8E4M3FN, TensorProto.INT4)
    inputs = [helper.make_tensor_value_info(f"x{i}", kind, [5]) for i, kind in enumerate(types)]
    outputs = [helper.make_tensor_value_info(f"y{i}", TensorProto.FLOAT, [5]) for i in range(3)]
    graph = helper.make_graph(nodes, "g", inputs, outputs)
    run(helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 21)]))


def test_open_dimensions_are_those_of_the_plan():
    run(model("g (float[n, 3] x) => (y) { y = Relu(x) }"), bind={"n": 4})


def test_tensors_of_unknown_size_are_held_outside():
    done = run(model("g (float[8] x) => (y) { i = NonZero(x) y = Transpose(i) }"), allow_unplanned=True)
    assert done.notes == ()


@pytest.mark.parametrize(
    "text",
    [
        "g (seq(float[4]) x) => (n) { n = SequenceLength(x) }",
        "g (optional(float[4]) x) => (n) { n = OptionalHasElement(x) }",
        "g (string[4] x) => (y) { y = Cast <to = 1> (x) }",
        "g (optional(seq(float[4])) x) => (x) { n = OptionalHasElement(x) }",
    ],
)
def test_inputs_that_are_not_tensors_of_numbers(text):
    run(model(text), allow_unplanned=True)


def test_an_optional_stays_one_from_node_to_node():
    """An operator set in which OptionalHasElement and OptionalGetElement take no plain tensors."""
    run(
        model("""
        g (float[4] x, bool c) => (y) {
          o = If (c) <then_branch = t () => (optional(float[4]) a) { a = Optional(x) },
                      else_branch = e () => (optional(float[4]) b) { b = Optional<type = float[4]>() }>
          h = OptionalHasElement(o)
          y = If (h) <then_branch = u () => (float[4] p) { p = OptionalGetElement(o) },
                      else_branch = f () => (float[4] q) { q = Neg(x) }>
        }"""),
        allow_unplanned=True,
    )


def test_what_goes_around_a_loop_becomes_the_optional_that_its_body_declares():
    proto = model("""
        g (optional(seq(float[4])) x) => (n) <int64 m = {2}, bool c = {1}> {
          n = Loop(m, c, x) <body = b (int64 i, bool j, optional(seq(float[4])) o) => (bool k, seq(float[4]) t) {
            k = Identity(j)  h = OptionalHasElement(o)
            t = If (h) <then_branch = u () => (seq(float[4]) p) { p = OptionalGetElement(o) },
                        else_branch = f () => (seq(float[4]) q) {
                          v = Constant<value = float[4] {1, 2, 3, 4}>()  q = SequenceConstruct(v) }>
          }>
        }""")
    for given in (None, [np.ones(4, np.float32)]):
        done = execute(tmpass.plan(proto, allow_unplanned=True), proto, inputs={"x": given})
        assert done.violations == ()


def test_maps_between_nodes():
    """Only DictVectorizer takes a map, and only ZipMap makes some."""
    pair = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3])]
    maps = helper.make_sequence_type_proto(helper.make_map_type_proto(7, helper.make_tensor_type_proto(1, None)))
    node = helper.make_node("ZipMap", ["x"], ["y"], classlabels_int64s=[1, 2, 3], domain="ai.onnx.ml")
    graph = helper.make_graph([node], "g", pair, [helper.make_value_info("y", maps)])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 1)]
    assert run(helper.make_model(graph, ir_version=8, opset_imports=opsets), allow_unplanned=True).outputs == 1
    given = helper.make_value_info("x", helper.make_map_type_proto(7, helper.make_tensor_type_proto(1, None)))
    node = helper.make_node("DictVectorizer", ["x"], ["y"], int64_vocabulary=[1, 2, 3], domain="ai.onnx.ml")
    made = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 3])
    proto = helper.make_model(helper.make_graph([node], "g", [given], [made]), ir_version=8, opset_imports=opsets)
    done = execute(tmpass.plan(proto, allow_unplanned=True), proto, inputs={"x": {1: 2.0, 3: 1.0}})
    assert (done.violations, done.given, done.output_bytes) == ((), ("x",), 12)


def test_sequences_and_strings_are_held_outside():
    text = (
        "g (float[2] x) => (y, n, s) <int64 one = {1}> { s = SequenceConstruct(x, x) y = SequenceAt(s, one) "
        "n = SequenceLength(s) }"
    )
    run(model(text))
    run(model("g (float[2] x) => (y) { s = Cast <to = 8> (x) y = Cast <to = 1> (s) }"))
    run(model("g (float[2] x) => (s) { s = Cast <to = 8> (x) }"))


def test_an_optional_output_that_is_left_out():
    text = "g (float[1, 1, 4] x) => (y) { y, , z = LSTM <hidden_size = 2> (x, w, r) }"
    proto = model(text.replace("{ y", "<float[1, 8, 4] w, float[1, 8, 2] r> { y"))
    weights = {"w": np.ones((1, 8, 4), np.float32), "r": np.ones((1, 8, 2), np.float32)}
    del proto.graph.initializer[:]
    proto.graph.initializer.extend(onnx.numpy_helper.from_array(v, k) for k, v in weights.items())
    run(proto)


def test_local_functions_run_inlined():
    text = """
    g (float[4] x) => (y) { a = local.twice(x) y = local.twice(a) }
    <opset_import: ["": 17], domain: "local"> twice (p) => (q) { h = Neg(p) q = Sub(p, h) }
    """
    assert run(model(text, '<ir_version: 8, opset_import: ["": 17, "local": 1]>')).steps == 4


def test_a_sparse_initializer():
    proto = model("g (float[4] x) => (y) { y = Add(x, w) }".replace("{ y", "<float[4] w> { y"))
    del proto.graph.initializer[:]
    values = helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0])
    places = helper.make_tensor("places", TensorProto.INT64, [2], [0, 3])
    proto.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [4]))
    run(proto)


def test_what_draws_at_random_is_not_compared():
    done = run(model("g (float[4] x) => (y) { r = RandomNormalLike(x) y = Add(x, r) }"))
    assert done.notes == ("not compared: output 'y', which follows from node 0 (RandomNormalLike), drawn at random",)
    assert done.outputs == 0


def test_what_does_not_follow_from_random_draws_is_compared():
    done = run(model("g (float[4] x) => (y, z, s) { r = RandomNormalLike(x) y = Add(x, r) z = Neg(x) s = Shape(r) }"))
    assert done.notes == ("not compared: output 'y', which follows from node 0 (RandomNormalLike), drawn at random",)
    assert (done.outputs, done.output_bytes) == (2, 16 + 8)


def test_weights_in_another_file(tmp_path):
    proto = model("g (float[64] x) => (y) { y = Mul(x, w) }".replace("{ y", "<float[64] w> { y"))
    del proto.graph.initializer[:]
    proto.graph.initializer.append(onnx.numpy_helper.from_array(np.arange(64, dtype=np.float32), "w"))
    path = tmp_path / "net.onnx"
    onnx.save(proto, path, save_as_external_data=True, location="w.bin", size_threshold=0)
    plan = tmpass.plan(path)
    assert execute(plan, path).violations == ()
    with pytest.raises(ModelError, match="give the path of the model"):
        execute(plan, path.read_bytes())
    (tmp_path / "w.bin").unlink()
    with pytest.raises(ModelError, match=r"its weights are in 'w\.bin', which is not there"):
        execute(plan, path)


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        (
            {"location": "w.bin", "length": "9" * 5000},
            "bytes with its weights, but only up to 1073741824 can",
        ),
        ({"location": "w.bin", "length": "64", "offset": "9" * 5000}, "its weights cannot be read"),
        ({"location": "w.bin", "offset": "1000000"}, "its weights cannot be read"),
        ({"location": "../w.bin"}, "its weights"),
        ({"location": "/dev/zero"}, "its weights are in '/dev/zero', which is not there"),
    ],
)
def test_weights_that_are_nowhere(tmp_path, entries, said):
    proto = model("g (float[4] x) => (y) <float[4] w> { y = Mul(x, w) }")
    tensor = TensorProto(name="w", data_type=1, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in entries.items():
        tensor.external_data.add(key=key, value=value)
    del proto.graph.initializer[:]
    proto.graph.initializer.append(tensor)
    path = tmp_path / "net.onnx"
    path.write_bytes(proto.SerializeToString())
    (tmp_path / "w.bin").write_bytes(bytes(16))
    (tmp_path.parent / "w.bin").write_bytes(bytes(16))
    with pytest.raises(ModelError) as error:
        execute(tmpass.plan(path), path)
    assert said in str(error.value)
    assert len(str(error.value)) < 500
    assert str(error.value).isprintable()


def test_too_many_weights_are_refused_before_they_are_read(monkeypatch):
    monkeypatch.setattr("tmpass.frontends.onnx.execution.weights.MAX_BYTES", 10)
    assert "up to 10 can be executed" in fails(model("g (float[4] x) => (y) { y = Neg(x) }"))


@pytest.mark.parametrize(
    ("proto", "message"),
    [
        (
            model("g (float[4] x) => (y) { y = Neg(x) }", '<ir_version: 99, opset_import: ["": 17]>'),
            "<memory>.onnx: ONNX Runtime cannot run it: Unsupported model IR version: 99",
        ),
        (
            model("g (float[4] x) => (float[4] y) { y = odd.Odd(x) }", '<ir_version: 8, opset_import: ["odd": 1]>'),
            "<memory>.onnx: ONNX Runtime cannot run it: Fatal error: odd:Odd(-1) is not a registered function/op",
        ),
        (
            model(
                "g (bool c, float[4] x) => (z) { y = Neg(x) z = If (c) <then_branch = t () => (float[4] y) { }, "
                "else_branch = e () => (float[4] b) { b = Relu(x) }> }"
            ),
            "an outer scope value being returned directly",
        ),
        (
            model("g (seq(float[n]) x) => (y) { y = SequenceLength(x) }"),
            "<memory>.onnx: input 'x': its shape is open, so no values can be drawn; plan with --bind, or give values",
        ),
    ],
)
def test_what_onnx_runtime_does_not_run_is_one_error(proto, message):
    text = fails(proto, allow_unplanned=True)
    assert message in text
    assert "\n" not in text


def test_drawn_inputs_that_the_model_cannot_take():
    text = fails(model("g (float[6] x, int64[2] s) => (float[a, b] y) { y = Reshape(x, s) }"), allow_unplanned=True)
    assert "on drawn inputs" in text


def test_an_input_of_open_shape():
    assert "plan with --bind" in fails(model("g (float[n] x) => (y) { y = Neg(x) }"), allow_unplanned=True)


def test_without_onnx_runtime(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert "'onnxruntime>=" in fails(model("g (float[4] x) => (y) { y = Neg(x) }"), UsageError)
