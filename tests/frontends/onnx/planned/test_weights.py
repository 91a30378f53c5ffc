"""The names of the files with weights, wherever the tensors are in the model."""

import onnx
from onnx import TensorProto, helper
from tmpass.frontends.onnx import other_files


def elsewhere(name, location):
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[4], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="offset", value="0")
    tensor.external_data.add(key="location", value=location)
    return tensor


def graph(nodes, weights=(), outputs=("y",)):
    made = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [4]) for name in outputs]
    return helper.make_graph(nodes, "g", [], made, initializer=weights)


def constant(location, output="c"):
    return helper.make_node("Constant", [], [output], value=elsewhere("", location))


def test_initializers_constants_bodies_and_functions_each_file_once():
    then = graph([constant("then.bin", "y")])
    other = graph([helper.make_node("Identity", ["w"], ["y"])], [elsewhere("w", "else.bin")])
    nodes = [
        constant("constant.bin"),
        constant("weights.bin", "again"),
        helper.make_node("If", ["p"], ["y"], then_branch=then, else_branch=other),
    ]
    function = helper.make_function("own", "F", [], ["f"], [constant("function.bin", "f")], [])
    model = helper.make_model(graph(nodes, [elsewhere("v", "weights.bin")]), functions=[function])
    found = other_files(model.SerializeToString())
    assert set(found) == {"weights.bin", "constant.bin", "then.bin", "else.bin", "function.bin"}
    assert len(found) == 5


def test_what_only_reads_like_a_place_is_none():
    node = helper.make_node("Constant", [], ["y"], value=helper.make_tensor("location", TensorProto.FLOAT, [1], [0.0]))
    model = helper.make_model(graph([node]), doc_string="location")
    assert other_files(model.SerializeToString()) == ()
    assert other_files(onnx.ModelProto().SerializeToString()) == ()
