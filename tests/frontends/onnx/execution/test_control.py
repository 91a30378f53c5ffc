"""Bodies of If, Loop and Scan run operator by operator, in the bytes that the plan gives their tensors."""

from dataclasses import replace

import pytest
from onnx import TensorProto, helper, parser

import tmpass
from tmpass.api.execute import execute

pytest.importorskip("onnxruntime")

HEAD = '<ir_version: 8, opset_import: ["": 17]>'


def model(text):
    return parser.parse_model(HEAD + text)


def run(proto):
    done = execute(tmpass.plan(proto), proto)
    assert (done.violations, done.notes) == ((), ())
    return done


def value(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def test_both_branches_run_in_one_run_or_another():
    done = run(
        model(
            "g (bool c, float[2, 3] x, float[2, 3] y) => (z) { z = If (c) "
            "<then_branch = t () => (float[2, 3] a) { a = Add(x, y) }, "
            "else_branch = e () => (float[2, 3] b) { n = Neg(x) b = Mul(n, y) }> }"
        )
    )
    assert (done.unreached, done.steps) == ((), 2 + 3)


def test_branches_in_branches_capture_through_them():
    inner = (
        "If (d) <then_branch = tt () => (float[2] aa) { aa = Relu(x) }, "
        "else_branch = te () => (float[2] ab) { ab = Add(x, w) }>"
    )
    done = run(
        model(
            "g (bool c, bool d, float[2] x) => (z) <float[2] w = {1, 2}> { z = If (c) "
            f"<then_branch = t () => (float[2] a) {{ a = {inner} }}, "
            "else_branch = e () => (float[2] b) { b = Neg(x) }> }"
        )
    )
    assert len(done.unreached) <= 1


def loop(nodes, *, carried, more=(), trip="m", going="c"):
    """A Loop that carries `carried` floats [2], and stacks `more` outputs of its body."""
    names = [f"v{i}" for i in range(carried)]
    results = [f"r{i}" for i in range(carried)]
    body = helper.make_graph(
        nodes,
        "body",
        [value("i", [], TensorProto.INT64), value("go", [], TensorProto.BOOL), *(value(n, [2]) for n in names)],
        [value("on", [], TensorProto.BOOL), *(value(n, [2]) for n in (*results, *more))],
    )
    outputs = [f"o{i}" for i in range(carried + len(more))]
    node = helper.make_node("Loop", [trip, going, *(f"x{i}" for i in range(carried))], outputs, body=body)
    inputs = [value(f"x{i}", [2]) for i in range(carried)]
    inputs += [value("m", [], TensorProto.INT64), value("c", [], TensorProto.BOOL), value("w", [2])]
    graph = helper.make_graph(
        [node],
        "g",
        inputs,
        [value(n, [2] if i < carried else ["trips", 2]) for i, n in enumerate(outputs)],
    )
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])


def node(kind, inputs, *outputs, **more):
    return helper.make_node(kind, inputs, list(outputs), **more)


GO = node("Identity", ["go"], "on")


def run_open(proto):
    done = execute(tmpass.plan(proto, allow_unplanned=True), proto)
    assert (done.violations, done.notes) == ((), ())
    return done


def test_a_loop_that_swaps_what_it_carries_and_captures():
    nodes = [GO, node("Add", ["v1", "w"], "r0"), node("Neg", ["v0"], "r1")]
    assert run(loop(nodes, carried=2)).unreached == ()


def test_a_loop_that_hands_on_its_inputs_swapped():
    proto = loop([GO, node("Identity", ["v0"], "r0")], carried=2)
    body = proto.graph.node[0].attribute[0].g
    body.output[1].name, body.output[2].name = "v1", "v0"
    run(proto)


LONG_BODIES = {
    "swapped": [GO, node("Add", ["v1", "w"], "r0"), node("Neg", ["v0"], "s"), node("Sin", ["s"], "r1")],
    "the last made first": [GO, node("Neg", ["v1"], "r0"), node("Add", ["v0", "w"], "s"), node("Cos", ["s"], "r1")],
    "handed on": [GO, node("Identity", ["v1"], "r0"), node("Add", ["v0", "v1"], "s"), node("Sin", ["s"], "r1")],
}


@pytest.mark.parametrize("nodes", LONG_BODIES.values(), ids=LONG_BODIES)
def test_where_loops_copy_by_way_of_their_outputs_both_verifiers_say_the_same(nodes):
    proto = loop(nodes, carried=2)
    made = tmpass.plan(proto, "tflm")
    assert tmpass.verify(made, proto, target="tflm") == ()
    done = execute(made, proto)
    assert (done.violations, done.notes, done.unreached) == ((), (), ())
    assert execute(tmpass.plan(proto), proto).violations == ()


def test_where_loops_copy_nothing_may_stand_where_their_values_wait():
    proto = loop(LONG_BODIES["swapped"], carried=2)
    made = tmpass.plan(proto, "tflm")
    row = {t.name: t for t in made.tensors}
    for moving, onto in (("s", "o0"), ("s", "o1"), ("r0", "o1"), ("v1", "o0")):
        tensors = tuple(replace(t, offset=row[onto].offset) if t.name == moving else t for t in made.tensors)
        buffers = tuple(replace(b, offset=row[onto].offset) if b.id == row[moving].buffer else b for b in made.buffers)
        wrong = replace(made, tensors=tensors, buffers=buffers)
        assert tmpass.verify(wrong, proto), (moving, onto)
        assert execute(wrong, proto).violations, (moving, onto)


def test_a_loop_that_piles_up_and_may_not_run_at_all():
    nodes = [GO, node("Add", ["v0", "w"], "r0"), node("Neg", ["v0"], "each")]
    assert run_open(loop(nodes, carried=1, more=["each"])).unreached == ()


def test_a_loop_that_ends_itself():
    nodes = [
        node("ReduceSum", ["v0"], "sum", keepdims=0),
        node("Constant", [], "limit", value_float=40.0),
        node("Abs", ["sum"], "size"),
        node("Less", ["size", "limit"], "on"),
        node("Add", ["v0", "v0"], "r0"),
    ]
    assert run(loop(nodes, carried=1, trip="")).steps > 8
    run(loop(nodes, carried=1, trip="", going=""))


def test_a_loop_that_counts_in_the_shape_that_its_body_declares():
    proto = loop([GO, node("Cast", ["i"], "f", to=1), node("Add", ["v0", "f"], "r0")], carried=1)
    body = proto.graph.node[0].attribute[0].g
    body.input[0].type.tensor_type.shape.dim.add(dim_value=1)
    run(proto)


def test_a_loop_over_a_sequence():
    seq = helper.make_tensor_sequence_value_info
    body = helper.make_graph(
        [GO, node("SequenceInsert", ["s", "w"], "longer")],
        "body",
        [value("i", [], TensorProto.INT64), value("go", [], TensorProto.BOOL), seq("s", TensorProto.FLOAT, None)],
        [value("on", [], TensorProto.BOOL), seq("longer", TensorProto.FLOAT, None)],
    )
    nodes = [
        node("SequenceConstruct", ["w"], "start"),
        node("Loop", ["m", "", "start"], "end", body=body),
        node("ConcatFromSequence", ["end"], "y", axis=0),
    ]
    inputs = [value("m", [], TensorProto.INT64), value("w", [2])]
    graph = helper.make_graph(nodes, "g", inputs, [value("y", ["n"]), seq("end", TensorProto.FLOAT, None)])
    run_open(helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)]))


def test_a_sequence_map_runs_as_one_node():
    body = helper.make_graph([node("Add", ["e", "w"], "r")], "body", [value("e", [2])], [value("r", [2])])
    nodes = [
        node("SequenceConstruct", ["w", "w"], "s"),
        node("SequenceMap", ["s"], "t", body=body),
        node("SequenceAt", ["t", "one"], "y"),
    ]
    one = helper.make_tensor("one", TensorProto.INT64, [], [1])
    graph = helper.make_graph(nodes, "g", [value("w", [2])], [value("y", [2])], [one])
    proto = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
    done = run_open(proto)
    assert (len(done.unreached), done.steps % 3) == (1, 0)


def scan(attributes, shapes, outputs):
    body = helper.make_graph(
        [node("Add", ["s", "a"], "t"), node("Mul", ["a", "b"], "p"), node("Identity", ["t"], "q")],
        "body",
        [value("s", [2]), value("a", [2]), value("b", [2])],
        [value("t", [2]), value("p", [2]), value("q", [2])],
    )
    made = node("Scan", ["x", "y", "z"], "end", "u", "v", body=body, num_scan_inputs=2, **attributes)
    inputs = [value("x", [2]), *(value(n, shape) for n, shape in zip("yz", shapes, strict=True))]
    results = [value("end", [2]), *(value(n, shape) for n, shape in zip("uv", outputs, strict=True))]
    graph = helper.make_graph([made], "g", inputs, results)
    return helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])


@pytest.mark.parametrize(
    ("attributes", "shapes", "outputs"),
    [
        ({}, ([5, 2], [5, 2]), ([5, 2], [5, 2])),
        ({"scan_input_axes": [1, 0]}, ([2, 5], [5, 2]), ([5, 2], [5, 2])),
        ({"scan_input_axes": [-1, 0], "scan_output_axes": [1, -1]}, ([2, 5], [5, 2]), ([2, 5], [2, 5])),
        ({"scan_input_directions": [1, 0], "scan_output_directions": [0, 1]}, ([5, 2], [5, 2]), ([5, 2], [5, 2])),
    ],
)
def test_scans_along_any_axis_in_any_direction(attributes, shapes, outputs):
    done = run(scan(attributes, shapes, outputs))
    assert (done.unreached, done.steps) == ((), 1 + 5 * 3)


def test_a_wrong_offset_inside_a_scan_is_caught():
    proto = scan({}, ([5, 2], [5, 2]), ([5, 2], [5, 2]))
    made = tmpass.plan(proto)
    row = {t.name: t for t in made.tensors}
    for moving, onto in (("p", "t"), ("t", "p"), ("q", "v"), ("a", "y"), ("s", "a")):
        tensors = tuple(replace(t, offset=row[onto].offset) if t.name == moving else t for t in made.tensors)
        found = execute(replace(made, tensors=tensors), proto).violations
        assert found, (moving, onto)
        assert found[0].kind == "overwritten"
