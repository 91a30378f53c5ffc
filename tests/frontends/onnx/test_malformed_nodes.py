"""A node whose inputs or attributes do not match its operator gives one line that names it."""

import random

import pytest
from onnx import ModelProto, TensorProto, defs, helper
from tmpass.frontends.onnx.convert import convert
from tmpass.frontends.onnx.guard import naming

from tmpass.base.errors import ModelError, TmpassError, UnknownSizeError
from tmpass.graph.binding import bind

SCHEMAS = [schema for schema in defs.get_all_schemas() if schema.domain == "" and not schema.deprecated]
SHAPES = ([2, 3], [4], [], [0], ["n", 2], None, [1, 1, 4, 4])
NAMES = ("x", "z", "i", "s", "b", "w")


def attribute(rng: random.Random) -> object:
    """The value of an attribute, of any type."""
    tensor = helper.make_tensor("t", TensorProto.INT64, [1], [2**40])
    return rng.choice([3, -1, 0, 7, -9, [1, 2], [0, -5, 9], "x", "", 1.5, float("nan"), [0.5], ["a", "b"], tensor])


def drawn(rng: random.Random) -> ModelProto:
    """A model of one node of any operator, read by operators that compute shapes from shapes."""
    schema = rng.choice(SCHEMAS)
    few = rng.random() < 0.2
    most = max(schema.min_input, min(schema.max_input, 7))
    inputs = [rng.choice(NAMES) for _ in range(rng.randint(0 if few else schema.min_input, most))]
    outputs = [
        f"o{n}" for n in range(rng.randint(schema.min_output, max(schema.min_output, min(schema.max_output, 4))))
    ]
    node = helper.make_node(schema.name, inputs, outputs)
    for name in sorted(schema.attributes):
        if rng.random() < 0.6:
            node.attribute.append(helper.make_attribute(name, attribute(rng)))
    nodes = [node]
    last = outputs[0] if outputs else "x"
    if rng.random() < 0.5:
        nodes.append(helper.make_node("Shape", [last], ["q"]))
        nodes.append(helper.make_node("ConstantOfShape", ["q"], ["r"]))
    stored = [
        helper.make_tensor("i", TensorProto.INT64, [2], [1, -1]),
        helper.make_tensor("s", TensorProto.INT64, [], [2]),
        helper.make_tensor("b", TensorProto.BOOL, [], [1]),
        helper.make_tensor("w", TensorProto.FLOAT, [2, 2], [1, 2, 3, 4]),
    ]
    given = [
        helper.make_tensor_value_info("x", rng.choice([1, 7, 9]), rng.choice(SHAPES)),
        helper.make_tensor_value_info("z", 1, rng.choice(SHAPES)),
    ]
    result = helper.make_tensor_value_info(last, rng.choice([0, 1, 7]), rng.choice(SHAPES))
    graph = helper.make_graph(nodes, "g", given, [result], stored)
    opset = helper.make_opsetid("", rng.choice([7, 9, 11, 13, 17, 18, 21]))
    return helper.make_model(graph, opset_imports=[opset], ir_version=8)


@pytest.mark.parametrize("seed", range(8))
def test_a_drawn_node_is_planned_or_refused_in_one_line(seed):
    rng = random.Random(seed)
    ends = set()
    for _ in range(150):
        data = drawn(rng).SerializeToString()
        try:
            bind(convert(data, {}), {}, allow_unplanned=True)
            ends.add("planned")
        except TmpassError as error:
            ends.add(type(error).__name__ if str(error).isprintable() else str(error))
    assert ends <= {"planned", "ModelError", "UnknownSizeError"}
    assert ends >= {"planned", "ModelError"}


def test_an_accident_names_the_node_where_it_happened():
    node = helper.make_node("Gather", ["x"], ["y"], name="pick")
    with pytest.raises(ModelError) as error, naming(node, 3):
        node.input[1]
    assert str(error.value).startswith("node 3 'pick' (Gather): its inputs or attributes do not match Gather: list")


def test_what_is_an_error_already_stays_as_it_is():
    with pytest.raises(UnknownSizeError, match="as it is"), naming(helper.make_node("Relu", [], []), 0):
        raise UnknownSizeError("as it is", tensors=(), symbols=(), hint="")
