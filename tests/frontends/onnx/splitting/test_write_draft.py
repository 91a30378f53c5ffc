"""Files of drafts: pieces of initialisers, weights in other files, old IR versions, and names."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from support.onnx_sessions import common_names, drawn_inputs, run_onnx, unequal
from support.onnx_split_models import onnx_bottleneck
from support.split_draws import net_of, written

import tmpass
from tmpass.base.errors import ModelError
from tmpass.splitting.along import Along
from tmpass.splitting.make_draft import make_draft
from tmpass.splitting.stage import Stage

CHANNELS = Stage(0, 2, Along.CHANNELS, (0, 20, 48))
ROWS = Stage(0, 2, Along.ROWS, (0, 7, 16))


def split(data, stage):
    net = net_of(data)
    return written(data, net, make_draft(net, [stage]))


def changed(change):
    model = onnx.load_model_from_string(onnx_bottleneck())
    change(model)
    return model.SerializeToString(deterministic=True)


def test_pieces_have_the_bytes_of_their_filters_and_the_whole_is_left_out():
    data = onnx_bottleneck()
    before, after = (
        {t.name: numpy_helper.to_array(t) for t in onnx.load_model_from_string(d).graph.initializer}
        for d in (data, split(data, CHANNELS))
    )
    whole = next(name for name, value in before.items() if value.shape == (48, 4, 1, 1))
    assert whole not in after
    assert np.array_equal(np.concatenate([after[f"{whole}/0-20"], after[f"{whole}/20-48"]]), before[whole])


def test_weights_in_another_file_are_cut_by_their_place(tmp_path):
    pytest.importorskip("onnxruntime")
    model = onnx.load_model_from_string(onnx_bottleneck())
    path = tmp_path / "model.onnx"
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    data = path.read_bytes()
    assert sum(t.data_location == TensorProto.EXTERNAL for t in onnx.load_model_from_string(data).graph.initializer)
    made = split(data, CHANNELS)
    assert tmpass.verify_split(made, data) == []
    (tmp_path / "split.onnx").write_bytes(made)
    loaded = onnx.load(tmp_path / "split.onnx").SerializeToString()
    inside = onnx_bottleneck()
    names, inputs = common_names(inside, loaded), drawn_inputs(inside, 0)
    assert unequal(run_onnx(inside, names, inputs), run_onnx(loaded, names, inputs)) == []
    wrong = onnx.load_model_from_string(made)
    entry = next(e for t in wrong.graph.initializer for e in t.external_data if e.key == "offset" and e.value != "0")
    entry.value = str(int(entry.value) + 4)
    assert tmpass.verify_split(wrong.SerializeToString(), data)


def test_initialisers_that_had_to_be_inputs_are_none_any_more():
    def list_all(model):
        model.ir_version, model.opset_import[0].version = 3, 9
        for tensor in model.graph.initializer:
            model.graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))

    data = changed(list_all)
    made = onnx.load_model_from_string(split(data, CHANNELS))
    assert (made.ir_version, [value.name for value in made.graph.input]) == (4, ["t0"])
    assert tmpass.verify_split(made.SerializeToString(), data) == []


def test_names_that_are_taken_get_an_underscore():
    first = onnx.load_model_from_string(split(onnx_bottleneck(), ROWS))
    taken = first.graph.node[0].output[0]

    def take(model):
        model.graph.node.append(helper.make_node("Relu", ["t0"], [taken]))
        model.graph.output.append(helper.make_tensor_value_info(taken, TensorProto.FLOAT, None))

    data = changed(take)
    net = net_of(data)
    made = onnx.load_model_from_string(
        tmpass.frontends.onnx.write_draft(data, net.graph, make_draft(net, [ROWS]), None)  # type: ignore[attr-defined]
    )
    assert f"{taken}_" in [name for node in made.graph.node for name in node.output]
    assert tmpass.verify_split(made.SerializeToString(), data) == []


def test_the_types_of_new_tensors_are_listed_and_other_fields_stay():
    def describe(model):
        model.producer_name, model.graph.doc_string = "maker", "a graph"
        model.metadata_props.add(key="author", value="someone")

    made = onnx.load_model_from_string(split(changed(describe), ROWS))
    assert (made.producer_name, made.graph.doc_string) == ("maker", "a graph")
    assert [(p.key, p.value) for p in made.metadata_props] == [("author", "someone")]
    onnx.checker.check_model(made, full_check=True)
    listed = {value.name for value in made.graph.value_info}
    new = [node.output[0] for node in made.graph.node if "/r0_" in node.output[0]]
    assert new
    assert set(new) <= listed


def test_a_model_with_more_than_one_graph_is_refused_by_name():
    body = helper.make_graph([helper.make_node("Relu", ["t0"], ["r"])], "b", [], [onnx.ValueInfoProto(name="r")])

    def branch(model):
        model.graph.initializer.append(numpy_helper.from_array(np.array(True), "yes"))
        node = helper.make_node("If", ["yes"], ["branch"], name="choose", then_branch=body, else_branch=body)
        model.graph.node.append(node)
        model.graph.output.append(helper.make_tensor_value_info("branch", TensorProto.FLOAT, None))

    with pytest.raises(ModelError, match=r"'choose'.*runs a graph of its own"):
        tmpass.split(changed(branch), "pixel6-tpu")


def quantized():
    """The bottleneck with its first weights as integers behind a DequantizeLinear, one scale for each filter."""

    def quantize(model):
        first = next(node for node in model.graph.node if node.op_type == "Conv")
        stored = next(t for t in model.graph.initializer if t.name == first.input[1])
        values = numpy_helper.to_array(stored)
        rows = {
            "q": (values * 40).clip(-127, 127).astype("i1"),
            "s": np.linspace(0.01, 0.05, len(values), dtype="<f4"),
            "z": np.zeros(len(values), "i1"),
        }
        model.graph.initializer.remove(stored)
        model.graph.initializer.extend(numpy_helper.from_array(row, name) for name, row in rows.items())
        model.graph.node.insert(0, helper.make_node("DequantizeLinear", list(rows), [stored.name], axis=0))

    return changed(quantize)


def test_dequantized_weights_are_cut_with_their_scales():
    data = quantized()
    made = onnx.load_model_from_string(split(data, CHANNELS))
    shapes = {t.name: tuple(t.dims) for t in made.graph.initializer}
    assert (shapes["q/0-20"], shapes["s/20-48"], shapes["z/20-48"]) == ((20, 4, 1, 1), (28,), (28,))
    assert sum(node.op_type == "DequantizeLinear" for node in made.graph.node) == 2
    assert tmpass.verify_split(made.SerializeToString(), data) == []
    scales = next(t for t in made.graph.initializer if t.name == "s/0-20")
    scales.raw_data = scales.raw_data[4:8] + scales.raw_data[4:]
    assert tmpass.verify_split(made.SerializeToString(), data)


@pytest.mark.parametrize(
    ("kind", "how"), [("MaxPool", {}), ("AveragePool", {}), ("AveragePool", {"count_include_pad": 1})]
)
def test_a_pool_in_one_piece_is_written_without_ceil_mode(kind, how):
    """Its last window would begin behind the end: runtimes and ONNX's inference count it differently.

    Then a Mul of parts behind it, and of slices of what it makes, had two shapes for readers of the file.
    """
    sizes = {"x": [1, 3, 12, 9], "y": [1, 3, 4, 4]}
    pool = {"kernel_shape": [1, 3], "strides": [3, 3], "pads": [0, 2, 0, 2], "ceil_mode": 1, **how}
    nodes = [
        helper.make_node(kind, ["x"], ["p"], **pool),
        helper.make_node("Conv", ["p", "w"], ["c"]),
        helper.make_node("Mul", ["c", "p"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in sizes.items()]
    weights = numpy_helper.from_array(np.ones((3, 3, 1, 1), "f4"), "w")
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], [weights])
    data = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=8).SerializeToString()
    net = net_of(data)
    stages = [Stage(1, 1, Along.ROWS, (0, 1, 2, 4)), Stage(2, 2, Along.CHANNELS, (0, 1, 3))]
    made = written(data, net, make_draft(net, stages))
    assert tmpass.verify_split(made, data) == []
    onnx.shape_inference.infer_shapes(onnx.load_model_from_string(made), strict_mode=True)
    assert b"ceil_mode" in data
    assert b"ceil_mode" not in made
    pytest.importorskip("onnxruntime")
    names, inputs = common_names(data, made), drawn_inputs(data, 0)
    for optimised in (False, True):
        before, after = (run_onnx(one, names, inputs, optimised=optimised) for one in (data, made))
        assert unequal(before, after) == []
