"""Bodies become subgraphs, outer names are captured, and shapes are inferred through bodies."""

from onnx import AttributeProto, helper, parser
from tmpass.frontends import onnx as frontend

HEAD = '<ir_version: 8, opset_import: ["": 17, "x": 1]>'


def load(text, **bindings):
    return frontend.load(parser.parse_model(HEAD + text).SerializeToString(), bindings)


def shape(graph, name, number=0):
    return next(t.shape for t in graph.subgraphs[number].tensors if t.name == name)


IF = (
    "g (bool c, float[2, 3] x, float[2, 3] y) => (z) { z = If (c) <then_branch = t () => (a) { a = Add(x, y) }, "
    "else_branch = e () => (b) { n = Neg(x) b = Mul(n, x) }> }"
)


def test_branches_are_subgraphs_that_capture_what_they_read():
    graph = load(IF)
    (op,) = graph.subgraphs[0].ops
    assert [(c.role, c.subgraph, c.repeats) for c in op.calls] == [("then_branch", 1, False), ("else_branch", 2, False)]
    assert op.inputs == (0, 1, 2)
    then, other = graph.subgraphs[1:]
    assert [(t.name, str(t.kind), t.captures) for t in then.tensors] == [
        ("x", "capture", 1),
        ("y", "capture", 2),
        ("a", "activation", None),
    ]
    assert [(t.name, t.captures) for t in other.tensors] == [("x", 1), ("n", None), ("b", None)]
    assert (then.inputs, then.outputs) == ((), (2,))


def test_a_captured_tensor_is_an_input_once():
    graph = load(
        "g (bool c, float[2] x) => (z) { z = If (c) <then_branch = t () => (bool a) { a = Not(c) }, "
        "else_branch = e () => (bool b) { b = Identity(c) }> }"
    )
    assert graph.subgraphs[0].ops[0].inputs == (0,)


def test_captures_chain_through_the_bodies_between():
    graph = load(
        "g (bool c, float[2] x) => (z) { z = If (c) <then_branch = t () => (float[2] a) { a = If (c) "
        "<then_branch = tt () => (float[2] aa) { aa = Relu(x) }, "
        "else_branch = te () => (float[2] ab) { ab = Neg(x) }> }, "
        "else_branch = e () => (float[2] b) { b = Neg(x) }> }"
    )
    outer = graph.subgraphs[1]
    assert [(t.name, t.captures) for t in outer.tensors] == [("c", 0), ("x", 1), ("a", None)]
    assert outer.ops[0].inputs == (0, 1)
    assert [s.name for s in graph.subgraphs] == ["g", "t", "tt", "te", "e"]
    assert [(t.name, t.captures) for t in graph.subgraphs[2].tensors] == [("x", 1), ("aa", None)]


def test_a_captured_constant_is_a_constant_of_the_body():
    graph = load(
        "g (bool c, float[2] x) => (z) <float[2] w = {1, 2}> { z = If (c) <then_branch = t () => (float[2] a) "
        "{ a = Add(x, w) }, else_branch = e () => (float[2] b) { b = Neg(x) }> }"
    )
    assert [(t.name, str(t.kind)) for t in graph.subgraphs[1].tensors] == [
        ("x", "capture"),
        ("w", "constant"),
        ("a", "activation"),
    ]
    assert graph.subgraphs[0].ops[0].inputs == (0, 1)


def test_a_body_may_return_what_it_captures():
    model = parser.parse_model(HEAD + IF)
    then = model.graph.node[0].attribute[0].g
    del then.node[:]
    then.output[0].name = "y"
    body = frontend.load(model.SerializeToString(), {}).subgraphs[1]
    assert [(body.tensors[i].name, str(body.tensors[i].kind)) for i in body.outputs] == [("y", "capture")]


def test_branches_that_agree_give_their_shape():
    assert shape(load(IF), "z") == (2, 3)


def test_branches_that_differ_leave_the_dimension_open():
    graph = load(
        "g (bool c, float[2, 3] x) => (z) { z = If (c) <then_branch = t () => (a) { a = Relu(x) }, "
        "else_branch = e () => (b) { b = Concat <axis = 0> (x, x) }> }"
    )
    assert shape(graph, "z") == ("z:0", 3)


def test_a_branch_that_the_shapes_rule_out_is_not_called():
    text = (
        "g (float[N, 3] x) => (z) <int64 zero = {0}, int64 one = {1}, int64[1] axes = {0}> "
        "{ s = Shape(x) n = Gather(s, zero) c = Equal(n, one) z = If (c) "
        "<then_branch = t () => (a) { a = Squeeze(x, axes) }, else_branch = e () => (b) { b = Identity(x) }> }"
    )
    assert [c.role for c in load(text).subgraphs[0].ops[-1].calls] == ["then_branch", "else_branch"]
    one, four = load(text, N=1), load(text, N=4)
    assert [c.role for c in one.subgraphs[0].ops[-1].calls] == ["then_branch"]
    assert shape(one, "z") == (3,)
    assert [c.role for c in four.subgraphs[0].ops[-1].calls] == ["else_branch"]
    assert shape(four, "z") == (4, 3)


LOOP = (
    "g (float[2, 3] x, float[3] w, bool go) => (z, s) <int64 m = {{5}}> {{ z, s = Loop (m, {go}, x) <body = "
    "b (int64 i, bool k, float[] a) => (bool k2, float[] o, float[] p) {{ k2 = Identity(k) {step} p = Relu(o) }}> }}"
)


def loop(step, go='""'):
    model = parser.parse_model(HEAD + LOOP.format(step=step, go=go))
    for value in [*model.graph.node[0].attribute[0].g.input, *model.graph.node[0].attribute[0].g.output]:
        value.type.tensor_type.ClearField("shape")
    return frontend.load(model.SerializeToString(), {})


def test_a_loop_repeats_its_body():
    graph = loop("o = Add(a, w)")
    (op,) = graph.subgraphs[0].ops
    assert [(c.role, c.subgraph, c.repeats) for c in op.calls] == [("body", 1, True)]
    body = graph.subgraphs[1]
    assert [body.tensors[i].name for i in body.inputs] == ["i", "k", "a"]
    assert [body.tensors[i].name for i in body.outputs] == ["k2", "o", "p"]


def test_a_carried_value_keeps_the_shape_that_the_body_keeps():
    graph = loop("o = Add(a, w)")
    assert shape(graph, "a", 1) == shape(graph, "o", 1) == shape(graph, "z") == (2, 3)


def test_a_carried_value_that_grows_keeps_only_the_other_dimensions():
    graph = loop("o = Concat <axis = 0> (a, a)")
    assert shape(graph, "a", 1) == ("a:0", 3)
    assert shape(graph, "z") == ("z:0", 3)


def test_what_a_loop_piles_up_is_known_when_the_trips_are():
    assert shape(loop("o = Add(a, w)"), "s") == (5, 2, 3)
    assert shape(loop("o = Add(a, w)", go="go"), "s") == ("s:0", 2, 3)


def test_a_loop_that_decides_by_itself_when_to_end():
    graph = loop("o = Add(a, w)")
    model = parser.parse_model(HEAD + LOOP.format(step="o = Add(a, w)", go='""'))
    body = model.graph.node[0].attribute[0].g
    body.node[0].op_type = "Not"
    for value in [*body.input, *body.output]:
        value.type.tensor_type.ClearField("shape")
    assert shape(graph, "s") == (5, 2, 3)
    assert shape(frontend.load(model.SerializeToString(), {}), "s") == ("s:0", 2, 3)


def test_a_scan_gives_its_body_slices_and_piles_up_what_comes_out():
    graph = load(
        "g (float[4] h, float[7, 4] xs) => (z, ys) { z, ys = Scan <num_scan_inputs = 1, body = "
        "b (a, x) => (o, y) { o = Add(a, x) y = Concat <axis = 0> (o, x) }> (h, xs) }"
    )
    assert graph.subgraphs[0].ops[0].calls[0].repeats
    assert shape(graph, "x", 1) == (4,)
    assert (shape(graph, "z"), shape(graph, "ys")) == ((4,), (7, 8))


def test_a_scan_along_another_axis():
    graph = load(
        "g (float[4] h, float[4, 7] xs) => (z, ys) { z, ys = Scan <num_scan_inputs = 1, scan_input_axes = [-1], "
        "scan_output_axes = [1], body = b (a, x) => (o, y) { o = Add(a, x) y = Relu(o) }> (h, xs) }"
    )
    assert (shape(graph, "x", 1), shape(graph, "ys")) == ((4,), (4, 7))


def test_bodies_of_other_operators_may_repeat():
    node = helper.make_node("Custom", ["x"], ["y"], domain="x")
    body = parser.parse_graph("b () => (a) { a = Relu(x) }")
    node.attribute.append(AttributeProto(name="parts", type=AttributeProto.GRAPHS, graphs=[body, body]))
    model = parser.parse_model(HEAD + "g (float[2] x) => (float[2] y) { }")
    model.graph.node.append(node)
    (op,) = frontend.load(model.SerializeToString(), {}).subgraphs[0].ops
    assert [(c.role, c.repeats) for c in op.calls] == [("parts[0]", True), ("parts[1]", True)]


def test_loops_in_loops_end_though_each_must_be_swept_often():
    nodes = "o9 = Relu(a8)"
    for depth in reversed(range(9)):
        grow = f"o{depth}g = Concat <axis = {depth % 6}> (o{depth + 1}, o{depth + 1})"
        nodes = (
            f'o{depth} = Loop (m, "", x) <body = b{depth} (int64 i{depth}, bool k{depth}, float[] a{depth}) => '
            f"(bool l{depth}, float[] o{depth}g) {{ l{depth} = Identity(k{depth}) {nodes} {grow} }}>"
        )
    graph = load(f"g (float[1, 1, 1, 1, 1, 1] x, int64 m) => (o0) {{ {nodes} }}")
    assert len(graph.subgraphs) == 10


def test_a_branch_that_never_runs_is_not_called_however_complete_the_shapes_are():
    text = IF.replace("bool c, ", "").replace("(z) {", "(z) <bool c = {1}> {", 1)
    assert [s.name for s in load(text).subgraphs] == ["g", "t"]
