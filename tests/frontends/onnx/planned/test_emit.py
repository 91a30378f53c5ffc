"""A plan in an ONNX file: order of the nodes, offsets in the metadata, and every other byte as before."""

import onnx
import pytest
from onnx import ModelProto, TensorProto, checker, helper, parser
from tmpass.frontends import onnx as frontend
from tmpass.frontends.onnx.planned.emit import emit
from tmpass.frontends.onnx.planned.strip import strip

from tmpass.base.errors import ModelError

HEAD = '<ir_version: 10, opset_import: ["": 17]>'

TWO = "g (float[4] x) => (float[4] a, float[4] b) { a = Relu(x) b = Tanh(x) }"


def file(text, head=HEAD):
    return parser.parse_model(head + text).SerializeToString()


def planned(data, orders=None, offsets=None, bindings=None, plan="{}"):
    """`data` with a plan in it: in file order where no other is given, and each tensor at its own number times 100."""
    graph = frontend.load(data, bindings or {})
    orders = orders or [range(len(s.ops)) for s in graph.subgraphs]
    offsets = offsets or [[100 * t for t in range(len(s.tensors))] for s in graph.subgraphs]
    made = emit(data, orders, offsets, plan, bindings)
    assert strip(made) == data
    assert emit(made, orders, offsets, plan, bindings) == made
    assert frontend.apply(data, orders, offsets, keeps_offsets=False, bindings=bindings or {}, plan=plan) == made
    return onnx.load_model_from_string(made)


def props(message):
    return {entry.key: entry.value for entry in message.metadata_props if entry.key.startswith("tmpass.")}


def offsets_of(graph):
    """Name -> offset, from the value_infos of `graph`, and from its nodes."""
    values = {v.name: int(props(v)["tmpass.offset"]) for v in values_of(graph) if props(v)}
    nodes = {}
    for node in graph.node:
        told = props(node).get("tmpass.offset", "").split() or ["-"] * len(node.output)
        nodes |= {name: int(place) for name, place in zip(node.output, told, strict=True) if place != "-"}
    return values, nodes


def values_of(graph):
    return (*graph.input, *graph.output, *graph.value_info)


def test_offsets_are_on_every_value_and_on_the_node_that_makes_it():
    model = planned(file("g (float[4] x) => (float[4] y) { a = Relu(x) y = Tanh(a) }"))
    values, nodes = offsets_of(model.graph)
    assert values == {"x": 0, "a": 100, "y": 200}
    assert nodes == {"a": 100, "y": 200}
    (added,) = model.graph.value_info
    assert (added.name, added.type.tensor_type.elem_type) == ("a", TensorProto.FLOAT)
    assert [dim.dim_value for dim in added.type.tensor_type.shape.dim] == [4]


def test_a_value_without_an_offset_has_none_and_a_node_says_which_outputs_have():
    data = file("g (float[4] x) => (float[2] v, int64[2] i) <int64[1] k = {2}> { v, i = TopK(x, k) }")
    tensors = [t.name for t in frontend.load(data, {}).subgraphs[0].tensors]
    places = [[64 if name == "i" else -1 for name in tensors]]
    model = planned(data, offsets=places)
    assert props(model.graph.node[0]) == {"tmpass.offset": "- 64"}
    assert offsets_of(model.graph) == ({"i": 64}, {"i": 64})


def test_the_plan_is_on_the_model():
    assert props(planned(file(TWO), plan='{"schema": "é"}'))["tmpass.plan"] == '{"schema": "é"}'


def test_nodes_stand_in_the_planned_order():
    model = planned(file(TWO), orders=[[1, 0]])
    assert [node.op_type for node in model.graph.node] == ["Tanh", "Relu"]
    assert props(model.graph) == {"tmpass.order": "1 0"}
    assert props(planned(file(TWO), orders=[[0, 1]]).graph) == {}


def test_what_is_folded_stands_before_its_first_reader():
    text = """g (float[4] x) => (float[4] a, float[4] b) <float[4] w = {1, 2, 3, 4}> {
        c = Neg(w)  a = Add(x, c)  d = Neg(c)  e = Neg(w)  b = Mul(x, d)  unread = Abs(w) }"""
    model = planned(file(text), orders=[[1, 0]])
    assert [node.output[0] for node in model.graph.node] == ["c", "d", "b", "a", "e", "unread"]
    checker.check_model(model, full_check=True)


BODIES = """g (float[4] x, bool p) => (float[4] y) {
    y = If (p) <then_branch = t () => (float[4] r) { a = Relu(x) b = Tanh(x) r = Add(a, b) },
                else_branch = e () => (float[4] s) { s = Neg(x) }>
}"""


def test_bodies_are_put_in_order_too():
    data = file(BODIES)
    graph = frontend.load(data, {})
    orders = [[1, 0, 2] if s.name == "t" else list(range(len(s.ops))) for s in graph.subgraphs]
    model = planned(data, orders=orders)
    branches = {a.name: a.g for a in model.graph.node[0].attribute}
    assert [node.op_type for node in branches["then_branch"].node] == ["Tanh", "Relu", "Add"]
    assert props(branches["then_branch"]) == {"tmpass.order": "1 0 2"}
    for s in graph.subgraphs[1:]:
        role = "then_branch" if s.name == "t" else "else_branch"
        own = {t.name: 100 * i for i, t in enumerate(s.tensors) if t.captures is None}
        assert offsets_of(branches[role])[0] == offsets_of(branches[role])[1] == own
    checker.check_model(model, full_check=True)


def test_a_branch_that_is_never_taken_stays_as_it_is():
    text = BODIES.replace(", bool p)", ")").replace("(float[4] y) {", "(float[4] y) <bool p = {1}> {")
    model = planned(file(text))
    branches = {a.name: a.g for a in model.graph.node[0].attribute}
    assert offsets_of(branches["else_branch"]) == ({}, {})
    assert offsets_of(branches["then_branch"])[0]


@pytest.mark.parametrize(("version", "wanted"), [(3, 10), (7, 10), (9, 10), (10, 10), (11, 11)])
def test_the_ir_version_is_raised_only_where_it_must(version, wanted):
    model = planned(file(TWO, f'<ir_version: {version}, opset_import: ["": 8]>'))
    assert model.ir_version == wanted
    checker.check_model(model)


def test_what_an_old_file_stores_stays_constant():
    text = "g (float[4] x, float[4] w) => (float[4] y) <float[4] w = {1, 2, 3, 4}> { y = Add(x, w) }"
    model = planned(file(text, '<ir_version: 3, opset_import: ["": 8]>'))
    assert [value.name for value in model.graph.input] == ["x"]
    assert [value.name for value in model.graph.value_info] == ["w"]
    newer = planned(file(text, '<ir_version: 4, opset_import: ["": 8]>'))
    assert [value.name for value in newer.graph.input] == ["x", "w"]


def test_an_ir_version_without_room_is_refused():
    with pytest.raises(ModelError, match="IR version 2"):
        planned(file(TWO, "<ir_version: 2>"))


def test_weights_in_other_files_stay_there():
    model = parser.parse_model(HEAD + "g (float[4] x) => (float[4] y) <float[4] w = {1, 2, 3, 4}> { y = Add(x, w) }")
    weight = model.graph.initializer[0]
    weight.ClearField("float_data")
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "weights.bin"), ("offset", "4096"), ("length", "16")):
        weight.external_data.add(key=key, value=value)
    made = planned(model.SerializeToString())
    assert made.graph.initializer[0] == weight


def test_what_onnx_does_not_know_stays_as_well():
    data = file(TWO)
    unknown = b"\xfa\x7f\x03abc"
    orders, offsets = [[0, 1]], [[0, 1, 2]]
    assert unknown in emit(data + unknown, orders, offsets, "{}")
    assert strip(emit(data + unknown, orders, offsets, "{}")) == data + unknown


def test_metadata_of_others_stays():
    model = parser.parse_model(HEAD + TWO)
    model.metadata_props.add(key="author", value="me")
    model.graph.node[0].metadata_props.add(key="pkg.note", value="tmpass.offset")
    made = planned(model.SerializeToString())
    assert made.metadata_props[0].key == "author"
    assert [e.key for e in made.graph.node[0].metadata_props] == ["pkg.note", "tmpass.offset"]


def test_dimensions_that_were_bound_are_not_written_into_the_file():
    data = file("g (float[n] x) => (float[n] y) { a = Relu(x) y = Tanh(a) }")
    (added,) = planned(data, bindings={"n": 8}).graph.value_info
    assert not added.type.tensor_type.HasField("shape")


FUNCTION = (
    HEAD
    + """
g (float[4] x) => (float[4] a, float[4] b) { m = local.twice(x)  a = Relu(m)  b = Tanh(m) }
<domain: "local", opset_import: ["": 17]> twice (t) => (r) { s = Neg(t) r = Neg(s) }
"""
)


def test_local_functions_keep_their_calls():
    data = parser.parse_model(
        FUNCTION.replace("10, opset_import: [", '10, opset_import: ["local": 1, ')
    ).SerializeToString()
    model = planned(data)
    assert [node.op_type for node in model.graph.node] == ["twice", "Relu", "Tanh"]
    assert set(offsets_of(model.graph)[1]) == {"m", "a", "b"}
    moved = planned(data, orders=[[0, 1, 3, 2]])  # which takes the nodes out of them
    assert [node.op_type for node in moved.graph.node] == ["Neg", "Neg", "Tanh", "Relu"]


def test_a_graph_that_is_stored_in_pieces_is_refused():
    data = file(TWO)
    piece = ModelProto(graph=helper.make_graph([], "g", [], [])).SerializeToString()
    with pytest.raises(ModelError, match="its graph is stored 2 times"):
        emit(data + piece, [[0, 1]], [[0, 1, 2]], "{}")


def test_a_file_without_an_ir_version_is_told_how_to_get_one():
    model = ModelProto.FromString(file(TWO))
    model.ClearField("ir_version")
    data = model.SerializeToString()
    assert frontend.load(data, {})
    with pytest.raises(ModelError, match=r"it has no ir_version, .*; load it with onnx, set model\.ir_version, for"):
        emit(data, [[0, 1]], [[0, 1, 2]], "{}")


def test_a_file_whose_initializers_are_not_listed_below_ir_version_4():
    data = file(
        "g (float[1, 2, 8, 8] x) => (y) <float[3, 2, 3, 3] w> { y = Conv(x, w) }",
        '<ir_version: 3, opset_import: ["": 7]>',
    )
    model = ModelProto.FromString(data)
    del model.graph.input[1:]
    del model.graph.initializer[:]
    model.graph.initializer.append(helper.make_tensor("w", TensorProto.FLOAT, [3, 2, 3, 3], [0.0] * 54))
    made = planned(model.SerializeToString())
    assert [value.name for value in made.graph.input] == ["x"]
