"""Values in another file are not read; an error says so where they would hold a shape."""

import pytest
from onnx import TensorProto, helper
from tmpass.frontends import onnx as frontend


def model(nodes, element=TensorProto.INT64):
    """X float[4], and `w` of one element in another file."""
    stored = helper.make_tensor("w", element, [1], [4])
    stored.ClearField("int64_data")
    stored.ClearField("float_data")
    stored.data_location = TensorProto.EXTERNAL
    stored.external_data.add(key="location", value="weights.bin")
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [4])
    made = helper.make_empty_tensor_value_info("y")
    graph = helper.make_graph(nodes, "g", [given], [made], initializer=[stored])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    return frontend.load(model.SerializeToString(), {})


@pytest.mark.parametrize("between", [[], ["Identity"], ["Cast", "Squeeze", "Unsqueeze"]])
def test_a_shape_in_another_file_is_the_cause_of_an_open_size(between):
    nodes, name = [], "w"
    for kind in between:
        axes = ["zero"] if "queeze" in kind else []
        more = {"to": TensorProto.INT64} if kind == "Cast" else {}
        nodes.append(helper.make_node(kind, [name, *axes], [f"{name}{kind}"], **more))
        name += kind
    zero = helper.make_node("Constant", [], ["zero"], value_ints=[0])
    graph = model([zero, *nodes, helper.make_node("Reshape", ["x", name], ["y"])])
    [(key, cause)] = graph.causes.items()
    assert graph.tensor(key).name == "y"
    assert cause == "the values of 'w' are in another file, which is not read"


def test_weights_in_another_file_are_no_cause():
    assert model([helper.make_node("Add", ["x", "w"], ["y"])], TensorProto.FLOAT).causes == {}
